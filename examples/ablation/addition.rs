//! The settings of what rows add to the paper's network.

use countenance::network::Coupling;
use countenance::temporal::TemporalForm;
use countenance::train::{
    BaselineStageConfig, MapHalf, MapTrainingConfig, MatchingConfig, Order, RateSource,
    TemporalStageConfig, TrainConfig,
};

/// The settings of every addition, whether a row has it or not.
pub struct Additions {
    pub baseline: BaselineStageConfig,
    pub matching: MatchingConfig,
    pub co_annotation: RateSource,
    temporal: TemporalStageConfig,
    map: MapTrainingConfig,
}

impl Additions {
    /// Takes the additions out of the settings: those that they have, and the defaults of the others. What is
    /// left is the paper's network, its tasks trained one after another.
    pub fn taken(mut config: TrainConfig) -> (TrainConfig, Self) {
        let baseline = config.baseline.take();
        let matching = config.matching.take();
        let co_annotation = config.co_annotation.take();
        let temporal = config.temporal.take();
        let map = config.map_head.take();
        let added = Self {
            baseline: baseline.unwrap_or_else(BaselineStageConfig::new),
            matching: matching.unwrap_or_else(MatchingConfig::new),
            co_annotation: co_annotation.unwrap_or(RateSource::Published),
            temporal: temporal.unwrap_or_else(TemporalStageConfig::new),
            map: map.unwrap_or_else(MapTrainingConfig::new),
        };
        config.coupling = Coupling::new();
        config.uncertainty = false;
        (config.with_order(Order::Staged), added)
    }

    /// The settings for rendered faces, where nothing else is said.
    pub fn synthetic(config: TrainConfig) -> TrainConfig {
        config.with_baseline(Some(BaselineStageConfig::synthetic()))
    }

    /// A head on maps, of which so much is trained.
    pub fn map_of(&self, half: MapHalf) -> MapTrainingConfig {
        self.map.clone().with_half(half)
    }

    /// The temporal head as convolutions, which the settings may be more particular about.
    pub fn convolution(&self) -> TemporalStageConfig {
        match self.temporal.head.form {
            TemporalForm::Convolution { .. } => self.temporal.clone(),
            TemporalForm::Transformer { .. } => self.temporal_of(TemporalForm::Convolution {
                layers: 4,
                kernel: 3,
            }),
        }
    }

    /// The temporal head in another form.
    fn temporal_of(&self, form: TemporalForm) -> TemporalStageConfig {
        let mut temporal = self.temporal.clone();
        temporal.head.form = form;
        temporal
    }

    /// The temporal head as a transformer, which the settings may be more particular about.
    pub fn transformer(&self) -> TemporalStageConfig {
        match self.temporal.head.form {
            TemporalForm::Transformer { .. } => self.temporal.clone(),
            TemporalForm::Convolution { .. } => self.temporal_of(TemporalForm::Transformer {
                layers: 2,
                heads: 4,
                feed_forward: 512,
            }),
        }
    }
}
