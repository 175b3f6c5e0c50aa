//! The fully connected layers of the challenge's baseline, on cached maps.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{UnitLoss, expression_loss, step};
use crate::loss::{ConcordanceLoss, Reduction, WeightedCrossEntropy};
use crate::model::Baseline;
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, StepOutput};

/// The sum of the binary cross entropy of the units, the cross entropy of the expressions, and one minus the
/// mean coefficient of valence and arousal, each over the rows that have its label. There is at
/// least one.
#[derive(Module, Debug)]
pub(in crate::train) struct BaselineLoss {
    pub(in crate::train) action_unit: Option<UnitLoss>,
    pub(in crate::train) expression: Option<WeightedCrossEntropy>,
    pub(in crate::train) valence_arousal: Option<ConcordanceLoss>,
}

#[derive(Module, Debug)]
pub(in crate::train) struct BaselineStage {
    /// Its convolutions never learn here: the maps are cached.
    pub(in crate::train) network: Baseline,
    pub(in crate::train) loss: BaselineLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl BaselineStage {
    fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let outputs = self.network.outputs(batch.features.clone());
        let (targets, loss) = (&batch.targets, &self.loss);
        let action_units = loss.action_unit.as_ref();
        let action_units =
            action_units.map(|loss| (loss, sigmoid(outputs.action_unit_logits.clone())));
        let expression = loss.expression.as_ref();
        let affect = loss.valence_arousal.as_ref();
        let losses: [Option<Tensor<1>>; 3] = [
            (action_units.as_ref()).map(|(loss, scores)| loss.forward(scores.clone(), targets)),
            expression
                .map(|loss| expression_loss(loss, outputs.expression_logits.clone(), targets)),
            affect.map(|loss| {
                loss.forward(
                    outputs.valence_arousal.clone(),
                    targets.valence_arousal.clone(),
                    targets.counted_valence_arousal(),
                    Reduction::Mean,
                )
            }),
        ];
        let sum = losses.into_iter().flatten().reduce(|sum, loss| sum + loss);
        StepOutput {
            action_units: action_units.map(|(_, scores)| scores),
            expression_logits: expression.map(|_| outputs.expression_logits),
            // As it is judged in the end.
            valence_arousal: affect.map(|_| outputs.valence_arousal.clamp(-1.0, 1.0)),
            ..StepOutput::new(sum.expect("at least one task"), batch.labels.clone())
        }
    }
}

impl TrainStep for BaselineStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for BaselineStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}
