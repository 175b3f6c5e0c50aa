//! Frame by frame, as a camera gives them.

use std::sync::Arc;

use image::RgbImage;

use super::follow::FollowerConfig;
use super::frame::Frame;
use super::recall::Recall;
use super::row::ReadFrame;
use super::smooth::FrameSmoother;
use super::watch::{Watch, decided};
use crate::face::FaceReader;
use crate::smoothing::TaskSmoothing;
use crate::{Error, Result};

/// Reads a video frame by frame, each answered before the next one comes: for cameras. A
/// [`VideoReader`](super::VideoReader) reads files in less time.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use countenance::data::image::RgbImage;
/// use countenance::face::FaceReader;
/// use countenance::video::{FollowerConfig, VideoSession};
///
/// # fn main() -> countenance::Result<()> {
/// let reader = Arc::new(FaceReader::load("model.safetensors", "yunet_n.pth")?);
/// let smoothing = "exponential:0.3".parse()?;
/// let mut session = VideoSession::new(reader, &FollowerConfig::new(), smoothing)?;
/// # let pictures = Vec::<(f64, RgbImage)>::new();
/// for (time, picture) in pictures {
///     for face in session.push(time, picture)?.faces {
///         println!("{time:.2} s, face {}: {:?}", face.id, face.prediction());
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct VideoSession {
    reader: Arc<FaceReader>,
    watch: Watch,
    recall: Recall,
    smoother: FrameSmoother,
    /// How many frames there were.
    frames: usize,
}

impl VideoSession {
    /// A session of a camera that begins.
    ///
    /// # Errors
    /// [`Error::Argument`] if the smoothing needs frames that come later, as a Gaussian and a box do, or the model
    /// does, as one with a temporal head that is not causal; or a setting is outside its range.
    pub fn new(
        reader: Arc<FaceReader>,
        config: &FollowerConfig,
        smoothing: TaskSmoothing,
    ) -> Result<Self> {
        if smoothing.delay() > 0.0 {
            return Err(Error::argument(
                "the smoothing of a live video",
                "one that needs no later frames: off or exponential",
                smoothing,
            ));
        }
        let recall = Recall::new(reader.predictor());
        if recall.delay() > 0.0 {
            return Err(Error::argument(
                "the model of a live video",
                "one that needs no later frames: without a temporal head, or with one that is causal",
                format!(
                    "one that reads a frame with those of {} s behind it",
                    recall.delay()
                ),
            ));
        }
        Ok(Self {
            recall,
            reader,
            watch: Watch::new(config, None)?,
            smoother: FrameSmoother::new(smoothing)?,
            frames: 0,
        })
    }

    /// What is read in the next picture, which was taken at `time` in seconds.
    ///
    /// # Errors
    /// As [`Follower::follow`](super::Follower::follow); the frame then counts, and the session goes on.
    pub fn push(&mut self, time: f64, picture: RgbImage) -> Result<ReadFrame> {
        let number = self.frames;
        self.frames += 1;
        let frame = Frame { time, picture };
        let frame = self.watch.watch(&self.reader, number, frame)?;
        let mut frames = self.recall.read(&self.reader, vec![frame])?;
        let frame = frames.pop().expect("one for one");
        let mut smoothed = self.smoother.push(frame)?;
        let frame = smoothed.pop().expect("smoothing without delay");
        Ok(decided(&self.reader, frame))
    }
}
