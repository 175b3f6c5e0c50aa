//! The fused network against burn's own operations, layer by layer.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::ModuleSnapshot;
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::block::Block;
use super::features::{features, features_with, steps};
use super::part::Fused;
use crate::backbone::{EfficientNet, EfficientNetConfig, Flavour, Variant};
use crate::cpu::autograd::{Forward, Operation};
use crate::cpu::memory::Array;
use crate::cpu::simd::{Isa, LANES};
use crate::testing::{Draw, drawn, noise};

fn network(config: &EfficientNetConfig) -> EfficientNet {
    let device = Device::flex().autodiff();
    config.init(&device).map(&mut Draw(0))
}

fn images(batch: usize, [height, width]: [usize; 2]) -> Tensor<4> {
    drawn([batch, 3, height, width], 1000, &Device::flex().autodiff())
}

fn configs() -> Vec<EfficientNetConfig> {
    let mut all = Vec::new();
    for flavour in [Flavour::Tensorflow, Flavour::Plain] {
        let config = |variant| {
            EfficientNetConfig::new(variant)
                .with_flavour(flavour)
                .with_drop_path(0.0)
                .with_momentum(Some(0.3))
        };
        all.push(config(Variant::Tiny));
        // So narrow that the first block adds the stem's output to its own.
        all.push(config(Variant::B0).with_width(0.1).with_depth(0.5));
        // A second block without expansion, and channels that fill no vector.
        all.push(config(Variant::B1).with_width(0.6).with_depth(0.4));
    }
    all
}

/// Every number that a step leaves: gradients by path, running statistics by path.
struct Numbers<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Numbers<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        let data = match param.val().grad(self.gradients) {
            Some(gradient) => gradient.into_data(),
            None if path.contains("running") => param.val().into_data(),
            None => return,
        };
        self.found.insert(path, data.try_to_vec().unwrap());
    }
}

fn by_layers(network: &EfficientNet, images: Tensor<4>) -> Tensor<2> {
    network
        .forward_maps(images)
        .mean_dims(&[2, 3])
        .flatten(1, 3)
}

/// Features, gradients and running statistics of one step.
fn step(
    network: &EfficientNet,
    images: &Tensor<4>,
    function: impl Fn(&EfficientNet, Tensor<4>) -> Tensor<2>,
) -> BTreeMap<String, Vec<f32>> {
    let features = function(network, images.clone());
    let shape = features.dims();
    let probe = TensorData::new(noise(shape.iter().product(), 2000), shape);
    let probe = Tensor::from_data(probe, &images.device());
    let gradients = (features.clone() * probe).sum().backward();
    // burn keeps the last step's statistics apart until `valid` folds them in.
    network.valid();
    let mut numbers = Numbers {
        gradients: &gradients,
        path: Vec::new(),
        found: BTreeMap::new(),
    };
    network.visit(&mut numbers);
    let mut found = numbers.found;
    found.insert(
        "features".into(),
        features.into_data().try_to_vec().unwrap(),
    );
    if let Some(gradient) = images.grad(&gradients) {
        found.insert("images".into(), gradient.into_data().try_to_vec().unwrap());
    }
    found
}

fn compare(
    found: &BTreeMap<String, Vec<f32>>,
    expected: &BTreeMap<String, Vec<f32>>,
    tolerance: f32,
    what: &str,
) {
    assert!(found.keys().eq(expected.keys()), "{what}: other numbers");
    let mut wrong = Vec::new();
    let largest = expected
        .values()
        .flatten()
        .fold(1e3f32, |top, v| top.max(v.abs()));
    for (name, expected) in expected {
        let found = &found[name];
        assert_eq!(found.len(), expected.len(), "{what}: {name}");
        // A shift right before another norm has a gradient of 0, the sum of terms of order 1.
        let scale = expected
            .iter()
            .fold(1e-5 * largest, |top, v| top.max(v.abs()));
        let errors = found.iter().zip(expected);
        let error = errors.fold(0.0f32, |top, (a, b)| top.max((a - b).abs())) / scale;
        if error.is_nan() || error > tolerance {
            wrong.push(format!("{name}: off by {error:e} of {scale}"));
        }
    }
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

fn fused(isa: Isa) -> impl Fn(&EfficientNet, Tensor<4>) -> Tensor<2> {
    move |network, images| features_with(isa, &network.view(), &images).expect("fused")
}

#[test]
fn every_set_gives_the_values_and_gradients_of_the_layers() {
    for config in configs() {
        for size in [[64, 64], [69, 77], [96, 63]] {
            let images = images(4, size).require_grad();
            let expected = step(&network(&config), &images, by_layers);
            // Every parameter and statistic, the images, and the features.
            let all = network(&config).collect(None, None, false).len() + 2;
            assert_eq!(expected.len(), all);
            for isa in Isa::available() {
                let found = step(&network(&config), &images, fused(isa));
                let what = format!("{isa:?} {config:?} {size:?}");
                compare(&found, &expected, 2e-3, &what);
            }
        }
    }
}

#[test]
fn the_published_network_gives_what_its_layers_give() {
    let config = EfficientNetConfig::new(Variant::B0).with_drop_path(0.0);
    let images = images(3, [128, 96]);
    let expected = step(&network(&config), &images, by_layers);
    let found = step(&network(&config), &images, EfficientNet::forward_features);
    compare(&found, &expected, 5e-3, "B0");
}

#[test]
fn a_step_does_not_depend_on_the_threads() {
    let config = configs().remove(2);
    let images = images(5, [69, 77]).require_grad();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let step = || step(&network(&config), &images, EfficientNet::forward_features);
        pool.unwrap().install(step)
    };
    let alone = with(1);
    assert!(alone == with(2) && alone == with(3));
}

