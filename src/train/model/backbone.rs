//! A backbone trained on the images' own labels: one linear layer reads all three tasks from it.

use burn::module::Module;
use burn::tensor::activation::sigmoid;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::step;
use crate::backbone::EfficientNet;
use crate::label::{ACTION_UNITS, EXPRESSIONS};
use crate::loss::{AsymmetricLoss, ConcordanceLoss, WeightedCrossEntropy};
use crate::optim::Sam;
use crate::train::batch::{ImageBatch, StepOutput};

/// Outputs of the layer that reads the three tasks: unit logits, class logits, valence and arousal.
pub(in crate::train) const OUTPUTS: usize = ACTION_UNITS + EXPRESSIONS + 2;

#[derive(Module, Debug)]
pub(in crate::train) struct BackboneStage {
    /// With a classifier of [`OUTPUTS`] classes, which the trained backbone then loses.
    pub(in crate::train) network: EfficientNet,
    pub(in crate::train) action_unit: AsymmetricLoss,
    pub(in crate::train) expression: WeightedCrossEntropy,
    #[module(skip)]
    pub(in crate::train) valence_arousal: ConcordanceLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl BackboneStage {
    fn output(&self, batch: &ImageBatch) -> StepOutput {
        let features = self.network.forward_features(batch.images.clone());
        let outputs = self.network.forward_head(features);
        let expression = ACTION_UNITS..ACTION_UNITS + EXPRESSIONS;
        let units = sigmoid(outputs.clone().narrow(1, 0, ACTION_UNITS));
        let logits = outputs.clone().narrow(1, expression.start, EXPRESSIONS);
        let affect = outputs.narrow(1, expression.end, 2).tanh();
        let targets = &batch.targets;
        let loss = self.action_unit.forward(
            units.clone(),
            targets.action_units.clone(),
            targets.action_units_present.clone(),
        ) + self.expression.forward(
            logits.clone(),
            targets.expressions.clone(),
            targets.expressions_present.clone(),
        ) + self.valence_arousal.forward(
            affect.clone(),
            targets.valence_arousal.clone(),
            targets.valence_arousal_present.clone(),
        );
        StepOutput {
            action_units: Some(units),
            expression_logits: Some(logits),
            valence_arousal: Some(affect),
            ..StepOutput::new(loss, batch.labels.clone())
        }
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
