//! What inference and training share of a convolution: its padding, and its inner loop over a row.

mod depthwise;
mod padding;

pub(crate) use depthwise::{Outputs, pack, sweep};
pub(crate) use padding::Padding;
