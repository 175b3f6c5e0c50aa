//! Moving averages of weights and running statistics against timm and PyTorch.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use countenance::optim::EmaConfig;

use crate::fixture::{Fixture, device};

const STEPS: usize = 12;
/// Twelve roundings of a single-precision sum, each of which the averages before it bear.
const TOLERANCE: f64 = 1e-6;

#[derive(Module, Debug)]
struct Model {
    linear: Linear,
    norm: BatchNorm,
}

/// The model as it stands under `name`, always with parameters of their own.
fn model(fixture: &Fixture, name: &str, device: &Device) -> Model {
    let vector = |field: &str| fixture.float::<1>(&format!("{name}/{field}"), device);
    let weight = fixture.float::<2>(&format!("{name}/0.weight"), device);
    let [outputs, inputs] = weight.dims();
    let mut linear = LinearConfig::new(inputs, outputs).init(device);
    linear.weight = Param::from_tensor(weight.transpose());
    linear.bias = Some(Param::from_tensor(vector("0.bias")));
    let mut norm = BatchNormConfig::new(outputs).init(device);
    norm.gamma = Param::from_tensor(vector("1.weight"));
    norm.beta = Param::from_tensor(vector("1.bias"));
    norm.running_mean = burn::module::RunningState::new(vector("1.running_mean"));
    norm.running_var = burn::module::RunningState::new(vector("1.running_var"));
    Model { linear, norm }
}

fn check(fixture: &Fixture, name: &str, model: &Model) {
    let vector = |field: &str, tensor: Tensor<1>| {
        fixture.check(&format!("{name}/{field}"), tensor, TOLERANCE);
    };
    let weight = model.linear.weight.val().transpose();
    fixture.check(&format!("{name}/0.weight"), weight, TOLERANCE);
    vector("0.bias", model.linear.bias.as_ref().unwrap().val());
    vector("1.weight", model.norm.gamma.val());
    vector("1.bias", model.norm.beta.val());
    vector("1.running_mean", model.norm.running_mean.value());
    vector("1.running_var", model.norm.running_var.value());
}

fn follow(peer: &str, config: &EmaConfig) {
    let fixture = Fixture::open("ema");
    let device = device().autodiff();
    let mut average = config.init(&model(&fixture, "start", &device));
    check(&fixture, "start", average.module());
    for step in 1..=STEPS {
        average = average.update(&model(&fixture, &format!("model/{step}"), &device));
        check(&fixture, &format!("{peer}/{step}"), average.module());
    }
}

#[test]
fn averages_are_those_of_timm_with_and_without_warm_up() {
    let config = EmaConfig::new().with_decay(0.8);
    follow("timm", &config.clone().with_warm_up(None));
    follow("timm_warm_up", &config);
    follow("timm_slow_warm_up", &config.with_warm_up(Some(0.25)));
}

#[test]
fn averages_are_those_of_pytorch() {
    follow(
        "torch",
        &EmaConfig::new().with_decay(0.8).with_warm_up(None),
    );
}
