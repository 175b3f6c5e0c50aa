//! The stage of a head on the backbone's map: tokens to the scores of the units, Eq. 8 and the loss of the
//! edges.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{UnitLoss, step};
use crate::head::MapHead;
use crate::loss::EdgeLoss;
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, StepOutput};

#[derive(Module, Debug)]
pub(in crate::train) struct MapStage {
    pub(in crate::train) head: MapHead,
    pub(in crate::train) loss: UnitLoss,
    /// Where the edges have a classifier.
    pub(in crate::train) edges: Option<EdgeLoss>,
    /// From which label on each unit is present to the edges.
    pub(in crate::train) present: Tensor<1>,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl MapStage {
    fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let output = self.head.forward_flat(batch.features.clone());
        let targets = &batch.targets;
        let mut loss = self.loss.forward(output.action_units.clone(), targets);
        if let (Some(edges), Some(logits)) = (&self.edges, output.edge_logits) {
            let labels = targets.action_units.clone();
            let least = self.present.clone().unsqueeze::<2>().expand(labels.dims());
            let labels = labels.greater_equal(least).float();
            loss = loss + edges.forward(logits, labels, targets.counted_action_units());
        }
        StepOutput {
            action_units: Some(output.action_units),
            ..StepOutput::new(loss, batch.labels.clone())
        }
    }
}

impl TrainStep for MapStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for MapStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}
