//! A narrow EfficientNet of each flavour against timm, layer kinds, paddings and gradients.

use std::collections::BTreeSet;

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::{ModuleSnapshot, PyTorchToBurnAdapter, bridge};
use burn::tensor::{Device, Gradients, Tensor};
use countenance::backbone::{EfficientNet, EfficientNetConfig, Flavour, Variant, timm_name};

use crate::fixture::{Fixture, device};

/// Float32 against float64 through some thirty convolutions.
const VALUE: f64 = 1e-5;
/// The gradients pass twenty batch norms in training mode, each over as few as 12 values a channel,
/// whose small variances magnify rounding.
const GRADIENT: f64 = 1e-4;
/// A shift right before another norm has a gradient of exactly 0, the sum of terms of order 10. The
/// fixture's scale is then never below 1e-3, so this asks for an error below 2e-5.
const VANISHED: f64 = 2e-2;

const FLAVOURS: [(&str, Flavour); 2] = [
    ("tensorflow", Flavour::Tensorflow),
    ("plain", Flavour::Plain),
];

/// The fixture's network with the fixture's weights; every tensor must find its place.
fn network(fixture: &Fixture, flavour: Flavour, device: &Device) -> EfficientNet {
    let mut network = EfficientNetConfig::new(Variant::B0)
        .with_flavour(flavour)
        .with_width(0.1)
        .with_depth(0.5)
        .with_classes(Some(5))
        .with_drop_path(0.0)
        .with_dropout(0.0)
        .init(device);
    let paths: Vec<String> = network
        .collect(None, None, false)
        .into_iter()
        .map(|tensor| tensor.name)
        .collect();
    let weights = fixture.under("weight.");
    let names: BTreeSet<_> = paths.iter().map(|path| timm_name(path)).collect();
    assert_eq!(names.len(), paths.len(), "two paths share a name");
    assert!(names.iter().eq(weights.keys()), "names differ from timm's");

    let tensors = paths
        .into_iter()
        .map(|path| bridge::from_data(weights[&timm_name(&path)].clone(), path, None))
        .collect();
    let result = network.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), false);
    assert!(
        result.missing.is_empty() && result.unused.is_empty() && result.errors.is_empty(),
        "{result}"
    );
    network
}

/// Compares every parameter's gradient, and every running mean, with the fixture's.
struct Checker<'a> {
    fixture: &'a Fixture,
    gradients: &'a Gradients,
    prefix: String,
    path: Vec<String>,
    checked: BTreeSet<String>,
}

impl ModuleVisitor for Checker<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = timm_name(&self.path.join("."));
        let (name, actual, tolerance) = match param.val().grad(self.gradients) {
            Some(gradient) => {
                let name = format!("gradient.{name}");
                let expected: Tensor<D> = self
                    .fixture
                    .float(&format!("{}{name}", self.prefix), &gradient.device());
                let vanished = expected.abs().max().into_scalar::<f32>() < 1e-8;
                (name, gradient, if vanished { VANISHED } else { GRADIENT })
            }
            // burn's running variance is the biased one, PyTorch's is not.
            None if name.ends_with("running_var") => return,
            None => (name, param.val().inner(), VALUE),
        };
        // timm holds the classifier transposed.
        let actual = if name == "gradient.classifier.weight" {
            actual.swap_dims(0, 1)
        } else {
            actual
        };
        self.fixture
            .check(&format!("{}{name}", self.prefix), actual, tolerance);
        self.checked.insert(name);
    }
}

#[test]
fn every_stage_of_inference_is_timms_on_even_and_odd_sizes() {
    let (fixture, device) = (Fixture::open("backbone"), device());
    for (name, flavour) in FLAVOURS {
        let network = network(&fixture, flavour, &device);
        for case in ["eval", "odd"] {
            let images = fixture.float::<4>(&format!("{case}.images"), &device);
            let check = |what: &str, tensor| {
                fixture.check(&format!("{name}.{case}.{what}"), tensor, VALUE);
            };
            for (index, maps) in network
                .forward_stages(images.clone())
                .into_iter()
                .enumerate()
            {
                fixture.check(&format!("{name}.{case}.stage.{index}"), maps, VALUE);
            }
            check("features", network.forward_features(images.clone()));
            check("logits", network.forward(images));
        }
    }
}

#[test]
fn training_gives_timms_outputs_gradients_and_running_means() {
    let fixture = Fixture::open("backbone");
    let device = device().autodiff();
    for (name, flavour) in FLAVOURS {
        let network = network(&fixture, flavour, &device);
        let images = fixture.float::<4>("eval.images", &device).require_grad();
        let features = network.forward_features(images.clone());
        let logits = network.forward_head(features.clone());
        let probe = fixture.float::<2>("probe", &device);
        let gradients = (logits.clone() * probe).sum().backward();

        let check = |what: &str, tensor| {
            fixture.check(&format!("{name}.train.{what}"), tensor, VALUE);
        };
        check("features", features.inner());
        check("logits", logits.inner());
        fixture.check(
            &format!("{name}.train.gradient.images"),
            images.grad(&gradients).expect("the images ask for one"),
            GRADIENT,
        );
        let prefix = format!("{name}.train.");
        let mut checker = Checker {
            fixture: &fixture,
            gradients: &gradients,
            prefix: prefix.clone(),
            path: Vec::new(),
            checked: BTreeSet::new(),
        };
        // burn keeps the last step's statistics apart until `valid` folds them in.
        network.valid();
        network.visit(&mut checker);
        let mut expected: BTreeSet<String> = fixture.under(&prefix).into_keys().collect();
        for output in ["features", "logits", "gradient.images"] {
            expected.remove(output);
        }
        assert_eq!(checker.checked, expected);
    }
}
