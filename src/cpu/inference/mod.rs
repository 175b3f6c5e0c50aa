//! Networks fused for inference.

mod backbone;
mod cells;
mod fold;
mod head;
mod kept;
mod patches;

pub(crate) use backbone::{Cache, features, profile};
pub(crate) use cells::{CellCache, cells};
pub(crate) use head::action_units;
pub(crate) use patches::{PatchCache, patches};
