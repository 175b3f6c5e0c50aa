//! A narrow VGG, ResNet and Swin against torchvision: maps, features, logits, gradients.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::{ModuleSnapshot, PyTorchToBurnAdapter, bridge};
use burn::tensor::{Device, Gradients, Tensor};
use countenance::backbone::{
    Backbone, BackboneConfig, ResNetConfig, SwinConfig, SwinLayout, VggConfig, resnet_name,
};
use countenance::weights::{Family, ImportOptions, import, load_backbone};

use crate::fixture::{Fixture, device};
use crate::full_size;

/// Float32 against float64 through a dozen layers.
const VALUE: f64 = 1e-5;
/// A gradient passes them twice.
const GRADIENT: f64 = 5e-5;
/// Where a ReLU leaves every value of the stem, a shift right before another norm has a gradient of exactly
/// 0, the sum of terms of order 10. The fixture's scale is then never below 1e-3, so this asks for an
/// error below 2e-5.
const VANISHED: f64 = 2e-2;

/// The network of a name in the fixture, its classifier included.
fn config(name: &str) -> BackboneConfig {
    let config: BackboneConfig = match name {
        "vgg" => VggConfig::new(vec![vec![4, 4], vec![6], vec![8]])
            .with_grid(2)
            .with_hidden(vec![12, 10])
            .with_dropout(0.0)
            .into(),
        "resnet" => ResNetConfig::new(vec![2, 1]).with_width(4).into(),
        _ => SwinConfig::new(8, vec![2, 2], vec![2, 4])
            .with_patch(2)
            .with_window(3)
            .with_drop_path(0.0)
            .into(),
    };
    config.with_classes(Some(5))
}

/// torchvision's name of the tensor at a path.
fn named(network: &str, path: &str) -> String {
    match network {
        "vgg" => [
            ("blocks.0.0", "features.0"),
            ("blocks.0.1", "features.2"),
            ("blocks.1.0", "features.5"),
            ("blocks.2.0", "features.8"),
            ("hidden.0", "classifier.0"),
            ("hidden.1", "classifier.3"),
            ("classifier", "classifier.6"),
        ]
        .into_iter()
        .find_map(|(ours, theirs)| Some(format!("{theirs}{}", path.strip_prefix(ours)?)))
        .unwrap(),
        "resnet" => resnet_name(path),
        _ => SwinLayout::Torchvision.name(path),
    }
}

/// The fixture's network with the fixture's weights; every tensor must find its place.
fn filled(fixture: &Fixture, name: &str, device: &Device) -> Backbone {
    fill(config(name).init(device), name, fixture)
}

fn fill(network: Backbone, name: &str, fixture: &Fixture) -> Backbone {
    macro_rules! apply {
        ($network:expr, $kind:path) => {{
            let mut network = $network;
            let tensors = network.collect(None, None, false);
            let paths: Vec<String> = tensors.into_iter().map(|tensor| tensor.name).collect();
            let weights: BTreeMap<_, _> = fixture.under(&format!("{name}.weight."));
            let names: BTreeSet<_> = paths.iter().map(|path| named(name, path)).collect();
            assert!(
                names.iter().eq(weights.keys()),
                "names differ from torchvision's"
            );
            let tensors = paths
                .into_iter()
                .map(|path| bridge::from_data(weights[&named(name, &path)].clone(), path, None))
                .collect();
            let result = network.apply(tensors, None, Some(Box::new(PyTorchToBurnAdapter)), false);
            assert!(
                result.missing.is_empty() && result.unused.is_empty() && result.errors.is_empty(),
                "{result}"
            );
            $kind(network)
        }};
    }
    match network {
        Backbone::Vgg(network) => apply!(network, Backbone::Vgg),
        Backbone::ResNet(network) => apply!(network, Backbone::ResNet),
        Backbone::Swin(network) => apply!(network, Backbone::Swin),
        other => panic!("{other}"),
    }
}

/// Compares every parameter's gradient, and every running mean, with the fixture's.
struct Checker<'a> {
    fixture: &'a Fixture,
    gradients: &'a Gradients,
    network: &'a str,
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
        let path = self.path.join(".");
        let name = named(self.network, &path);
        let (name, actual, tolerance) = match param.val().grad(self.gradients) {
            Some(gradient) => {
                let name = format!("{}.gradient.{name}", self.network);
                let expected: Tensor<D> = self.fixture.float(&name, &gradient.device());
                let vanished = expected.abs().max().into_scalar::<f32>() < 1e-8;
                (name, gradient, if vanished { VANISHED } else { GRADIENT })
            }
            // burn's running variance is the biased one, PyTorch's is not.
            None if name.ends_with("running_var") => return,
            None => {
                let name = format!("{}.moved.{name}", self.network);
                (name, param.val().inner(), VALUE)
            }
        };
        // PyTorch holds linear maps transposed.
        let actual = match D == 2 && name.ends_with(".weight") {
            true => actual.swap_dims(0, 1),
            false => actual,
        };
        self.fixture.check(&name, actual, tolerance);
        self.checked.insert(name);
    }
}