/// A map and parameters for `block`.
fn inputs(block: &Block) -> Vec<Array> {
    let grid = block.input;
    let (channels, inner, outputs) = (grid.channels, block.shape.inner, block.shape.outputs);
    let (reduced, kernel) = ((channels / 4).max(1), block.shape.window.kernel);
    let mut map = noise(grid.vectors() * LANES, 1);
    for (index, value) in map.iter_mut().enumerate() {
        // The lanes beyond the last channel are 0.
        if index / LANES / grid.plane() * LANES + index % LANES >= channels {
            *value = 0.0;
        }
    }
    let mut shapes = Vec::new();
    if block.norms.len() == 3 {
        shapes.extend([vec![inner, channels, 1, 1], vec![inner], vec![inner]]);
    }
    shapes.extend([vec![inner, 1, kernel, kernel], vec![inner], vec![inner]]);
    shapes.extend([vec![reduced, inner, 1, 1], vec![reduced]]);
    shapes.extend([vec![inner, reduced, 1, 1], vec![inner]]);
    shapes.extend([vec![outputs, inner, 1, 1], vec![outputs], vec![outputs]]);
    let parameters = shapes.into_iter().zip(2..).map(|(shape, seed)| {
        let values = noise(shape.iter().product(), seed);
        Array::new(values, shape)
    });
    std::iter::once(Array::new(map, grid.shape()))
        .chain(parameters)
        .collect()
}

#[test]
fn a_dropped_path_is_left_out_both_ways() {
    let config = EfficientNetConfig::new(Variant::B0).with_width(0.2);
    let network = network(&config);
    let view = network.view();
    let (_, blocks, _) = steps(&view, [3, 3, 32, 32]).unwrap();
    let expands = |block: &Block| block.norms.len() == 3;
    let mut blocks = blocks.into_iter().map(|step| step.part);
    let block = blocks
        .find(|b| b.shape.is_residual() && expands(b))
        .unwrap();
    let input = block.input;
    let keep = [0.0, 1.0, 2.5];
    let all: [Array; 14] = inputs(&block).try_into().unwrap();
    let image = |index: usize| index / LANES / input.pixels() % 3;
    let gradient = noise(all[0].values().len(), 50);
    let scaled: Vec<f32> = (0..gradient.len())
        .map(|index| gradient[index] * keep[image(index)])
        .collect();
    let run = |block: Block, gradient: &[f32]| {
        let operation = Fused {
            isa: Isa::best(),
            part: block,
        };
        let Forward {
            output: out, saved, ..
        } = Operation::<14>::forward(&operation, &all);
        let gradient = Array::new(gradient.to_vec(), input.shape());
        let gradients = Operation::<14>::backward(&operation, saved, gradient, [true; 14]);
        (
            operation.part,
            out,
            gradients.map(|gradient| gradient.unwrap()),
        )
    };
    let (block, whole, expected) = run(block, &scaled);
    let kept = Block {
        keep: Some(keep.to_vec()),
        ..block
    };
    let (_, kept, found) = run(kept, &gradient);
    let close = |a: f32, b: f32| (a - b).abs() <= 1e-4 * (1.0 + b.abs());
    for (index, map) in all[0].values().iter().enumerate() {
        let branch = keep[image(index)] * (whole.values()[index] - map);
        assert!(close(kept.values()[index] - map, branch), "output {index}");
        // The input's own share of the gradient is not that of the branch.
        let expected = expected[0].values()[index] - scaled[index];
        let found = found[0].values()[index] - gradient[index];
        assert!(
            close(found, expected),
            "gradient {index}: {found} {expected}"
        );
    }
    for (found, expected) in found.iter().zip(&expected).skip(1) {
        let pairs = found.values().iter().zip(expected.values());
        assert!(
            pairs
                .into_iter()
                .all(|(found, expected)| close(*found, *expected))
        );
    }
}

#[test]
fn norms_outside_training_keep_their_statistics() {
    for config in configs() {
        let network = || network(&config).freeze().set_require_grad(true);
        let images = images(3, [37, 45]).require_grad();
        let expected = step(&network(), &images, by_layers);
        let found = step(&network(), &images, EfficientNet::forward_features);
        compare(&found, &expected, 2e-3, &format!("{config:?}"));
        let before = network();
        for (name, values) in step(&before, &images, EfficientNet::forward_features) {
            if name.contains("running") {
                assert_eq!(values, found[&name], "{name}");
            }
        }
    }
}

#[test]
fn frozen_parts_get_no_gradient_and_the_others_theirs() {
    let config = configs().remove(0);
    let network = || {
        let mut network = network(&config);
        network.conv_stem = network.conv_stem.freeze();
        network.bn1 = network.bn1.freeze();
        let first = network.blocks.remove(0);
        network.blocks.insert(0, first.freeze());
        let last = network.blocks.pop().unwrap();
        network.blocks.push(last.freeze());
        network
    };
    let images = images(4, [64, 64]);
    let expected = step(&network(), &images, by_layers);
    let found = step(&network(), &images, EfficientNet::forward_features);
    assert!(!found.contains_key("conv_stem.weight") && found.contains_key("conv_head.weight"));
    compare(&found, &expected, 2e-3, "frozen parts");
}

#[test]
fn only_training_on_burns_cpu_backend_is_taken() {
    let network = network(&configs()[0]);
    let plain = images(1, [32, 32]).inner();
    let declines =
        |network: &EfficientNet, images: Tensor<4>| features(&network.view(), &images).is_none();
    assert!(declines(&network.valid(), plain.clone()));
    let checkpointed = Device::flex().autodiff().gradient_checkpointing();
    assert!(declines(&network, plain.to_device(&checkpointed)));
}
