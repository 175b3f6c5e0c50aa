//! What networks say of images.

use crate::Error;
use crate::calibrate::ScoreTable;

/// What each network of a [`Predictor`](super::Predictor) says of images.
#[derive(Debug)]
pub struct ScoredImages {
    /// A table of each of [`Predictor::members`](super::Predictor::members), with a row for each image; the row of one that cannot be
    /// read is empty.
    pub tables: Vec<ScoreTable>,
    /// Each image that could not be read, with its row and the reason.
    pub unreadable: Vec<(usize, Error)>,
}
