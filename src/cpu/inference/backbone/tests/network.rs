//! The compiled network against its layers.

use burn::module::{Module, ModuleMapper, Param, RunningState};
use burn::tensor::{Device, Tensor};

use super::super::compile::compile;
use super::assert_close;
use crate::backbone::{EfficientNet, EfficientNetConfig, Flavour, MbConv, Variant};
use crate::cpu::simd::Isa;
use crate::testing::{Draw, drawn, noise};

fn network(config: &EfficientNetConfig) -> EfficientNet {
    config.init(&Device::default()).map(&mut Draw(0))
}

fn images(batch: usize, [height, width]: [usize; 2]) -> Tensor<4> {
    drawn([batch, 3, height, width], 1, &Device::default())
}

fn by_layers(network: &EfficientNet, images: Tensor<4>) -> Vec<f32> {
    let maps = network.forward_maps(images).mean_dims(&[2, 3]);
    maps.into_data().try_to_vec().unwrap()
}

fn features(network: &EfficientNet, images: Tensor<4>) -> Vec<f32> {
    let features = network.forward_features(images);
    features.into_data().try_to_vec().unwrap()
}

fn configs() -> Vec<EfficientNetConfig> {
    let mut all = Vec::new();
    for flavour in [Flavour::Tensorflow, Flavour::Plain] {
        let config = |variant| EfficientNetConfig::new(variant).with_flavour(flavour);
        all.push(config(Variant::Tiny));
        // A second block without expansion, and channels that fill no vector.
        all.push(config(Variant::B1).with_width(0.6));
    }
    all
}

#[test]
fn every_set_gives_what_the_layers_give() {
    for config in configs() {
        let network = network(&config);
        for size in [[1, 1], [31, 33], [64, 47], [96, 96]] {
            let images = images(2, size);
            let expected = by_layers(&network, images.clone());
            let pixels: Vec<f32> = images.into_data().try_to_vec().unwrap();
            for isa in Isa::available() {
                let compiled = compile(&network.view(), isa).unwrap();
                let what = format!("{isa:?} {config:?} {size:?}");
                assert_close(&compiled.features(&pixels, size), &expected, 1e-5, &what);
            }
        }
    }
}

#[test]
fn the_published_network_gives_what_its_layers_give() {
    let network = network(&EfficientNetConfig::new(Variant::B0));
    let images = images(1, [224, 224]);
    let expected = by_layers(&network, images.clone());
    assert_close(&features(&network, images), &expected, 1e-4, "B0");
}

#[test]
fn the_result_depends_neither_on_the_batch_nor_on_the_threads() {
    let network = network(&EfficientNetConfig::new(Variant::B1).with_width(0.6));
    let size = [63, 80];
    let pixels = noise(7 * 3 * size[0] * size[1], 1);
    for isa in Isa::available() {
        let compiled = compile(&network.view(), isa).unwrap();
        let expected: Vec<f32> = pixels
            .chunks(3 * size[0] * size[1])
            .flat_map(|image| compiled.features(image, size))
            .collect();
        for threads in [1, 2, 3, 9] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let together = pool.install(|| compiled.features(&pixels, size));
            assert_eq!(together, expected, "{isa:?}, {threads} threads");
        }
    }
}

#[test]
fn one_compiled_network_serves_several_threads_at_a_time() {
    let network = network(&EfficientNetConfig::new(Variant::Tiny));
    let compiled = compile(&network.view(), Isa::best()).unwrap();
    let pixels = noise(3 * 3 * 40 * 40, 1);
    let expected = compiled.features(&pixels, [40, 40]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(compiled.features(&pixels, [40, 40]), expected));
        }
    });
}

/// The sizes of maps differ from call to call, and the memory of the last call is used again.
#[test]
fn a_smaller_image_after_a_larger_one_is_right() {
    let network = network(&EfficientNetConfig::new(Variant::Tiny));
    let compiled = compile(&network.view(), Isa::best()).unwrap();
    let small = noise(3 * 33 * 31, 1);
    let expected = compiled.features(&small, [33, 31]);
    compiled.features(&noise(3 * 90 * 70, 1), [90, 70]);
    assert_eq!(compiled.features(&small, [33, 31]), expected);
}

