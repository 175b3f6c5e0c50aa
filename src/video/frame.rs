//! One picture of a video.

use image::RgbImage;

/// A picture of a video, and when it is shown.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Seconds of the stream, finite; no frame's is before that of the one before it.
    pub time: f64,
    /// The picture as it is to be looked at, turned where the file says so.
    pub picture: RgbImage,
}
