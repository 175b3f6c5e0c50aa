//! Optimizer trajectories on a small action-unit stage against PyTorch.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::activation::relu;
use burn::tensor::{Bool, Device, Tensor};
use countenance::loss::{AsymmetricLoss, AsymmetricLossConfig};
use countenance::optim::{AdamWConfig, OptimizerConfig, SamConfig, SgdConfig};

use crate::fixture::{Fixture, device};

const UNITS: usize = 12;
const NEIGHBOURS: usize = 4;
const BATCHES: usize = 4;

/// Single precision against double precision, through as many as 24 steps that each build on the
/// last.
const TOLERANCE: f64 = 1e-5;

#[derive(Module, Debug)]
struct Stage {
    nodes: Param<Tensor<3>>,
    node_bias: Param<Tensor<2>>,
    node_norm: BatchNorm,
    own: Linear,
    neighbour: Linear,
    norm: BatchNorm,
    anchors: Param<Tensor<2>>,
}

impl Stage {
    fn new(fixture: &Fixture, device: &Device) -> Self {
        let load = |name: &str| format!("start/{name}");
        let linear = |name: &str| {
            let weight = fixture.float::<2>(&load(&format!("{name}.weight")), device);
            let bias = fixture.float::<1>(&load(&format!("{name}.bias")), device);
            let [outputs, inputs] = weight.dims();
            let mut linear = LinearConfig::new(inputs, outputs).init(device);
            linear.weight = Param::from_tensor(weight.transpose());
            linear.bias = Some(Param::from_tensor(bias));
            linear
        };
        let norm = |name: &str| {
            let gamma = fixture.float::<1>(&load(&format!("{name}.gamma")), device);
            let beta = fixture.float::<1>(&load(&format!("{name}.beta")), device);
            let mut norm = BatchNormConfig::new(gamma.dims()[0]).init(device);
            norm.gamma = Param::from_tensor(gamma);
            norm.beta = Param::from_tensor(beta);
            norm
        };
        Self {
            nodes: Param::from_tensor(fixture.float(&load("nodes.weight"), device)),
            node_bias: Param::from_tensor(fixture.float(&load("nodes.bias"), device)),
            node_norm: norm("nodes.norm"),
            own: linear("gcn.own"),
            neighbour: linear("gcn.neighbour"),
            norm: norm("gcn.norm"),
            anchors: Param::from_tensor(fixture.float(&load("anchors"), device)),
        }
    }

    fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        let [batch, width] = features.dims();
        let nodes = self.nodes.val().reshape([UNITS * width, width]);
        let nodes = features.matmul(nodes.transpose()) + self.node_bias.val().reshape([1, -1]);
        let nodes = relu(self.node_norm.forward(nodes)).reshape([batch, UNITS, width]);

        let topology = nodes.clone().detach();
        let similarity = topology.clone().matmul(topology.transpose());
        let nearest = similarity.clone().topk(NEIGHBOURS, 2);
        let least = nearest.narrow(2, NEIGHBOURS - 1, 1);
        let adjacency = similarity.greater_equal(least).float();
        let scale = adjacency.clone().sum_dim(2).sqrt().recip();
        let adjacency = scale.clone() * adjacency * scale.transpose();

        let messages = adjacency.matmul(self.neighbour.forward(nodes.clone()));
        let change = self
            .norm
            .forward(messages + self.own.forward(nodes.clone()));
        let nodes = unit_length(relu(nodes + change));
        let anchors = unit_length(relu(self.anchors.val()).unsqueeze::<3>());
        (nodes * anchors).sum_dim(2).squeeze_dim(2)
    }

    /// Compares with the end of `run`; without `all`, not the node bias and the mean it moves.
    fn check(&self, fixture: &Fixture, run: &str, all: bool) {
        let end = |name: &str| format!("{run}/end/{name}");
        let check = |name: &str, tensor: Tensor<2>| fixture.check(&end(name), tensor, TOLERANCE);
        let check_1 = |name: &str, tensor: Tensor<1>| fixture.check(&end(name), tensor, TOLERANCE);
        let model = self.valid();
        fixture.check(&end("nodes.weight"), model.nodes.val(), TOLERANCE);
        if all {
            check("nodes.bias", model.node_bias.val());
        }
        for (name, linear) in [("gcn.own", &model.own), ("gcn.neighbour", &model.neighbour)] {
            check(&format!("{name}.weight"), linear.weight.val().transpose());
            check_1(&format!("{name}.bias"), linear.bias.as_ref().unwrap().val());
        }
        for (name, norm) in [("nodes.norm", &model.node_norm), ("gcn.norm", &model.norm)] {
            check_1(&format!("{name}.gamma"), norm.gamma.val());
            check_1(&format!("{name}.beta"), norm.beta.val());
            if all || name != "nodes.norm" {
                check_1(&format!("{name}.mean"), norm.running_mean.value());
            }
        }
        check("anchors", model.anchors.val());
    }
}

fn unit_length(vectors: Tensor<3>) -> Tensor<3> {
    let norms = vectors.clone().square().sum_dim(2).sqrt().clamp_min(1e-12);
    vectors / norms
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

    fn loss(&self, stage: &Stage, step: usize) -> Tensor<1> {
        let batch = step % BATCHES;
        let pick = |tensor: Tensor<3>| tensor.narrow(0, batch, 1).squeeze_dim::<2>(0);
        self.loss.forward(
            stage.forward(pick(self.features.clone())),
            pick(self.labels.clone()),
            self.present.clone().narrow(0, batch, 1).squeeze_dim(0),
        )
    }
}

fn follow(run: &str, mut optimizer: ModuleOptimizer, rate: f64, sam: Option<SamConfig>) {
    let fixture = Fixture::open("optim");
    let device = device().autodiff();
    let data = Data::new(&fixture, &device);
    let mut stage = Stage::new(&fixture, &device);
    let name = format!("{run}/losses");
    let steps = fixture.data(&name).shape()[0];
    let sam = sam.map(|config| config.init());
    let mut losses: Vec<f32> = Vec::new();
    for step in 0..steps {
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
        stage = optimizer.step(rate, stage, gradients);
    }
    let losses = Tensor::<1>::from_floats(losses.as_slice(), &device.without_autodiff());
    fixture.check(&name, losses, TOLERANCE);
    // A bias before a norm has no effect but on the running mean, and a gradient of zero. Adam
    // scales whatever rounding leaves of that up to the size of a step: nothing to compare.
    stage.check(&fixture, run, !run.ends_with("adamw"));
}

const RATE: f64 = 0.05;
const ADAM_RATE: f64 = 0.003;

fn sgd() -> ModuleOptimizer {
    OptimizerConfig::default().init()
}

fn adamw() -> ModuleOptimizer {
    OptimizerConfig::AdamW(AdamWConfig::new().with_weight_decay(0.05)).init()
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
    let nesterov = SgdConfig::new().with_nesterov(true).with_momentum(0.8);
    follow("sgd_nesterov", nesterov.init(), RATE, None);
    let dampened = SgdConfig::new().with_dampening(0.3);
    follow("sgd_dampened", dampened.init(), RATE, None);
}

#[test]
fn adamw_matches_alone_and_under_sam() {
    follow("adamw", adamw(), ADAM_RATE, None);
    follow("sam_adamw", adamw(), ADAM_RATE, Some(SamConfig::new()));
}
