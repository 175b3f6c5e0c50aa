//! All heads at once on partially labelled rows, over cached features or with the backbone in front.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{UnitLoss, expression_loss, step};
use crate::Labels;
use crate::loss::{ConcordanceLoss, Reduction, WeightedCrossEntropy};
use crate::network::{Network, Tasks};
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, ImageBatch, LabelBatch, Mixture, StepOutput};

/// What a network says of the tasks that are trained; the others are not computed.
#[derive(Clone, Debug)]
pub(super) struct Scores {
    /// In [0, 1], `[batch, units]`.
    pub(super) action_units: Option<Tensor<2>>,
    /// `[batch, classes]`.
    pub(super) expression_logits: Option<Tensor<2>>,
    /// In [-1, 1], `[batch, 2]`.
    pub(super) valence_arousal: Option<Tensor<2>>,
}

impl Scores {
    fn of(network: &Network, features: &Tensor<2>, tasks: Tasks) -> Self {
        let features = || features.clone();
        let action_unit = network.action_unit.as_ref().filter(|_| tasks.action_unit);
        let action_units = action_unit.map(|head| head.forward(features()));
        let expression = network.expression.as_ref().filter(|_| tasks.expression);
        let logits = expression.map(|head| head.forward(features()));
        Self {
            expression_logits: match (&action_units, logits) {
                (Some(units), Some(logits)) => Some(network.attend(units.clone(), logits)),
                (_, logits) => logits,
            },
            action_units,
            valence_arousal: tasks
                .valence_arousal
                .then(|| network.valence_arousal.forward(features())),
        }
    }
}

/// The sum of the trained tasks' losses, each over the rows that have its label: Eq. 8, 10 and 11.
/// There is at least one.
#[derive(Module, Debug)]
pub(in crate::train) struct JointLoss {
    pub(in crate::train) action_unit: Option<UnitLoss>,
    pub(in crate::train) expression: Option<WeightedCrossEntropy>,
    pub(in crate::train) valence_arousal: Option<ConcordanceLoss>,
}

impl JointLoss {
    /// The tasks that have a loss.
    pub(in crate::train) fn tasks(&self) -> Tasks {
        Tasks {
            action_unit: self.action_unit.is_some(),
            expression: self.expression.is_some(),
            valence_arousal: self.valence_arousal.is_some(),
        }
    }

    /// What a step hands on of `scores`, which are those of [`tasks`](Self::tasks).
    pub(super) fn output(
        &self,
        scores: Scores,
        targets: &LabelBatch,
        mixture: Option<&Mixture>,
        labels: &[Labels],
    ) -> StepOutput {
        let loss = match mixture {
            None => self.loss(&scores, targets),
            Some(mixture) => mixture.loss(targets, |targets| self.loss(&scores, targets)),
        };
        StepOutput {
            action_units: scores.action_units,
            expression_logits: scores.expression_logits,
            valence_arousal: scores.valence_arousal,
            ..StepOutput::new(loss, labels.to_vec())
        }
    }

    fn loss(&self, scores: &Scores, targets: &LabelBatch) -> Tensor<1> {
        let action_unit = self.action_unit.as_ref().zip(scores.action_units.clone());
        let action_unit = action_unit.map(|(loss, scores)| loss.forward(scores, targets));
        let expression = self.expression.as_ref();
        let expression = expression.zip(scores.expression_logits.clone());
        let expression = expression.map(|(loss, logits)| expression_loss(loss, logits, targets));
        let affect = self.valence_arousal.as_ref();
        let affect = affect.zip(scores.valence_arousal.clone());
        let affect = affect.map(|(loss, scores)| {
            loss.forward(
                scores,
                targets.valence_arousal.clone(),
                targets.counted_valence_arousal(),
                Reduction::Auto,
            )
        });
        let losses = [action_unit, expression, affect].into_iter().flatten();
        let loss = losses.reduce(|sum, loss| sum + loss);
        loss.expect("at least one task")
    }
}

/// The heads on cached features.
#[derive(Module, Debug)]
pub(in crate::train) struct JointStage {
    pub(in crate::train) network: Network,
    pub(in crate::train) loss: JointLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl JointStage {
    fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let scores = Scores::of(&self.network, &batch.features, self.loss.tasks());
        self.loss
            .output(scores, &batch.targets, None, &batch.labels)
    }
}

impl TrainStep for JointStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for JointStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}

/// The whole network on images.
#[derive(Module, Debug)]
pub(in crate::train) struct WholeStage {
    pub(in crate::train) network: Network,
    pub(in crate::train) loss: JointLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl WholeStage {
    fn output(&self, batch: &ImageBatch) -> StepOutput {
        let features = self.network.features(batch.images.clone());
        let scores = Scores::of(&self.network, &features, self.loss.tasks());
        let mixture = batch.mixture.as_ref();
        self.loss
            .output(scores, &batch.targets, mixture, &batch.labels)
    }
}

impl TrainStep for WholeStage {
    type Input = ImageBatch;
    type Output = StepOutput;

    fn step(&self, batch: ImageBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for WholeStage {
    type Input = ImageBatch;
    type Output = StepOutput;

    fn step(&self, batch: ImageBatch) -> StepOutput {
        self.output(&batch)
    }
}
