//! Pictures for people: scores drawn beside a face.

mod overlay;
pub(crate) mod text;

pub use overlay::{OverlayScores, overlay};
