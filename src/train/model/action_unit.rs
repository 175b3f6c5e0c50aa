//! The action-unit stage: features to the scores of the units, Eq. 1-3 and 8.

use burn::module::Module;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{UnitLoss, step};
use crate::head::ActionUnitHead;
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, StepOutput};

#[derive(Module, Debug)]
pub(in crate::train) struct ActionUnitStage {
    pub(in crate::train) head: ActionUnitHead,
    pub(in crate::train) loss: UnitLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl ActionUnitStage {
    fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let scores = self.head.forward(batch.features.clone());
        let loss = self.loss.forward(scores.clone(), &batch.targets);
        StepOutput {
            action_units: Some(scores),
            ..StepOutput::new(loss, batch.labels.clone())
        }
    }
}

impl TrainStep for ActionUnitStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for ActionUnitStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}
