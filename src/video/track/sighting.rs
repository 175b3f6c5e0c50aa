//! A face as it is given to a tracker.

use super::look::Look;
use crate::face::Detection;

/// A face of a frame.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Where it is, and how certainly.
    pub detection: Detection,
    /// What it looks like, if that is known.
    pub look: Option<Look>,
}

impl From<Detection> for Sighting {
    /// Of a face of which nobody knows what it looks like.
    fn from(detection: Detection) -> Self {
        Self {
            detection,
            look: None,
        }
    }
}
