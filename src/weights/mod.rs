//! Weights in and out of files.
//!
//! Every import ends in [`assign`], which fills a module completely or not at all. Before it stand
//! [`Checkpoint`], which opens any supported container, and one file for each family of checkpoints
//! that says how its names are ours. [`native`] is the crate's own file.

mod archive;
mod assign;
mod backbone;
mod checkpoint;
mod digest;
#[cfg(feature = "download")]
pub mod download;
mod export;
mod family;
mod hsemotion;
mod import;
mod layout;
mod locate;
mod mtl_abaw4;
pub mod native;
mod openface3;
mod pickle;
mod report;
mod safetensors;
mod timm;
mod unit_head;

pub(crate) use assign::slots;
pub use assign::{assign, collect};
pub use backbone::load_backbone;
pub use checkpoint::Checkpoint;
pub use digest::digest;
pub use export::{ExportTarget, export};
pub use family::Family;
pub use import::{Import, ImportOptions, import};
pub use locate::locate;
pub use report::{ImportReport, WrongKind, WrongShape};
