//! From a video to the scores of each face in each frame.
//!
//! Frames come from anywhere, as an iterator of [`Frame`]s: each is a time and a picture.

mod frame;
mod row;

pub use frame::Frame;
pub use row::{ReadFrame, TrackedFace};
