//! The valence-arousal stage, Eq. 4 and 11-12.

use burn::module::Module;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::step;
use crate::head::ValenceArousalHead;
use crate::loss::{ConcordanceLoss, Reduction};
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, StepOutput};

#[derive(Module, Debug)]
pub(in crate::train) struct ValenceArousalStage {
    pub(in crate::train) head: ValenceArousalHead,
    pub(in crate::train) loss: ConcordanceLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl ValenceArousalStage {
    fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let scores = self.head.forward(batch.features.clone());
        let targets = &batch.targets;
        let loss = self.loss.forward(
            scores.clone(),
            targets.valence_arousal.clone(),
            targets.counted_valence_arousal(),
            Reduction::Auto,
        );
        StepOutput {
            valence_arousal: Some(scores),
            ..StepOutput::new(loss, batch.labels.clone())
        }
    }
}

impl TrainStep for ValenceArousalStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for ValenceArousalStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}
