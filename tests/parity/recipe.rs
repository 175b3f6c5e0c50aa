//! Rates by depth against timm's parameter groups, and the loss of mixed images against PyTorch.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};
use countenance::Labels;
use countenance::backbone::{EfficientNet, EfficientNetConfig, Variant, timm_name};
use countenance::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, Reduction, WeightedCrossEntropyConfig,
};
use countenance::train::{LabelBatch, Mixture, StageConfig};

use crate::fixture::{Fixture, device};

const TOLERANCE: f64 = 1e-5;

/// What of the rows' labels the fixture has.
fn labels(fixture: &Fixture, all: bool) -> Vec<Labels> {
    let floats = |name: &str| fixture.data(name).try_to_vec::<f32>().unwrap();
    let flags = |name: &str| fixture.data(name).try_to_vec::<i64>().unwrap();
    let classes = flags("expressions");
    let (has_class, has_unit, has_affect) =
        (flags("has_class"), flags("has_unit"), flags("has_affect"));
    let (units, affect) = (floats("unit_labels"), floats("affect_labels"));
    let row = |row: usize| Labels {
        expression: (all || has_class[row] == 1).then_some(classes[row] as usize),
        action_units: (row * 12..row * 12 + 12)
            .map(|place| (has_unit[place] == 1).then_some(units[place]))
            .collect(),
        valence_arousal: std::array::from_fn(|column| {
            let place = row * 2 + column;
            (has_affect[place] == 1).then_some(affect[place])
        }),
        ..Labels::default()
    };
    (0..classes.len()).map(row).collect()
}

/// The labels of the rows, and of what was mixed into them.
fn mixed(fixture: &Fixture, all: bool, device: &Device) -> (LabelBatch, Mixture) {
    let own = labels(fixture, all);
    let partners = fixture.data("partners").try_to_vec::<i64>().unwrap();
    let others: Vec<Labels> = partners
        .iter()
        .map(|&row| own[row as usize].clone())
        .collect();
    let share = fixture.data("share").try_to_vec::<f32>().unwrap()[0];
    let mixture = Mixture {
        share: f64::from(share),
        targets: LabelBatch::new(&others, 12, device),
    };
    (LabelBatch::new(&own, 12, device), mixture)
}

fn check(fixture: &Fixture, name: &str, loss: Tensor<1>, input: &Tensor<2>) {
    let gradients = loss.backward();
    let gradient = input.grad(&gradients).unwrap();
    fixture.check(&format!("{name}/value"), loss.inner(), TOLERANCE);
    fixture.check(&format!("{name}/gradient"), gradient, TOLERANCE);
}

#[test]
fn the_loss_of_mixed_images_agrees_with_pytorch() {
    let fixture = Fixture::open("recipe");
    let device = device().autodiff();
    let leaf = |name: &str| fixture.float::<2>(name, &device).require_grad();
    let expression = WeightedCrossEntropyConfig::new(vec![1.0; 8]).init(&device);
    for (name, all) in [("complete", true), ("expression", false)] {
        let (own, mixture) = mixed(&fixture, all, &device);
        let logits = leaf("logits");
        let loss = mixture.loss(&own, |targets| {
            let (classes, present) = (&targets.expressions, &targets.expressions_present);
            expression.forward(
                logits.clone(),
                classes.clone(),
                present.clone(),
                Reduction::Auto,
            )
        });
        check(&fixture, name, loss, &logits);
    }

    let (own, mixture) = mixed(&fixture, false, &device);
    let unit = AsymmetricLossConfig::new(vec![1.0; 12]).init(&device);
    let scores = leaf("scores");
    let loss = mixture.loss(&own, |targets| {
        let (units, present) = (&targets.action_units, &targets.action_units_present);
        unit.forward(
            scores.clone(),
            units.clone(),
            present.clone(),
            Reduction::Auto,
        )
    });
    check(&fixture, "unit", loss, &scores);

    let affect = ConcordanceLossConfig::new().init();
    let predictions = leaf("affect");
    let loss = mixture.loss(&own, |targets| {
        let (values, present) = (&targets.valence_arousal, &targets.valence_arousal_present);
        let predictions = predictions.clone();
        affect.forward(
            predictions,
            values.clone(),
            present.clone(),
            Reduction::Auto,
        )
    });
    check(&fixture, "affect", loss, &predictions);
}

/// A network within another module, as it stands in what is trained.
#[derive(Module, Debug)]
struct Within {
    network: EfficientNet,
}

/// The sum of all parameters: each has a gradient of 1.
#[derive(Default)]
struct Sum(Option<Tensor<1>>);

impl ModuleVisitor for Sum {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let sum = param.val().sum();
            self.0 = Some(match self.0.take() {
                Some(before) => before + sum,
                None => sum,
            });
        }
    }
}

/// The first value of every parameter that learns, by its path.
#[derive(Default)]
struct Firsts {
    path: Vec<String>,
    values: Vec<(String, f32)>,
}

impl ModuleVisitor for Firsts {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let value = param.val().into_data().iter::<f32>().next().unwrap();
            self.values.push((self.path.join("."), value));
        }
    }
}

fn firsts<M: Module>(module: &M) -> Vec<(String, f32)> {
    let mut firsts = Firsts::default();
    module.visit(&mut firsts);
    firsts.values
}

/// The network after a step whose gradients are all 1, each value taken off what it was.
fn moved<M: Module>(
    module: M,
    stage: &StageConfig,
    groups: &[burn::module::ParamGroup],
) -> Vec<(String, f32)> {
    let before = firsts(&module);
    let mut sum = Sum::default();
    module.visit(&mut sum);
    let gradients = GradientsParams::from_grads(sum.0.unwrap().backward(), &module);
    let mut rates = stage.scheduler(1, groups).unwrap();
    let after = firsts(
        &SgdConfig::new()
            .init()
            .step(rates.step(), module, gradients),
    );
    let pairs = before.into_iter().zip(after);
    pairs
        .map(|((path, before), (_, after))| (path, before - after))
        .collect()
}

#[test]
fn every_parameter_learns_at_the_rate_of_its_depth_in_timm() {
    let fixture = Fixture::open("recipe");
    let expected = fixture.under("moved/");
    let config = EfficientNetConfig::new(Variant::B0)
        .with_width(0.25)
        .with_classes(Some(5));
    let network = config.init(&device().autodiff());
    let stage = StageConfig::new()
        .with_learning_rate(0.5)
        .with_layer_decay(0.7);
    let alone = moved(network.clone(), &stage, &network.depth_groups(""));
    let groups = network.depth_groups("network");
    let within = moved(Within { network }, &stage, &groups);
    assert_eq!(
        (alone.len(), within.len()),
        (expected.len(), expected.len())
    );
    for ((path, alone), (inner, within)) in alone.iter().zip(&within) {
        assert_eq!(&format!("network.{path}"), inner);
        let rate = expected[&timm_name(path)].try_to_vec::<f32>().unwrap()[0];
        for found in [alone, within] {
            assert!((found - rate).abs() < 1e-5, "{path}: {found} not {rate}");
        }
    }
}
