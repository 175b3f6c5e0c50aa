//! From a video to the scores of each face in each frame.
//!
//! Frames come from anywhere, as an iterator of [`Frame`]s: each is a time and a picture. [`Follower`] finds
//! the faces in them and whose they are, a [`FaceReader`](crate::face::FaceReader) reads each, and
//! [`FrameSmoother`] smooths every person's scores over time. [`VideoReader`] does all of it for a whole
//! video, [`VideoSession`] frame by frame.
//!
//! # Example
//! ```
//! use burn::tensor::Device;
//! use countenance::backbone::{EfficientNetConfig, Variant};
//! use countenance::data::image::RgbImage;
//! use countenance::face::yunet::YuNetConfig;
//! use countenance::face::{Detector, DetectorNetwork, FaceReader};
//! use countenance::network::NetworkConfig;
//! use countenance::predict::Predictor;
//! use countenance::video::{Frame, VideoReader};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("model.safetensors");
//!
//! // Any model and detector; these were never trained, and there is nobody in these frames.
//! let device = Device::default();
//! let backbone = EfficientNetConfig::new(Variant::Tiny);
//! let config = NetworkConfig::paper(backbone.feature_width()).with_backbone(Some(backbone.into()));
//! config.init(&device).save(&path)?;
//! let yunet = DetectorNetwork::YuNet(Box::new(YuNetConfig::new().init(&device)));
//! let detector = Detector::new(yunet, &device).with_confidence(1.0)?;
//! let reader = FaceReader::new(Predictor::load_on(&path, &device)?, detector)?;
//!
//! let frames = (0..5).map(|number| {
//!     let time = f64::from(number) / 25.0;
//!     Ok(Frame { time, picture: RgbImage::new(64, 48) })
//! });
//! let mut faceless = 0;
//! for frame in VideoReader::new(reader).read(frames)? {
//!     faceless += usize::from(frame?.faces.is_empty());
//! }
//! assert_eq!(faceless, 5);
//! # Ok::<(), countenance::Error>(())
//! ```

#[cfg(feature = "video")]
mod ffmpeg;
mod folder;
mod follow;
mod frame;
mod reader;
mod recall;
mod row;
mod scene;
mod session;
mod smooth;
pub mod track;
mod watch;

#[cfg(feature = "video")]
pub use ffmpeg::{Damage, Ffmpeg, VideoFile, VideoFrames, VideoWriter};
pub use folder::{FolderFrames, FrameFolder};
pub use follow::{Follower, FollowerConfig};
pub use frame::Frame;
pub use reader::{ReadFrames, VideoReader};
pub use row::{ReadFrame, Still, TrackedFace};
pub use session::VideoSession;
pub use smooth::FrameSmoother;
