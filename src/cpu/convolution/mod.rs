//! What inference and training share of a convolution: its sizes, and its inner loop over a row.

mod depthwise;
mod padding;
mod shape;

pub(crate) use depthwise::{Outputs, pack, sweep};
#[cfg(test)]
pub(crate) use padding::Padding;
pub(crate) use shape::{BlockShape, Shape, Window};
