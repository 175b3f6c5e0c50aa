//! Weights in and out of files.
//!
//! Every import ends in [`assign`], which fills a module completely or not at all. Before it stand
//! [`Checkpoint`], which opens any supported container, and one file for each family of checkpoints
//! that says how its names are ours. [`native`] is the crate's own file.

mod assign;
mod backbone;
mod checkpoint;
mod digest;
mod layout;
pub mod native;
mod pickle;
mod report;
mod safetensors;
mod timm;

pub(crate) use assign::slots;
pub use assign::{assign, collect};
pub use backbone::load_backbone;
pub use checkpoint::Checkpoint;
pub use digest::digest;
pub use report::{ImportReport, WrongKind, WrongShape};
