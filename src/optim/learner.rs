//! SAM inside burn-train's own loop, with gradients that are accumulated and clipped.

use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::grad_clipping::GradientClipping;
use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use burn::train::{
    InferenceStep, Learner, RegressionOutput, SupervisedTraining, TrainOutput, TrainStep,
};

use super::{BaseOptimizerConfig, Sam, SamConfig, clip_gradient_norm};
use crate::testing::{Draw, drawn};

const RATE: f64 = 0.05;

/// Small enough to act on every step of the test.
const MOST: f64 = 0.1;

/// Micro-batches to a step of the optimizer; the last of five has none beside it.
const ACCUMULATED: usize = 2;

type Batch = [Tensor<2>; 2];

#[derive(Module, Debug)]
struct Model {
    first: Linear,
    last: Linear,
    #[module(skip)]
    sam: Sam,
    /// Whether the norm of all gradients together is clipped.
    clipped: bool,
}

impl Model {
    fn new(clipped: bool, device: &Device) -> Self {
        let layer = |input, output| {
            let config = LinearConfig::new(input, output);
            config.with_initializer(Initializer::Zeros).init(device)
        };
        let model = Self {
            first: layer(3, 5),
            last: layer(5, 2),
            sam: SamConfig::new().with_rho(0.3).init(),
            clipped,
        };
        model.map(&mut Draw(0))
    }

    fn output(&self, [input, targets]: Batch) -> RegressionOutput {
        let output = self.last.forward(relu(self.first.forward(input)));
        let loss = MseLoss::new().forward(output.clone(), targets.clone(), Reduction::Mean);
        RegressionOutput::new(loss, output, targets)
    }
}

impl TrainStep for Model {
    type Input = Batch;
    type Output = RegressionOutput;

    fn step(&self, batch: Batch) -> TrainOutput<RegressionOutput> {
        self.sam.train_step(self, |model| {
            let output = model.output(batch.clone());
            (output.loss.clone(), output)
        })
    }

    fn optimize(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: GradientsParams,
    ) -> Self {
        let gradients = match self.clipped {
            true => clip_gradient_norm(&self, gradients, MOST),
            false => gradients,
        };
        optimizer.step(rate, self, gradients)
    }
}

impl InferenceStep for Model {
    type Input = Batch;
    type Output = RegressionOutput;

    fn step(&self, batch: Batch) -> RegressionOutput {
        self.output(batch)
    }
}

struct Batches(Vec<Batch>);

impl Batches {
    fn new(count: u32, device: &Device) -> Self {
        let batch = |number| {
            [
                drawn([4, 3], number, device),
                drawn([4, 2], !number, device),
            ]
        };
        Self((0..count).map(batch).collect())
    }
}

impl DataLoader<Batch> for Batches {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Batch> + 'a> {
        Box::new(Epoch {
            batches: &self.0,
            served: 0,
        })
    }

    fn num_items(&self) -> usize {
        self.0.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<Batch>> {
        let moved = |batch: &Batch| batch.clone().map(|tensor| tensor.to_device(device));
        Arc::new(Self(self.0.iter().map(moved).collect()))
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Batch>> {
        Arc::new(Self(self.0[start..end].to_vec()))
    }
}

struct Epoch<'a> {
    batches: &'a [Batch],
    served: usize,
}

impl Iterator for Epoch<'_> {
    type Item = Result<Batch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.batches.get(self.served)?;
        self.served += 1;
        Some(Ok(batch.clone()))
    }
}

impl DataLoaderIterator<Batch> for Epoch<'_> {
    fn progress(&self) -> Progress {
        Progress::new(self.served, self.batches.len(), Some("batches".to_string()))
    }
}

fn optimizer(by_parameter: bool) -> ModuleOptimizer {
    let optimizer = BaseOptimizerConfig::default().init();
    match by_parameter {
        true => optimizer.with_grad_clipping(GradientClipping::Norm(MOST as f32)),
        false => optimizer,
    }
}

fn values(model: &Model) -> Vec<f32> {
    struct Values(Vec<f32>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let values = param.val().into_data().try_to_vec::<f32>().unwrap();
            self.0.extend(values);
        }
    }
    let mut values = Values(Vec::new());
    model.valid().visit(&mut values);
    values.0
}

/// The weights after one epoch over `batches` in burn-train's loop.
fn by_learner(model: Model, batches: u32, by_parameter: bool, device: &Device) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    let train = Arc::new(Batches::new(batches, device));
    let validation = Arc::new(Batches::new(1, device));
    let result = SupervisedTraining::new(folder.path(), train, validation)
        .with_application_logger(None)
        .grads_accumulation(ACCUMULATED)
        .num_epochs(1)
        .launch(Learner::new(model, optimizer(by_parameter), RATE));
    assert!(result.error.is_none(), "{:?}", result.error);
    values(&result.model)
}

/// The same, written out: every micro-batch climbs on its own, and what is added up is clipped.
fn by_hand(mut model: Model, batches: u32, by_parameter: bool, device: &Device) -> Vec<f32> {
    let mut optimizer = optimizer(by_parameter);
    for group in Batches::new(batches, device).0.chunks(ACCUMULATED) {
        let mut sum = GradientsAccumulator::new();
        for batch in group {
            let step = model.sam.step(&model, |model| {
                let output = model.output(batch.clone());
                (output.loss.clone(), output)
            });
            sum.accumulate(&model, step.gradients);
        }
        let gradients = match model.clipped {
            true => clip_gradient_norm(&model, sum.grads(), MOST),
            false => sum.grads(),
        };
        model = optimizer.step(RATE, model, gradients);
    }
    values(&model)
}

#[test]
fn burn_trains_loop_accumulates_and_clips_second_gradients() {
    let device = Device::default().autodiff();
    let mut seen = Vec::new();
    for (together, by_parameter) in [(false, false), (true, false), (false, true)] {
        let model = || Model::new(together, &device);
        let expected = by_hand(model(), 5, by_parameter, &device);
        let found = by_learner(model(), 5, by_parameter, &device);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{found} not {expected}");
        }
        seen.push(found);
    }
    // Neither way of clipping is without effect, nor are they the same.
    let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1e-4);
    assert!(apart(&seen[0], &seen[1]) && apart(&seen[0], &seen[2]) && apart(&seen[1], &seen[2]));
}
