//! Networks fused for inference.

mod backbone;
mod head;

pub(crate) use backbone::{Cache, features, profile};
pub(crate) use head::action_units;