#[test]
fn inference_is_torchvisions_on_sizes_that_divide_and_on_others() {
    let (fixture, device) = (Fixture::open("trunk"), device());
    for name in ["vgg", "resnet", "swin"] {
        let network = filled(&fixture, name, &device);
        for case in ["eval", "odd"] {
            let images = fixture.float::<4>(&format!("{name}.{case}.images"), &device);
            let what = |what: &str| format!("{name}.{case}.{what}");
            fixture.check(&what("maps"), network.forward_maps(images.clone()), VALUE);
            let features = network.forward_features(images);
            fixture.check(
                &what("logits"),
                network.forward_head(features.clone()),
                VALUE,
            );
            fixture.check(&what("feature"), features, VALUE);
        }
    }
}

#[test]
fn training_gives_torchvisions_outputs_gradients_and_running_means() {
    let fixture = Fixture::open("trunk");
    let device = device().autodiff();
    for (name, case) in [("vgg", "eval"), ("resnet", "eval"), ("swin", "odd")] {
        let network = filled(&fixture, name, &device);
        let what = |what: &str| format!("{name}.train.{what}");
        let images = fixture.float::<4>(&format!("{name}.{case}.images"), &device);
        let images = images.require_grad();
        // One pass of the body, so that norms see the batch once: the feature is made of the map.
        let maps = network.forward_maps(images.clone());
        let features = match &network {
            Backbone::Vgg(network) => network.forward_fc(maps.clone()),
            _ => maps.clone().mean_dims(&[2, 3]).flatten(1, 3),
        };
        let logits = network.forward_head(features.clone());
        let probe = fixture.float::<2>(&what("probe"), &device);
        let map_probe = fixture.float::<4>(&what("map_probe"), &device);
        let loss = (logits.clone() * probe).sum() + (maps.clone() * map_probe).sum();
        let gradients = loss.backward();

        fixture.check(&what("maps"), maps.inner(), VALUE);
        fixture.check(&what("feature"), features.inner(), VALUE);
        fixture.check(&what("logits"), logits.inner(), VALUE);
        let gradient = images.grad(&gradients).expect("the images ask for one");
        fixture.check(&format!("{name}.gradient.images"), gradient, GRADIENT);
        let mut checker = Checker {
            fixture: &fixture,
            gradients: &gradients,
            network: name,
            path: Vec::new(),
            checked: BTreeSet::new(),
        };
        // burn keeps the last step's statistics apart until `valid` folds them in.
        network.valid();
        network.visit(&mut checker);
        let under = |part: &str| {
            let names = fixture.under(&format!("{name}.{part}.")).into_keys();
            let names = names.map(|key| format!("{name}.{part}.{key}"));
            names.collect::<BTreeSet<_>>()
        };
        let mut expected: BTreeSet<String> = &under("gradient") | &under("moved");
        expected.remove(&format!("{name}.gradient.images"));
        assert_eq!(checker.checked, expected);
    }
}

/// Networks of full size with random weights; needs Python with torch, torchvision and timm, as `python3` or
/// as `PYTHON` says, two gigabytes of disk and of memory, and a few minutes.
#[test]
#[ignore = "writes checkpoints of a gigabyte"]
fn checkpoints_of_full_size_say_what_pytorch_says() {
    let folder = full_size::made("trunk.py");
    let device = device();
    for (file, family, width) in [
        ("vgg16", Family::Vgg, 4096),
        ("vgg_face", Family::Vgg, 25_088),
        ("resnet50", Family::ResNet, 2048),
        ("swin_t", Family::Swin, 768),
        ("swin_tiny_timm", Family::Swin, 768),
        ("swin_tiny_original", Family::Swin, 768),
    ] {
        let path = folder.path().join(format!("{file}.pth"));
        // Through the crate's own file, as `convert` writes it.
        let import = import(&path, &ImportOptions::default(), &device).unwrap();
        assert_eq!(import.family, family, "{file}");
        let own = folder.path().join("own.safetensors");
        import.model.save(&own).unwrap();
        let (network, config) = load_backbone(&own, &device).unwrap();
        assert_eq!(config.feature_width(), width, "{file}");
        let expected = path.with_extension("expected").display().to_string();
        let expected = Fixture::open(expected.leak());
        let features = network.forward_features(expected.float("inputs", &device));
        if config.classes().is_some() {
            expected.check("logits", network.forward_head(features.clone()), 1e-4);
        }
        expected.check("features", features, 1e-4);
        std::fs::remove_file(path).unwrap();
    }
}
