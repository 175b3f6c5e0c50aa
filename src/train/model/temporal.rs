//! The temporal head and the heads behind it, on windows of videos.

use burn::module::Module;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{JointLoss, step};
use crate::network::Network;
use crate::optim::Sam;
use crate::train::batch::{StepOutput, WindowBatch};

#[derive(Module, Debug)]
pub(in crate::train) struct TemporalStage {
    pub(in crate::train) network: Network,
    pub(in crate::train) loss: JointLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl TemporalStage {
    fn output(&self, batch: &WindowBatch) -> StepOutput {
        let features = self.network.read(&batch.windows);
        let scores = self.network.scores(&features, self.loss.tasks());
        self.loss
            .output(scores, &batch.targets, None, &batch.labels)
    }
}

impl TrainStep for TemporalStage {
    type Input = WindowBatch;
    type Output = StepOutput;

    fn step(&self, batch: WindowBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for TemporalStage {
    type Input = WindowBatch;
    type Output = StepOutput;

    fn step(&self, batch: WindowBatch) -> StepOutput {
        self.output(&batch)
    }
}
