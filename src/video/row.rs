//! What was read in one frame.

use std::sync::Arc;

use image::RgbImage;

use crate::Result;
use crate::face::Detection;
use crate::predict::Prediction;

/// A frame with the faces in it.
#[derive(Debug)]
pub struct ReadFrame {
    /// The number of the frame, from 0.
    pub number: usize,
    /// Seconds of the stream.
    pub time: f64,
    /// The picture.
    pub picture: Arc<RgbImage>,
    /// Its faces, by their [`id`](TrackedFace::id); a frame may have none.
    pub faces: Vec<TrackedFace>,
}

/// A face of a frame, and whose it is.
#[derive(Debug)]
pub struct TrackedFace {
    /// The same for the same person as long as they are in view, and after short occlusions; from 0, in
    /// the order in which people were first seen.
    pub id: usize,
    /// Where it is, and how certainly.
    pub detection: Detection,
    /// What the model reads from this frame alone, or why nothing.
    pub raw: Result<Prediction>,
    /// The same smoothed over time; `None` where nothing is smoothed or nothing was read.
    pub smoothed: Option<Prediction>,
}

impl TrackedFace {
    /// What to go by: the smoothed scores if there are any, otherwise those of this frame alone.
    ///
    /// # Errors
    /// Why nothing was read.
    pub fn prediction(&self) -> std::result::Result<&Prediction, &crate::Error> {
        match &self.smoothed {
            Some(smoothed) => Ok(smoothed),
            None => self.raw.as_ref(),
        }
    }
}
