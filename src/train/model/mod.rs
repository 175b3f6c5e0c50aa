//! What each stage trains: a part of the network with its loss, as burn-train sees it.

mod action_unit;
mod backbone;
mod expression;
mod joint;
mod valence_arousal;

pub(super) use action_unit::ActionUnitStage;
pub(super) use backbone::{BackboneStage, OUTPUTS};
pub(super) use expression::ExpressionStage;
pub(super) use joint::{JointLoss, JointStage, WholeStage};
pub(super) use valence_arousal::ValenceArousalStage;

use burn::module::Module;
use burn::train::TrainOutput;

use super::batch::StepOutput;
use crate::optim::{Sam, gradient_norm};

/// One training step of `model`: both passes of SAM if there is one, else a plain backward pass.
fn step<M: Module>(
    model: &M,
    sam: Option<&Sam>,
    forward: impl Fn(&M) -> StepOutput,
) -> TrainOutput<StepOutput> {
    let mut step = match sam {
        Some(sam) => {
            let step = sam.step(model, |model| {
                let output = forward(model);
                (output.loss.clone(), output)
            });
            TrainOutput {
                grads: step.gradients,
                item: step.output,
            }
        }
        None => {
            let output = forward(model);
            TrainOutput::new(model, output.loss.backward(), output)
        }
    };
    step.item.gradient = gradient_norm(model, &step.grads);
    step
}
