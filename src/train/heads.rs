//! The heads on cached features: one task after another, or all at once; and after them the whole
//! network on images.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::config::Order;
use super::data::Data;
use super::features::{Features, SplitFeatures};
use super::model::{ActionUnitStage, ExpressionStage, JointStage, ValenceArousalStage, WholeStage};
use super::run::Run;
use super::source::FeatureSource;
use super::stage::{Stage, StageRows, sam};
use super::supervision::Supervision;
use super::weighting::Weighting;
use crate::Result;
use crate::extract::is_readable;
use crate::network::{Network, NetworkConfig, Tasks};

/// Rows in a batch of the frozen action-unit branch; only speed and memory depend on it.
const FROZEN_BATCH: usize = 1024;

impl Run {
    /// Trains the heads in the order that the config asks for.
    pub(super) fn heads(
        &self,
        network: Network,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<Network> {
        match self.config.order {
            Order::Staged => self.staged(network, features, supervision),
            Order::Joint | Order::Whole => self.joint(network, features, supervision),
        }
    }

    /// All tasks at once.
    fn joint(
        &self,
        network: Network,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<Network> {
        let tasks = supervision.tasks();
        let stage = self.stage("joint", tasks, supervision, &self.config.joint, 4);
        let model = JointStage {
            network,
            loss: supervision.joint_loss(&self.device.clone().autodiff(), stage.config),
            sam: sam(stage.config),
        };
        let (train, validation) = feature_rows(&stage, features, None);
        Ok(stage.run(model, train, validation)?.network.valid())
    }

    /// Fine-tunes the backbone and the trained heads together.
    pub(super) fn whole(
        &self,
        network: Network,
        config: &NetworkConfig,
        data: &Data,
        supervision: &Supervision,
    ) -> Result<Network> {
        let tasks = supervision.tasks();
        let stage = self.stage("whole", tasks, supervision, &self.config.whole, 5);
        let backbone = config.backbone.as_ref();
        let preprocessing = backbone
            .expect("a run's network has a backbone")
            .preprocessing();
        let mut network = network.train();
        let trained = network.backbone.take();
        let trained = trained.expect("a run's network has a backbone");
        let stage = Stage {
            depths: trained.depth_groups("network.backbone"),
            ..stage
        };
        network.backbone = Some(match stage.config.frozen_stages {
            Some(stages) => trained.freeze_stages(stages),
            None => trained,
        });
        let device = self.device.clone().autodiff();
        let model = WholeStage {
            network,
            loss: supervision.joint_loss(&device, stage.config),
            sam: sam(stage.config),
        };
        let [training, validation] = self.image_rows(&stage, data, &preprocessing)?;
        Ok(stage.run(model, training, validation)?.network.valid())
    }

    /// The paper's way: one task after another, skipping those without a single label.
    fn staged(
        &self,
        network: Network,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<Network> {
        let Network {
            mut action_unit,
            mut expression,
            mut valence_arousal,
            mut attention,
            config,
            ..
        } = network;
        let device = self.device.clone().autodiff();
        let tasks = supervision.tasks();
        let stage =
            |name, tasks, config, number| self.stage(name, tasks, supervision, config, number);

        if let Some(head) = action_unit.take_if(|_| tasks.action_unit) {
            let stage = stage("au", Tasks::ACTION_UNIT, &self.config.action_unit, 1);
            let model = ActionUnitStage {
                head,
                loss: supervision.unit_loss(&device),
                sam: sam(stage.config),
            };
            let (train, validation) = feature_rows(&stage, features, None);
            action_unit = Some(stage.run(model, train, validation)?.head);
        }
        let action_unit = action_unit.valid();
        if let Some(head) = expression.take_if(|_| tasks.expression) {
            let stage = stage("ex", Tasks::EXPRESSION, &self.config.expression, 2);
            let frozen = |split: &SplitFeatures| -> Vec<Vec<f32>> {
                let variants = split.variants.iter();
                let head = action_unit
                    .as_ref()
                    .expect("an attention has units to attend to");
                variants
                    .map(|cache| scores(head, cache, &self.device))
                    .collect()
            };
            let frozen = attention
                .is_some()
                .then(|| [frozen(&features.training), frozen(&features.validation)]);
            let model = ExpressionStage {
                head,
                attention,
                loss: supervision.cross_entropy(&device, stage.config),
                sam: sam(stage.config),
            };
            let (train, validation) = feature_rows(&stage, features, frozen);
            let trained = stage.run(model, train, validation)?;
            (expression, attention) = (Some(trained.head), trained.attention);
        }
        if tasks.valence_arousal {
            let config = &self.config.valence_arousal;
            let stage = stage("va", Tasks::VALENCE_AROUSAL, config, 3);
            let model = ValenceArousalStage {
                head: valence_arousal,
                loss: supervision.concordance(),
                sam: sam(stage.config),
            };
            let (train, validation) = feature_rows(&stage, features, None);
            valence_arousal = stage.run(model, train, validation)?.head;
        }
        Ok(Network {
            backbone: None,
            action_unit,
            expression: expression.valid(),
            valence_arousal: valence_arousal.valid(),
            attention: attention.valid(),
            config,
        })
    }
}

/// The rows of both splits that are labelled for the stage and whose image could be read. What is judged
/// counts every row alike.
pub(super) fn feature_rows(
    stage: &Stage,
    features: &Features,
    action_units: Option<[Vec<Vec<f32>>; 2]>,
) -> (
    StageRows<super::batch::FeatureBatch>,
    StageRows<super::batch::FeatureBatch>,
) {
    let rows = |split: &SplitFeatures, action_units, weighting| {
        let labelled = (0..split.labels.len()).filter(|&row| {
            stage.tasks.are_labelled(&split.labels[row])
                && split
                    .variants
                    .iter()
                    .all(|cache| is_readable(cache.row(row)))
        });
        StageRows {
            rows: labelled.collect(),
            source: Arc::new(FeatureSource {
                action_units,
                weighting,
                ..FeatureSource::new(
                    split.variants.clone(),
                    split.labels.clone(),
                    &stage.vocabulary,
                    stage.seed,
                )
            }) as Arc<dyn super::loader::Source<_>>,
        }
    };
    let [training, validation] = match action_units {
        Some([training, validation]) => [Some(training), Some(validation)],
        None => [None, None],
    };
    let weights = features.training.weights.clone();
    let weighting = Weighting::new(weights, stage.config.sampling);
    (
        rows(&features.training, training, weighting),
        rows(&features.validation, validation, Weighting::default()),
    )
}

/// The frozen action-unit branch's scores of every row: they never change, so they are computed once.
fn scores(
    head: &crate::head::ActionUnitHead,
    cache: &crate::data::cache::FeatureCache,
    device: &Device,
) -> Vec<f32> {
    let width = cache.width();
    let mut scores = Vec::new();
    for features in cache.as_slice().chunks(FROZEN_BATCH * width) {
        let data = TensorData::new(features.to_vec(), [features.len() / width, width]);
        scores.extend(
            head.forward(Tensor::from_data(data, device))
                .into_data()
                .iter::<f32>(),
        );
    }
    scores
}
