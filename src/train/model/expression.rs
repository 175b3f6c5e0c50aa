//! The expression stage: logits that attend to the frozen action-unit scores, Eq. 5-7 and 10.

use burn::module::Module;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{expression_loss, step};
use crate::attention::CrossAttention;
use crate::head::ExpressionHead;
use crate::loss::WeightedCrossEntropy;
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, StepOutput};

#[derive(Module, Debug)]
pub(in crate::train) struct ExpressionStage {
    pub(in crate::train) head: ExpressionHead,
    pub(in crate::train) attention: Option<CrossAttention>,
    pub(in crate::train) loss: WeightedCrossEntropy,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl ExpressionStage {
    pub(super) fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let mut logits = self.head.forward(batch.features.clone());
        if let (Some(attention), Some(units)) = (&self.attention, &batch.action_units) {
            logits = attention.forward(units.clone(), logits);
        }
        let loss = expression_loss(&self.loss, logits.clone(), &batch.targets);
        StepOutput {
            expression_logits: Some(logits),
            ..StepOutput::new(loss, batch.labels.clone())
        }
    }
}

impl TrainStep for ExpressionStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for ExpressionStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}
