//! What was read in one frame.

use image::RgbImage;

use crate::face::Detection;
use crate::predict::Prediction;
use crate::{Error, Result};

/// A frame with the faces in it.
#[derive(Debug)]
pub struct ReadFrame {
    /// The number of the frame, from 0.
    pub number: usize,
    /// Seconds of the stream.
    pub time: f64,
    /// Its picture, where it was asked for.
    pub still: Option<Still>,
    /// Its faces, by their [`id`](TrackedFace::id); a frame may have none.
    pub faces: Vec<TrackedFace>,
}

/// The picture of a frame, as it is or smaller.
#[derive(Clone, Debug)]
pub struct Still {
    /// The picture.
    pub picture: RgbImage,
    /// Its length over the frame's, at most 1: what lengths in the frame are to be multiplied with to
    /// become lengths in the picture.
    pub scale: f32,
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
    pub fn prediction(&self) -> Result<&Prediction, &Error> {
        match &self.smoothed {
            Some(smoothed) => Ok(smoothed),
            None => self.raw.as_ref(),
        }
    }
}
