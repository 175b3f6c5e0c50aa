//! Networks fused for inference.

mod backbone;
mod head;

pub(crate) use backbone::{Cached, features, profile};
pub(crate) use head::action_units;
