//! The settings of the stage of a temporal head.

use burn::config::Config;

use super::stage::{Means, Sampling, StageConfig};
use crate::temporal::TemporalConfig;
use crate::{Error, Result};

/// A temporal head over the features of videos' frames, and its training: behind that of the heads, together
/// with them, on windows of the training rows' videos.
///
/// An epoch shows about as many windows as the videos are windows long, each around a frame that was drawn
/// anew, which may stand anywhere in it; the losses are those of all labelled frames of a window. What is judged
/// is every labelled frame of the validation rows, each as the middle of its window, or its end where
/// the head is causal.
#[derive(Config, Debug)]
pub struct TemporalStageConfig {
    /// The head.
    #[config(default = "TemporalConfig::new()")]
    pub head: TemporalConfig,
    /// Frames a second of the videos, by which the numbers of frames become times; above 0 and at most
    /// 100,000.
    #[config(default = 30.0)]
    pub frame_rate: f64,
    /// The training itself; rows in a step are windows.
    #[config(default = "StageConfig::temporal()")]
    pub stage: StageConfig,
}

impl TemporalStageConfig {
    pub(super) fn check(&self) -> Result<()> {
        self.head.validate()?;
        if !(self.frame_rate > 0.0 && self.frame_rate <= 1e5) {
            let expected = "above 0, to 100000";
            let found = self.frame_rate;
            return Err(Error::argument("temporal.frame_rate", expected, found));
        }
        if self.stage.sampling == Sampling::Balanced {
            let expected = "Shuffled: windows are of many expressions";
            let found = "Balanced";
            return Err(Error::argument("temporal.stage.sampling", expected, found));
        }
        let means = Means {
            images: false,
            expressions: true,
            trained: true,
        };
        self.stage.check("temporal.stage", means)
    }
}
