//! Optimizer trajectories on a narrow action-unit stage against PyTorch.

use burn::grad_clipping::GradientClipping;
use burn::module::{Module, Param};
use burn::nn::{BatchNorm, Linear};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Bool, Device, Tensor};
use countenance::head::{ActionUnitHead, ActionUnitHeadConfig};
use countenance::loss::{AsymmetricLoss, AsymmetricLossConfig, Reduction};
use countenance::optim::{
    BaseAdamWConfig, BaseOptimizerConfig, BaseSgdConfig, SamConfig, clip_gradient_norm,
};

use crate::fixture::{Fixture, device};

const BATCHES: usize = 4;

/// Single precision against double precision, through as many as 24 steps that each build on the
/// last.
const TOLERANCE: f64 = 1e-5;

/// The stage at the start of every run. Its dropout is off: PyTorch draws other masks.
fn stage(fixture: &Fixture, device: &Device) -> ActionUnitHead {
    let at_start = |name: &str| format!("start/{name}");
    let linear = |name: &str| Linear {
        weight: Param::from_tensor(
            fixture
                .float::<2>(&at_start(&format!("{name}.weight")), device)
                .transpose(),
        ),
        bias: Some(Param::from_tensor(
            fixture.float(&at_start(&format!("{name}.bias")), device),
        )),
    };
    let affine = |norm: &mut BatchNorm, name: &str| {
        norm.gamma = Param::from_tensor(fixture.float(&at_start(&format!("{name}.gamma")), device));
        norm.beta = Param::from_tensor(fixture.float(&at_start(&format!("{name}.beta")), device));
    };
    let weight = fixture.float::<3>(&at_start("nodes.weight"), device);
    let mut head = ActionUnitHeadConfig::new(weight.dims()[1])
        .with_dropout(0.0)
        .init(device);
    head.nodes.weight = Param::from_tensor(weight.swap_dims(1, 2));
    head.nodes.bias = Param::from_tensor(fixture.float(&at_start("nodes.bias"), device));
    affine(head.nodes.norm.as_mut().unwrap(), "nodes.norm");
    head.graph.u = linear("gcn.own");
    head.graph.v = linear("gcn.neighbour");
    affine(&mut head.graph.norm, "gcn.norm");
    head.anchors = Param::from_tensor(fixture.float(&at_start("anchors"), device));
    head
}

/// Compares with the end of `run`; without `all`, not the node bias and the mean it moves.
fn check(head: ActionUnitHead, fixture: &Fixture, run: &str, all: bool) {
    let head = head.valid();
    let end = |name: &str| format!("{run}/end/{name}");
    let check_1 = |name: &str, tensor: Tensor<1>| fixture.check(&end(name), tensor, TOLERANCE);
    let check_2 = |name: &str, tensor: Tensor<2>| fixture.check(&end(name), tensor, TOLERANCE);
    let weight = head.nodes.weight.val().swap_dims(1, 2);
    fixture.check(&end("nodes.weight"), weight, TOLERANCE);
    if all {
        check_2("nodes.bias", head.nodes.bias.val());
    }
    for (name, linear) in [("gcn.own", head.graph.u), ("gcn.neighbour", head.graph.v)] {
        check_2(&format!("{name}.weight"), linear.weight.val().transpose());
        check_1(&format!("{name}.bias"), linear.bias.unwrap().val());
    }
    for (name, norm) in [
        ("nodes.norm", head.nodes.norm.unwrap()),
        ("gcn.norm", head.graph.norm),
    ] {
        check_1(&format!("{name}.gamma"), norm.gamma.val());
        check_1(&format!("{name}.beta"), norm.beta.val());
        if all || name != "nodes.norm" {
            check_1(&format!("{name}.mean"), norm.running_mean.value());
        }
    }
    check_2("anchors", head.anchors.val());
}

struct Data {
    features: Tensor<3>,
    labels: Tensor<3>,
    present: Tensor<3, Bool>,
    loss: AsymmetricLoss,
}

impl Data {
    fn new(fixture: &Fixture, device: &Device) -> Self {
        let weights = fixture.data("weights").try_to_vec::<f32>().unwrap();
        let present = fixture.int::<3>("present", device).equal_scalar(1);
        let labels = fixture.int::<3>("labels", device).float();
        Self {
            features: fixture.float("features", device),
            labels: labels.mask_fill(present.clone().bool_not(), f32::NAN),
            present,
            loss: AsymmetricLossConfig::new(weights).init(device),
        }
    }

    fn loss(&self, stage: &ActionUnitHead, step: usize) -> Tensor<1> {
        let batch = step % BATCHES;
        let pick = |tensor: Tensor<3>| tensor.narrow(0, batch, 1).squeeze_dim::<2>(0);
        self.loss.forward(
            stage.forward(pick(self.features.clone())),
            pick(self.labels.clone()),
            self.present.clone().narrow(0, batch, 1).squeeze_dim::<2>(0),
            Reduction::Auto,
        )
    }
}

