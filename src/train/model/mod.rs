//! What each stage trains: a part of the network with its loss, as burn-train sees it.

mod action_unit;
mod backbone;
mod baseline;
mod expression;
mod joint;
mod map;
mod supervised;
mod temporal;
mod valence_arousal;

pub(super) use action_unit::ActionUnitStage;
pub(super) use backbone::{BackboneStage, outputs};
pub(super) use baseline::{BaselineLoss, BaselineStage};
pub(super) use expression::ExpressionStage;
pub(super) use joint::{JointLoss, JointStage, Matching, WholeStage};
pub(super) use map::MapStage;
pub(super) use supervised::UnitLoss;
pub(super) use temporal::TemporalStage;
pub(super) use valence_arousal::ValenceArousalStage;

use supervised::expression_loss;

use burn::module::Module;
use burn::train::TrainOutput;

use super::batch::StepOutput;
use crate::optim::{Sam, gradient_norm};

/// One training step of `model`: both passes of SAM if there is one, else a plain backward pass.
///
/// The gradients are those of `share` times the loss. burn adds up what several devices return, so
/// that with each one's share of the rows the sum is the mean over all rows. SAM's ascent does not
/// see the share: its length is fixed, and its direction is that of the device's own rows.
fn step<M: Module>(
    model: &M,
    sam: Option<&Sam>,
    share: f64,
    forward: impl Fn(&M) -> StepOutput,
) -> TrainOutput<StepOutput> {
    let minimised = |output: &StepOutput| match share {
        1.0 => output.loss.clone(),
        share => output.loss.clone() * share,
    };
    let (mut step, norm) = match sam {
        Some(sam) => {
            let step = sam.step(model, |model| {
                let output = forward(model);
                (minimised(&output), output)
            });
            let norm = step.norm.clone();
            (TrainOutput::from(step), Some(norm))
        }
        None => {
            let output = forward(model);
            let output = TrainOutput::new(model, minimised(&output).backward(), output);
            (output, None)
        }
    };
    // Neither is finite as soon as one gradient is not.
    let norms = gradient_norm(model, &step.grads).into_iter().chain(norm);
    step.item.gradient = norms.reduce(|sum, norm| sum + norm);
    step
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::nn::{Initializer, Linear, LinearConfig};
    use burn::optim::{GradientsAccumulator, GradientsParams};
    use burn::tensor::{Device, Distribution, Tensor, Tolerance};
    use burn::train::TrainStep;

    use super::*;
    use crate::Labels;
    use crate::head::ExpressionHeadConfig;
    use crate::loss::WeightedCrossEntropyConfig;
    use crate::optim::SamConfig;
    use crate::train::batch::{FeatureBatch, LabelBatch};

    const ROWS: usize = 10;

    fn stage(sam: Option<Sam>, device: &Device) -> ExpressionStage {
        ExpressionStage {
            head: ExpressionHeadConfig::new(6).init(device),
            attention: None,
            loss: WeightedCrossEntropyConfig::new(vec![1.0; 8]).init(device),
            sam,
        }
    }

    fn batch(features: &Tensor<2>, rows: std::ops::Range<usize>, device: &Device) -> FeatureBatch {
        let labels: Vec<Labels> = rows
            .clone()
            .map(|row| Labels {
                expression: Some(row % 8),
                ..Labels::default()
            })
            .collect();
        FeatureBatch {
            share: rows.len() as f64 / ROWS as f64,
            features: features.clone().narrow(0, rows.start, rows.len()),
            action_units: None,
            targets: LabelBatch::new(&labels, 0, device),
            labels,
        }
    }

    #[test]
    fn a_gradient_that_is_not_finite_shows_beside_a_finite_loss() {
        let device = Device::default().autodiff();
        let value = 3.5e-9;
        let model = LinearConfig::new(2, 1)
            .with_bias(false)
            .with_initializer(Initializer::Constant { value })
            .init(&device);
        // The exponential of 70 is within the numbers, and 1e10 times it, its slope, beyond them.
        let at = |input: f32, sam: Option<&Sam>| {
            let input = Tensor::<2>::full([1, 2], input, &device);
            let output = step(&model, sam, 1.0, |model: &Linear| {
                let loss = model.forward(input.clone()).exp().sum();
                StepOutput::new(loss, Vec::new())
            });
            let gradient = output.item.gradient.expect("a gradient");
            assert!(output.item.loss.into_scalar::<f32>().is_finite());
            gradient.into_scalar::<f32>()
        };
        let sam = SamConfig::new().init();
        for sam in [None, Some(&sam)] {
            assert!(at(1.0, sam).is_finite() && !at(1e10, sam).is_finite());
        }
    }

    struct Same<'a>(&'a GradientsParams, &'a GradientsParams, f32);

    impl ModuleVisitor for Same<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let (Some(left), Some(right)) = (self.0.get::<D>(param.id), self.1.get::<D>(param.id))
            else {
                panic!("a parameter without a gradient");
            };
            left.into_data()
                .assert_approx_eq::<f32>(&right.into_data(), Tolerance::absolute(self.2));
        }
    }

    /// What burn does with the gradients of several devices: it adds them up.
    fn shared(stage: &ExpressionStage, batches: [FeatureBatch; 2]) -> GradientsParams {
        let mut sum = GradientsAccumulator::new();
        for batch in batches {
            sum.accumulate(stage, TrainStep::step(stage, batch).grads);
        }
        sum.grads()
    }

    #[test]
    fn the_gradients_of_two_uneven_parts_add_up_to_that_of_the_whole() {
        let device = Device::default().autodiff();
        let features = Tensor::random([ROWS, 6], Distribution::Normal(0.0, 1.0), &device);
        let stage = stage(None, &device);
        let whole = TrainStep::step(&stage, batch(&features, 0..ROWS, &device));
        let parts = [
            batch(&features, 0..7, &device),
            batch(&features, 7..ROWS, &device),
        ];
        let parts = shared(&stage, parts);
        stage.head.visit(&mut Same(&whole.grads, &parts, 1e-6));
    }

    #[test]
    fn sam_climbs_along_each_parts_own_gradient_by_the_whole_radius() {
        let device = Device::default().autodiff();
        let features = Tensor::random([ROWS, 6], Distribution::Normal(0.0, 1.0), &device);
        let sam = SamConfig::new().with_rho(0.5).init();
        let stage = stage(Some(sam.clone()), &device);
        let ranges = [0..7, 7..ROWS];
        let found = shared(
            &stage,
            ranges.clone().map(|rows| batch(&features, rows, &device)),
        );
        let mut expected = GradientsAccumulator::new();
        for rows in ranges {
            let batch = batch(&features, rows, &device);
            let alone = sam.step(&stage, |stage| (stage.output(&batch).loss, ()));
            let scaled = Scaled::by(batch.share, &stage, &alone.gradients);
            expected.accumulate(&stage, scaled);
        }
        stage.head.visit(&mut Same(&found, &expected.grads(), 1e-6));
    }

    struct Scaled<'a>(f64, &'a GradientsParams, GradientsParams);

    impl Scaled<'_> {
        fn by<M: Module>(share: f64, module: &M, gradients: &GradientsParams) -> GradientsParams {
            let mut scaled = Scaled(share, gradients, GradientsParams::new());
            module.visit(&mut scaled);
            scaled.2
        }
    }

    impl ModuleVisitor for Scaled<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.1.get::<D>(param.id) {
                self.2.register(param.id, gradient * self.0);
            }
        }
    }
}
