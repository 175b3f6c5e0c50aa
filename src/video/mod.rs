//! From a video to the scores of each face in each frame.
//!
//! Frames come from anywhere, as an iterator of [`Frame`]s: each is a time and a picture. [`Follower`] finds
//! the faces in them and whose they are, a [`FaceReader`](crate::face::FaceReader) reads each, and
//! [`FrameSmoother`] smooths every person's scores over time. [`VideoReader`] does all of it for a whole
//! video, [`VideoSession`] frame by frame.

#[cfg(feature = "video")]
mod ffmpeg;
mod folder;
mod follow;
mod frame;
mod reader;
mod row;
mod scene;
mod session;
mod smooth;
pub mod track;
mod watch;

#[cfg(feature = "video")]
pub use ffmpeg::{Ffmpeg, VideoFile, VideoFrames, VideoWriter};
pub use folder::{FolderFrames, FrameFolder};
pub use follow::{Follower, FollowerConfig};
pub use frame::Frame;
pub use reader::{ReadFrames, VideoReader};
pub use row::{ReadFrame, Still, TrackedFace};
pub use session::VideoSession;
pub use smooth::FrameSmoother;