/// Compares with the gradients that the base optimizer is given in the first step of `run`.
fn check_gradients(
    head: &ActionUnitHead,
    gradients: &GradientsParams,
    fixture: &Fixture,
    run: &str,
) {
    fn of<const D: usize>(gradients: &GradientsParams, param: &Param<Tensor<D>>) -> Tensor<D> {
        gradients.get::<D>(param.id).expect("a gradient")
    }
    let name = |name: &str| format!("{run}/gradient/{name}");
    let check_1 = |of_param: &str, tensor: Tensor<1>| {
        fixture.check(&name(of_param), tensor, TOLERANCE);
    };
    let check_2 = |of_param: &str, tensor: Tensor<2>| {
        fixture.check(&name(of_param), tensor, TOLERANCE);
    };
    let weight = of(gradients, &head.nodes.weight).swap_dims(1, 2);
    fixture.check(&name("nodes.weight"), weight, TOLERANCE);
    check_2("anchors", of(gradients, &head.anchors));
    for (layer, linear) in [("gcn.own", &head.graph.u), ("gcn.neighbour", &head.graph.v)] {
        let weight = of(gradients, &linear.weight).transpose();
        check_2(&format!("{layer}.weight"), weight);
        let bias = linear.bias.as_ref().expect("a bias");
        check_1(&format!("{layer}.bias"), of(gradients, bias));
    }
    let of_nodes = head.nodes.norm.as_ref().expect("a norm");
    for (layer, norm) in [("nodes.norm", of_nodes), ("gcn.norm", &head.graph.norm)] {
        check_1(&format!("{layer}.gamma"), of(gradients, &norm.gamma));
        check_1(&format!("{layer}.beta"), of(gradients, &norm.beta));
    }
}

fn follow(run: &str, optimizer: ModuleOptimizer, rate: f64, sam: Option<SamConfig>) {
    follow_accumulated(run, optimizer, rate, sam, 1, None);
}

/// Follows `run`, each of whose steps adds up the gradients of `accumulated` batches and scales them
/// to a norm of at most `most` together.
fn follow_accumulated(
    run: &str,
    mut optimizer: ModuleOptimizer,
    rate: f64,
    sam: Option<SamConfig>,
    accumulated: usize,
    most: Option<f64>,
) {
    let fixture = Fixture::open("optim");
    let device = device().autodiff();
    let data = Data::new(&fixture, &device);
    let mut stage = stage(&fixture, &device);
    let name = format!("{run}/losses");
    let steps = fixture.data(&name).shape()[0];
    let sam = sam.map(|config| config.init());
    let mut losses: Vec<f32> = Vec::new();
    for first in (0..steps).step_by(accumulated) {
        let mut sum = GradientsAccumulator::new();
        for step in first..first + accumulated {
            let (loss, gradients) = match &sam {
                Some(sam) => {
                    let found = sam.step(&stage, |stage| {
                        let loss = data.loss(stage, step);
                        (loss.clone(), loss)
                    });
                    (found.output, found.gradients)
                }
                None => {
                    let loss = data.loss(&stage, step);
                    let gradients = GradientsParams::from_grads(loss.backward(), &stage);
                    (loss, gradients)
                }
            };
            losses.push(loss.into_scalar());
            sum.accumulate(&stage, gradients);
        }
        let mut gradients = sum.grads();
        if let Some(most) = most {
            gradients = clip_gradient_norm(&stage, gradients, most);
            if first == 0 {
                check_gradients(&stage, &gradients, &fixture, run);
            }
        }
        stage = optimizer.step(rate, stage, gradients);
    }
    let losses = Tensor::<1>::from_floats(losses.as_slice(), &device.without_autodiff());
    fixture.check(&name, losses, TOLERANCE);
    // A bias before a norm has no effect but on the running mean, and a gradient of zero. Adam
    // scales whatever rounding leaves of that up to the size of a step: nothing to compare.
    check(stage, &fixture, run, !run.ends_with("adamw"));
}

const RATE: f64 = 0.05;
const ADAM_RATE: f64 = 0.003;

fn sgd() -> ModuleOptimizer {
    BaseOptimizerConfig::default().init()
}

fn adamw() -> ModuleOptimizer {
    BaseOptimizerConfig::AdamW(BaseAdamWConfig::new().with_weight_decay(0.05)).init()
}

#[test]
fn twenty_four_steps_of_sam_match() {
    follow("sam", sgd(), RATE, Some(SamConfig::new()));
}

#[test]
fn sam_with_the_programs_statistics_matches() {
    let sam = SamConfig::new().with_second_pass_statistics(true);
    follow("sam_program", sgd(), RATE, Some(sam));
}

#[test]
fn adaptive_sam_matches() {
    let sam = SamConfig::new().with_adaptive(true).with_rho(0.5);
    follow("asam", sgd(), RATE, Some(sam));
}

#[test]
fn sgd_matches_with_and_without_nesterov_and_dampening() {
    follow("sgd", sgd(), RATE, None);
    let nesterov = BaseSgdConfig::new().with_nesterov(true).with_momentum(0.8);
    follow("sgd_nesterov", nesterov.init(), RATE, None);
    let dampened = BaseSgdConfig::new().with_dampening(0.3);
    follow("sgd_dampened", dampened.init(), RATE, None);
}

#[test]
fn adamw_matches_alone_and_under_sam() {
    follow("adamw", adamw(), ADAM_RATE, None);
    follow("sam_adamw", adamw(), ADAM_RATE, Some(SamConfig::new()));
}

/// The largest norm in the fixtures' clipped runs; every step's is above it.
const MOST: f64 = 0.05;

#[test]
fn sam_matches_with_accumulated_gradients_that_are_clipped_together() {
    let sam = Some(SamConfig::new());
    follow_accumulated("sam_accumulated", sgd(), RATE, sam, 2, Some(MOST));
}

#[test]
fn sam_matches_with_burns_clipping_of_every_parameter() {
    let clipping = GradientClipping::Norm(MOST as f32);
    let optimizer = sgd().with_grad_clipping(clipping);
    follow("sam_clipped", optimizer, RATE, Some(SamConfig::new()));
}