#[test]
#[should_panic(expected = "whole number of images")]
fn half_an_image_is_refused() {
    let network = network(&EfficientNetConfig::new(Variant::Tiny));
    compile(&network.view(), Isa::best())
        .unwrap()
        .features(&[0.0; 20], [3, 3]);
}

/// Asserts that the network takes what was compiled, and that this is not stale.
fn assert_fresh(network: &EfficientNet, before: &[f32], what: &str) {
    let images = images(1, [32, 32]);
    let now = features(network, images.clone());
    assert_ne!(now, before, "{what}: the change has no effect");
    assert_close(&now, &by_layers(network, images), 1e-5, what);
}

struct Larger;

impl ModuleMapper for Larger {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor * 1.1)
    }
}

#[test]
fn every_change_of_the_network_changes_its_features() {
    let config = EfficientNetConfig::new(Variant::Tiny);
    let original = network(&config);
    let before = features(&original, images(1, [32, 32]));
    let device = Device::default();

    assert_fresh(&original.clone().map(&mut Larger), &before, "mapping");
    // The clone's running statistics are the original's.
    assert_fresh(&original, &before, "mapping a clone");

    let fresh = network(&config);
    let before = features(&fresh, images(1, [32, 32]));
    let other = config.init(&device).map(&mut Draw(1000));
    let record = other.into_record();
    assert_fresh(&fresh.load_record(record), &before, "loading");

    let mut network = network(&config);
    let before = features(&network, images(1, [32, 32]));
    network.conv_stem.weight = network.conv_stem.weight.map(|weight| weight * 1.5);
    assert_fresh(&network, &before, "assigning a weight");

    let before = features(&network, images(1, [32, 32]));
    network.bn2.epsilon = 0.5;
    assert_fresh(&network, &before, "assigning an epsilon");

    let before = features(&network, images(1, [32, 32]));
    let width = config.feature_width();
    network.bn2.running_mean = RunningState::new(Tensor::ones([width], &device));
    assert_fresh(&network, &before, "assigning a statistic");

    let before = features(&network, images(1, [32, 32]));
    let MbConv::InvertedResidual(block) = &mut network.blocks[1][0] else {
        unreachable!("stage 1 expands");
    };
    let bias = block.se.conv_expand.bias.take().unwrap();
    block.se.conv_expand.bias = Some(bias.map(|bias| bias + 2.0));
    assert_fresh(&network, &before, "assigning a bias");

    let before = features(&network, images(1, [32, 32]));
    network.blocks[1].pop();
    network.blocks.truncate(1);
    network.conv_head = burn::nn::conv::Conv2dConfig::new([16, width], [1, 1]).init(&device);
    assert_fresh(&network, &before, "leaving out blocks");
}

#[test]
fn a_layer_that_no_kernel_knows_runs_by_itself() {
    let device = Device::default();
    let mut network = network(&EfficientNetConfig::new(Variant::Tiny));
    network.conv_stem = burn::nn::conv::Conv2dConfig::new([3, 8], [7, 7])
        .with_stride([2, 2])
        .init(&device);
    assert!(compile(&network.view(), Isa::best()).is_none());
    let images = images(2, [32, 32]);
    let expected = by_layers(&network, images.clone());
    assert_eq!(features(&network, images), expected);
}

/// The stem's rows are made as the first block takes them, which a block that adds its input does
/// twice.
#[test]
fn a_network_so_narrow_that_its_first_block_adds_the_stems_output_runs_by_itself() {
    let config = EfficientNetConfig::new(Variant::B0);
    let network = network(&config.with_width(0.1).with_depth(0.5));
    assert!(compile(&network.view(), Isa::best()).is_none());
    let images = images(2, [32, 32]);
    let expected = by_layers(&network, images.clone());
    assert_eq!(features(&network, images), expected);
}
