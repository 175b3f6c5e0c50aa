//! The settings of a run that trains the challenge's baseline.

use burn::config::Config;

use super::stage::StageConfig;
use crate::backbone::VggConfig;

/// How the challenge's baseline is trained: a VGG's convolutions as they are, and behind them fully connected
/// layers on the cached maps, by the sum of the cross entropy of the expressions, the binary cross
/// entropy of the units, and one minus the mean of the coefficients of valence and arousal.
///
/// The maps of VGG-16 have 25,088 numbers an image, 100 kB: without mirrored images
/// ([`TrainConfig::flip`](super::TrainConfig::flip)) half as many are kept.
#[derive(Config, Debug)]
pub struct BaselineStageConfig {
    /// The convolutions where no weights are given: trained on the images' own labels first, as
    /// [`TrainConfig::backbone`](super::TrainConfig::backbone) says. Default: [`VggConfig::micro`].
    #[config(default = "VggConfig::micro()")]
    pub convolutions: VggConfig,
    /// Widths of the fully connected layers before the outputs, 1 to 4 of them; where they are those of the
    /// given weights they begin with these. Default: VGG's, twice 4096.
    #[config(default = "vec![4096; 2]")]
    pub hidden: Vec<usize>,
    /// Probability of dropout before each fully connected layer but the first, in [0, 1). Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// The training of the fully connected layers.
    #[config(default = "StageConfig::new()")]
    pub stage: StageConfig,
}

impl BaselineStageConfig {
    /// The settings for the synthetic set: small layers, which learn with AdamW.
    pub fn synthetic() -> Self {
        let stage = StageConfig::new().with_epochs(60).with_learning_rate(1e-3);
        Self::new()
            .with_hidden(vec![128; 2])
            .with_stage(stage.adamw())
    }
}
