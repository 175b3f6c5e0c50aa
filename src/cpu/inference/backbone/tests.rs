//! The kernels against plain loops, and the compiled network against its layers.

use burn::module::{Module, ModuleMapper, Param, RunningState};
use burn::tensor::{Device, Tensor};

use super::block::Depthwise;
use super::compile::compile;
use super::kernel::{Inner, Project, Source};
use crate::backbone::{EfficientNet, EfficientNetConfig, Flavour, MbConv, Variant};
use crate::cpu::convolution::Window;
use crate::cpu::matmul::{PANEL, Planar, Pointwise, Store};
use crate::cpu::memory::{Memory, panels};
use crate::cpu::simd::{Isa, LANES, Lanes, arrays, arrays_mut, planes};
use crate::testing::{Draw, drawn, noise};

/// `[channels, pixels]` as planes.
fn pack(values: &[f32], channels: usize) -> Vec<Lanes> {
    let pixels = values.len() / channels;
    (0..planes(channels) * pixels)
        .map(|index| {
            let (plane, pixel) = (index / pixels, index % pixels);
            Lanes(std::array::from_fn(|lane| {
                let channel = plane * 16 + lane;
                values.get(channel * pixels + pixel).copied().unwrap_or(0.0)
            }))
        })
        .collect()
}

fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    let scale = expected
        .iter()
        .fold(1e-6f32, |top, value| top.max(value.abs()));
    for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let error = (actual - expected).abs() / scale;
        assert!(
            error <= tolerance,
            "{what}: at {index} {actual} instead of {expected}, {error:e} of the largest"
        );
    }
}

fn silu(value: f32) -> f32 {
    value / (1.0 + (-value).exp())
}

#[test]
fn products_are_right_for_any_number_of_pixels_and_channels() {
    for isa in Isa::available() {
        for pixels in [1, 2, 3, 5, 6, 13, 14, 15, 27, 49] {
            for (inputs, outputs) in [(1, 1), (15, 17), (16, 16), (17, 33), (40, 48), (33, 80)] {
                let what = format!("{isa:?} {pixels} {inputs} {outputs}");
                let input = noise(inputs * pixels, 1);
                let (weight, bias) = (noise(outputs * inputs, 1), noise(outputs, 1));
                let residual = noise(outputs * pixels, 1);
                let layer = Pointwise::new(&weight, &bias);
                let (map, added) = (pack(&input, inputs), pack(&residual, outputs));
                let gate = pack(&noise(inputs, 1), inputs);
                let mut out = vec![Lanes::default(); planes(outputs) * pixels];
                // Two bands, so that one starts in the middle of a tile.
                let bands = [0..pixels / 3, pixels / 3..pixels];
                let across = layer.panels();
                let parts = panels(arrays_mut(&mut out), pixels, &bands, 1, PANEL);
                for (index, mut part) in parts.into_iter().enumerate() {
                    let (panel, band) = (index % across, bands[index / across].clone());
                    let residual = |vector: usize| {
                        let plane = panel * PANEL + vector.min(part.len() - 1);
                        &arrays(&added)[plane * pixels..][band.clone()]
                    };
                    isa.run(Project {
                        store: Store {
                            product: layer.product(panel, &map, pixels),
                            pixels: band.clone(),
                            other: Some([residual(0), residual(1)]),
                            out: &mut part,
                        },
                        gate: Some(&gate),
                        scratch: &mut Memory::default(),
                    });
                }
                let factors = noise(inputs, 1);
                let expected: Vec<f32> = (0..outputs * pixels)
                    .map(|index| {
                        let (output, pixel) = (index / pixels, index % pixels);
                        let sum: f32 = (0..inputs)
                            .map(|channel| {
                                weight[output * inputs + channel]
                                    * factors[channel]
                                    * input[channel * pixels + pixel]
                            })
                            .sum();
                        sum + bias[output] + residual[index]
                    })
                    .collect();
                let expected = pack(&expected, outputs);
                let numbers = crate::cpu::simd::numbers;
                assert_close(numbers(&out), numbers(&expected), 2e-6, &what);
            }
        }
    }
}

