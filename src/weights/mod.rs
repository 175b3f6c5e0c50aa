//! Weights in and out of files: the strict assignment that every importer ends in, and the crate's
//! own file.

mod assign;
pub mod native;
mod report;

pub use assign::{assign, collect};
pub use report::{ImportReport, WrongKind, WrongShape};
