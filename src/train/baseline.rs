//! A run that trains the challenge's baseline: convolutions, their maps, the fully connected layers.

use burn::module::Module;
use burn::tensor::Device;

use super::config::BaselineStageConfig;
use super::data::Data;
use super::execute::{TrainedBackbone, drawn};
use super::heads::feature_rows;
use super::model::{BaselineLoss, BaselineStage, UnitLoss};
use super::outcome::Outcome;
use super::run::Run;
use super::stage::sam;
use super::supervision::Supervision;
use crate::backbone::{Backbone, BackboneConfig, Vgg};
use crate::evaluate::evaluate_model;
use crate::loss::{AsymmetricLossConfig, WeightedCrossEntropyConfig};
use crate::model::{Baseline, BaselineConfig, Model};
use crate::{Error, Result};

/// The name of its stage.
const BASELINE: &str = "baseline";

impl Run {
    /// Trains the baseline instead of the paper's network, and scores it.
    ///
    /// # Errors
    /// [`Error::File`] if the given weights are no VGG's; whatever keeps it from being trained.
    pub(super) fn baseline(
        &self,
        settings: &BaselineStageConfig,
        data: &Data,
        supervision: &Supervision,
    ) -> Result<Outcome> {
        let TrainedBackbone {
            network, config, ..
        } = self.backbone(data, supervision)?;
        let (convolutions, hidden) = parted(network, self.config.weights.as_deref())?;
        let config = convolutions_of(&config);
        let network = Backbone::from(convolutions);
        let features = self.features(&data.training, &data.validation, &network, &config)?;

        let vocabulary = &supervision.vocabulary;
        let config = BaselineConfig::new(config)
            .with_hidden(settings.hidden.clone())
            .with_dropout(settings.dropout)
            .with_action_units(vocabulary.action_units.clone())
            .with_expressions(vocabulary.expressions.clone())
            .with_tasks(supervision.tasks())
            .with_affect_range(vocabulary.valence_arousal.unwrap_or_default());
        let device = self.device.clone().autodiff();
        device.seed(self.config.seed);
        let baseline = drawn(config.init(&device));
        let baseline = Baseline {
            backbone: network.clone().train().freeze(),
            ..begun(baseline, hidden)
        };
        let stage = self.stage(
            BASELINE,
            supervision.tasks(),
            supervision,
            &settings.stage,
            6,
        );
        let model = BaselineStage {
            network: baseline,
            loss: loss(supervision, settings, &device),
            sam: sam(&settings.stage),
        };
        let (training, validation) = feature_rows(&stage, &features, None);
        let trained = stage.run(model, training, validation)?.network.valid();
        // Bit for bit what made the maps.
        let trained = Baseline {
            backbone: network,
            ..trained
        };
        let model = Model::Baseline(Box::new(trained));
        model.save(&self.path("model.safetensors"))?;
        let validation = &features.validation;
        let cache = &validation.variants[0];
        let evaluation = evaluate_model(&model, cache, &validation.labels, &self.device)?;
        self.written(
            evaluation,
            supervision.judged(),
            None,
            &data.validation,
            cache,
        )
    }
}

/// The convolutions of a VGG, and its fully connected layers but the classifier.
fn parted(network: Backbone, path: Option<&str>) -> Result<(Vgg, Vgg)> {
    match network {
        Backbone::Vgg(network) => Ok((
            Vgg {
                hidden: Vec::new(),
                classifier: None,
                ..network.clone()
            },
            network,
        )),
        _ => Err(Error::file(
            path.unwrap_or_default(),
            "a VGG, whose convolutions the baseline keeps",
            "another backbone",
        )),
    }
}

/// The config of the convolutions alone.
pub(super) fn convolutions_of(config: &BackboneConfig) -> BackboneConfig {
    match config.clone() {
        BackboneConfig::Vgg(config) => config.with_hidden(Vec::new()).with_classes(None).into(),
        other => other,
    }
}

/// The baseline whose hidden layers begin as those of `network` wherever they are of one shape.
fn begun(mut baseline: Baseline, network: Vgg) -> Baseline {
    for (layer, given) in baseline.hidden.iter_mut().zip(network.hidden) {
        if layer.weight.lazy_shape() != given.weight.lazy_shape() {
            break;
        }
        *layer = given.train();
    }
    baseline
}

fn loss(
    supervision: &Supervision,
    settings: &BaselineStageConfig,
    device: &Device,
) -> BaselineLoss {
    let tasks = supervision.tasks();
    let vocabulary = &supervision.vocabulary;
    let entropy = |columns: &[i64]| {
        AsymmetricLossConfig::new(vec![1.0; columns.len()])
            .with_focus(false)
            .init(device)
    };
    BaselineLoss {
        action_unit: tasks
            .action_unit
            .then(|| UnitLoss::new(&vocabulary.action_units, entropy, device)),
        expression: tasks.expression.then(|| {
            WeightedCrossEntropyConfig::new(vec![1.0; vocabulary.expressions.len()])
                .with_label_smoothing(settings.stage.label_smoothing)
                .init(device)
        }),
        valence_arousal: tasks.valence_arousal.then(|| supervision.concordance()),
    }
}
