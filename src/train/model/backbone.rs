//! A backbone trained on the images' own labels: one linear layer reads all three tasks from it.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{JointLoss, step};
use crate::Labels;
use crate::backbone::Backbone;
use crate::label::Vocabulary;
use crate::network::Scores;
use crate::optim::Sam;
use crate::train::batch::{ImageBatch, LabelBatch, Mixture, StepOutput};

/// The number of outputs of the layer that reads the three tasks: unit logits, class logits, valence and
/// arousal. Those of a task that is not trained are never looked at.
pub(in crate::train) fn outputs(vocabulary: &Vocabulary) -> usize {
    vocabulary.action_units.len() + vocabulary.expressions.len() + 2
}

#[derive(Module, Debug)]
pub(in crate::train) struct BackboneStage {
    /// With a classifier of as many classes as [`outputs`] says, which the trained backbone then loses.
    pub(in crate::train) network: Backbone,
    /// Of action units, and of expressions.
    #[module(skip)]
    pub(in crate::train) counts: [usize; 2],
    pub(in crate::train) loss: JointLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl BackboneStage {
    fn output(&self, batch: &ImageBatch) -> StepOutput {
        let features = self.network.forward_features(batch.images.clone());
        let mixture = batch.mixture.as_ref();
        self.scored(features, &batch.targets, mixture, &batch.labels)
    }

    /// What the layer reads of a batch's features.
    pub(in crate::train) fn scored(
        &self,
        features: Tensor<2>,
        targets: &LabelBatch,
        mixture: Option<&Mixture>,
        labels: &[Labels],
    ) -> StepOutput {
        let outputs = self.network.forward_head(features);
        let columns = |start, count| outputs.clone().narrow(1, start, count);
        let [units, classes] = self.counts;
        let tasks = self.loss.tasks();
        let scores = Scores {
            action_units: tasks.action_unit.then(|| sigmoid(columns(0, units))),
            expression_logits: tasks.expression.then(|| columns(units, classes)),
            valence_arousal: tasks
                .valence_arousal
                .then(|| columns(units + classes, 2).tanh()),
        };
        self.loss.output(scores, targets, mixture, labels)
    }
}

impl TrainStep for BackboneStage {
    type Input = ImageBatch;
    type Output = StepOutput;

    fn step(&self, batch: ImageBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for BackboneStage {
    type Input = ImageBatch;
    type Output = StepOutput;

    fn step(&self, batch: ImageBatch) -> StepOutput {
        self.output(&batch)
    }
}
