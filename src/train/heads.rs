//! The heads on cached features: one task after another, or all at once; and after them the whole
//! network on images.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::co_annotation::added;
use super::config::Order;
use super::data::Data;
use super::features::{Features, SplitFeatures, labels};
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
        let device = self.device.clone().autodiff();
        let model = JointStage {
            network,
            loss: supervision.tied_loss(&device, stage.config, &self.config),
            sam: sam(stage.config),
        };
        let taught = Features {
            training: SplitFeatures {
                labels: self.taught(&features.training.labels, supervision),
                ..features.training.clone()
            },
            validation: features.validation.clone(),
        };
        let added = added(&features.training.labels, &taught.training.labels);
        added.iter().for_each(|line| self.note(line));
        let (train, validation) = feature_rows(&stage, &taught, None);
        let trained = stage.run(model, train, validation)?;
        self.tell_weights(stage.name, &trained.loss);
        Ok(trained.network.valid())
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
            loss: supervision.tied_loss(&device, stage.config, &self.config),
            sam: sam(stage.config),
        };
        let taught = self.taught(&labels(&data.training), supervision);
        let [training, validation] = self.image_rows(&stage, data, taught, &preprocessing)?;
        let trained = stage.run(model, training, validation)?;
        self.tell_weights(stage.name, &trained.loss);
        Ok(trained.network.valid())
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
            mut map_head,
            affect_attention,
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
        if let (Some(head), Some(settings)) = (map_head.take(), &self.config.map_head) {
            map_head = Some(self.map_head(head, settings, features, supervision)?);
        }
        let (action_unit, map_head) = (action_unit.valid(), map_head.valid());
        // The other heads read the mean of a map.
        let pool = map_head.as_ref().map(|head| head.config.channels);
        if let Some(head) = expression.take_if(|_| tasks.expression) {
            let stage = stage("ex", Tasks::EXPRESSION, &self.config.expression, 2);
            let frozen = |split: &SplitFeatures| -> Vec<Vec<f32>> {
                let variants = split.variants.iter();
                let units = |features| match (&action_unit, &map_head) {
                    (Some(head), _) => head.forward(features),
                    (None, Some(head)) => head.forward_flat(features).action_units,
                    (None, None) => unreachable!("an attention has units to attend to"),
                };
                variants
                    .map(|cache| scores(units, cache, &self.device))
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
            let (train, validation) = feature_rows(&stage, &features.pooled(pool), frozen);
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
            let (train, validation) = feature_rows(&stage, &features.pooled(pool), None);
            valence_arousal = stage.run(model, train, validation)?.head;
        }
        Ok(Network {
            backbone: None,
            action_unit,
            expression: expression.valid(),
            valence_arousal: valence_arousal.valid(),
            attention: attention.valid(),
            affect_attention: affect_attention.valid(),
            temporal: None,
            map_head,
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
                pool: split.pool,
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
    units: impl Fn(Tensor<2>) -> Tensor<2>,
    cache: &crate::data::cache::FeatureCache,
    device: &Device,
) -> Vec<f32> {
    let width = cache.width();
    let mut scores = Vec::new();
    for features in cache.as_slice().chunks(FROZEN_BATCH * width) {
        let data = TensorData::new(features.to_vec(), [features.len() / width, width]);
        scores.extend(
            units(Tensor::from_data(data, device))
                .into_data()
                .iter::<f32>(),
        );
    }
    scores
}
