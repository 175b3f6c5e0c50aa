//! The challenge's baseline against PyTorch: maps, outputs, the sum of its losses, every gradient.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Gradients, Tensor, TensorData};
use countenance::backbone::VggConfig;
use countenance::label::{ActionUnit, ClassSet, Expression, UnitSet};
use countenance::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, Reduction, WeightedCrossEntropyConfig,
};
use countenance::model::{Baseline, BaselineConfig};
use countenance::weights::assign;

use crate::fixture::{Fixture, device};

/// Float32 against float64.
const VALUE: f64 = 1e-5;
const GRADIENT: f64 = 2e-5;

const CLASSES: usize = 3;
const UNITS: usize = 4;

fn config() -> BaselineConfig {
    let convolutions = VggConfig::new(vec![vec![4, 4], vec![6]]).with_grid(2);
    let units = [
        ActionUnit::AU1,
        ActionUnit::AU2,
        ActionUnit::AU4,
        ActionUnit::AU6,
    ];
    let classes = [Expression::Neutral, Expression::Anger, Expression::Fear];
    BaselineConfig::new(convolutions.into())
        .with_hidden(vec![10, 8])
        .with_dropout(0.0)
        .with_action_units(units.into_iter().collect::<UnitSet>())
        .with_expressions(ClassSet::from(classes.to_vec()))
}

/// PyTorch's name of the tensor at a path.
fn named(path: &str) -> String {
    [
        ("backbone.blocks.0.0", "convolutions.0"),
        ("backbone.blocks.0.1", "convolutions.2"),
        ("backbone.blocks.1.0", "convolutions.5"),
        ("hidden.0", "fc6"),
        ("hidden.1", "fc7"),
        ("output", "output"),
    ]
    .into_iter()
    .find_map(|(ours, theirs)| Some(format!("{theirs}{}", path.strip_prefix(ours)?)))
    .unwrap_or_else(|| panic!("{path}"))
}

fn turned(data: TensorData) -> TensorData {
    let device = burn::tensor::Device::default();
    let matrix = Tensor::<2>::from_data(data, &device);
    matrix.transpose().into_data()
}

fn filled(fixture: &Fixture, network: Baseline) -> Baseline {
    let tensors = countenance::weights::collect(&network).into_iter();
    let tensors: BTreeMap<_, _> = tensors
        .map(|(path, data)| {
            let given = fixture.data(&format!("weight.{}", named(&path)));
            let is_matrix = data.shape().to_vec().len() == 2;
            (path, if is_matrix { turned(given) } else { given })
        })
        .collect();
    assign(network, tensors).unwrap_or_else(|report| panic!("{report}"))
}

struct Checker<'a> {
    fixture: &'a Fixture,
    gradients: &'a Gradients,
    path: Vec<String>,
    checked: usize,
}

impl ModuleVisitor for Checker<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = format!("gradient.{}", named(&self.path.join(".")));
        let gradient = param
            .val()
            .grad(self.gradients)
            .expect("every layer learns");
        let gradient = match D {
            2 => gradient.swap_dims(0, 1),
            _ => gradient,
        };
        self.fixture.check(&name, gradient, GRADIENT);
        self.checked += 1;
    }
}

#[test]
fn maps_outputs_losses_and_gradients_are_pytorchs() {
    let fixture = Fixture::open("baseline");
    let device = device().autodiff();
    let network = filled(&fixture, config().init(&device));
    let images = fixture.float::<4>("images", &device).require_grad();
    let maps = network.backbone.forward_features(images.clone());
    fixture.check("maps", maps.clone().inner(), VALUE);
    let outputs = network.outputs(maps.clone());
    let whole = Tensor::cat(
        vec![
            outputs.valence_arousal.clone(),
            outputs.expression_logits.clone(),
            outputs.action_unit_logits.clone(),
        ],
        1,
    );
    fixture.check("outputs", whole.inner(), VALUE);

    let units = fixture.float::<2>("labels.action_units", &device);
    let present = units.clone().is_nan().bool_not();
    let binary = AsymmetricLossConfig::new(vec![1.0; UNITS])
        .with_focus(false)
        .init(&device);
    let scores = sigmoid(outputs.action_unit_logits);
    let binary = binary.forward(scores, units, present, Reduction::Auto);
    let classes = fixture.float::<1>("labels.expressions", &device);
    let present = classes.clone().greater_equal_scalar(0.0);
    let entropy = WeightedCrossEntropyConfig::new(vec![1.0; CLASSES]).init(&device);
    let logits = outputs.expression_logits;
    let entropy = entropy.forward(logits, classes.int(), present, Reduction::Auto);
    let affect = fixture.float::<2>("labels.affect", &device);
    let present = affect.clone().is_nan().bool_not();
    let agreement = ConcordanceLossConfig::new().init();
    let agreement = agreement.forward(outputs.valence_arousal, affect, present, Reduction::Mean);
    let loss = entropy + binary + agreement;
    let gradients = loss.backward();
    fixture.check("loss", loss.inner(), VALUE);
    let gradient = images.grad(&gradients).expect("the images ask for one");
    fixture.check("gradient.images", gradient, GRADIENT);
    let mut checker = Checker {
        fixture: &fixture,
        gradients: &gradients,
        path: Vec::new(),
        checked: 0,
    };
    network.visit(&mut checker);
    assert_eq!(checker.checked, 12);
}

#[test]
fn predictions_are_what_pytorchs_outputs_say() {
    let (fixture, device) = (Fixture::open("baseline"), device());
    let network = filled(&fixture, config().init(&device));
    let output = network.forward(fixture.float("maps", &device));
    let whole = fixture.float::<2>("outputs", &device);
    let columns = |start, count| whole.clone().narrow(1, start, count);
    let close = |found: Tensor<2>, expected: Tensor<2>| {
        let difference = (found - expected).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
    };
    close(
        output.valence_arousal.unwrap(),
        columns(0, 2).clamp(-1.0, 1.0),
    );
    close(output.expression_logits.unwrap(), columns(2, CLASSES));
    let units = sigmoid(columns(2 + CLASSES, UNITS));
    close(output.action_units.unwrap(), units);
}