#[test]
#[should_panic(expected = "fit together")]
fn a_product_over_too_few_weights_is_refused() {
    Isa::PORTABLE.run(Store {
        product: Planar {
            input: &[0.0; 2 * LANES],
            pitch: LANES,
            terms: 17,
            weight: &[0.0; 16 * LANES],
            weight_pitch: LANES,
            bias: &[Lanes::default()],
        },
        pixels: 0..1,
        other: None,
        out: &mut [&mut [[0.0; LANES]]],
    });
}

#[test]
#[should_panic(expected = "fit together")]
fn a_product_beyond_its_map_is_refused() {
    Isa::PORTABLE.run(Store {
        product: Planar {
            input: &[0.0; 4 * LANES],
            pitch: 2 * LANES,
            terms: 17,
            weight: &[0.0; 17 * LANES],
            weight_pitch: LANES,
            bias: &[Lanes::default()],
        },
        pixels: 0..3,
        other: None,
        out: &mut [&mut [[0.0; LANES]; 3]],
    });
}

#[test]
fn depthwise_convolutions_are_right_up_to_the_edges() {
    for isa in Isa::available() {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            for size in [[1, 1], [2, 3], [7, 7], [8, 5], [14, 29], [3, 64]] {
                for same in [true, false] {
                    let window = Window {
                        kernel,
                        stride,
                        same,
                    };
                    for channels in [1, 16, 35] {
                        depthwise_case(isa, window, size, channels);
                    }
                }
            }
        }
    }
}

fn depthwise_case(isa: Isa, window: Window, size: [usize; 2], channels: usize) {
    let Window { kernel, stride, .. } = window;
    let geometry = window.over(size);
    let ([height, width], [top, left]) = (geometry.output, geometry.pad);
    let input = noise(channels * size[0] * size[1], 1);
    let (weight, bias) = (noise(channels * kernel * kernel, 1), noise(channels, 1));
    let layer = Depthwise::new(&weight, &bias, window);
    let map = pack(&input, channels);
    let plane = size[0] * size[1];
    let mut out = vec![Lanes::default(); planes(channels) * height * width];
    let mut sums = vec![Lanes::default(); planes(channels) * height];
    let bands = [0..height / 2, height / 2..height];
    let bands = &bands[usize::from(height == 1)..];
    let parts = panels(&mut out, height * width, bands, width, PANEL)
        .into_iter()
        .zip(panels(&mut sums, height, bands, 1, PANEL));
    let across = planes(channels).div_ceil(PANEL);
    for (index, (out, sums)) in parts.enumerate() {
        let (panel, band) = (index % across, bands[index / across].clone());
        let [weight, bias] = layer.panel(panel);
        isa.run(Inner {
            source: Source::Map(&map[panel * PANEL * plane..][..bias.len() * plane]),
            geometry,
            rows: band,
            weight,
            bias,
            scratch: &mut Memory::default(),
            out,
            sums,
        });
    }
    let mut expected = Vec::new();
    for channel in 0..channels {
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let mut sum = bias[channel];
            for (ky, kx) in (0..kernel).flat_map(|y| (0..kernel).map(move |x| (y, x))) {
                let (y, x) = (
                    (y * stride + ky).wrapping_sub(top),
                    (x * stride + kx).wrapping_sub(left),
                );
                if y < size[0] && x < size[1] {
                    let tap = (channel * kernel + ky) * kernel + kx;
                    sum += weight[tap] * input[(channel * size[0] + y) * size[1] + x];
                }
            }
            expected.push(silu(sum));
        }
    }
    let rows: Vec<f32> = expected.chunks(width).map(|row| row.iter().sum()).collect();
    let what = format!("{isa:?} {window:?} {size:?} {channels}");
    let numbers = crate::cpu::simd::numbers;
    let real = |vectors: &[Lanes], pixels: usize| -> Vec<f32> {
        (0..channels * pixels)
            .map(|index| {
                let (channel, pixel) = (index / pixels, index % pixels);
                numbers(vectors)[(channel / 16 * pixels + pixel) * 16 + channel % 16]
            })
            .collect()
    };
    assert_close(&real(&out, height * width), &expected, 2e-6, &what);
    assert_close(&real(&sums, height), &rows, 2e-6, &what);
}

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
