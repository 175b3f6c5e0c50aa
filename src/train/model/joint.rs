//! All heads at once on partially labelled rows, over cached features or with the backbone in front.

use burn::module::Module;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::step;
use crate::Labels;
use crate::loss::{AsymmetricLoss, ConcordanceLoss, Reduction, WeightedCrossEntropy};
use crate::network::{Network, NetworkOutput};
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, ImageBatch, LabelBatch, StepOutput};

/// The sum of the three tasks' losses, each over the rows that have its label: Eq. 8, 10 and 11.
#[derive(Module, Debug)]
pub(in crate::train) struct JointLoss {
    pub(in crate::train) action_unit: AsymmetricLoss,
    pub(in crate::train) expression: WeightedCrossEntropy,
    pub(in crate::train) valence_arousal: ConcordanceLoss,
}

impl JointLoss {
    /// The step's output with `scores`.
    pub(super) fn output(
        &self,
        scores: NetworkOutput,
        targets: &LabelBatch,
        labels: &[Labels],
    ) -> StepOutput {
        let loss = self.action_unit.forward(
            scores.action_units.clone(),
            targets.action_units.clone(),
            targets.action_units_present.clone(),
            Reduction::Auto,
        ) + self.expression.forward(
            scores.expression_logits.clone(),
            targets.expressions.clone(),
            targets.expressions_present.clone(),
            Reduction::Auto,
        ) + self.valence_arousal.forward(
            scores.valence_arousal.clone(),
            targets.valence_arousal.clone(),
            targets.valence_arousal_present.clone(),
            Reduction::Auto,
        );
        StepOutput {
            action_units: Some(scores.action_units),
            expression_logits: Some(scores.expression_logits),
            valence_arousal: Some(scores.valence_arousal),
            ..StepOutput::new(loss, labels.to_vec())
        }
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
        let scores = self.network.forward(batch.features.clone());
        self.loss.output(scores, &batch.targets, &batch.labels)
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
        let scores = self.network.forward(features);
        self.loss.output(scores, &batch.targets, &batch.labels)
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
