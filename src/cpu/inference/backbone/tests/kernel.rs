//! The kernels against plain loops.

use super::super::block::Depthwise;
use super::super::kernel::{Inner, Project, Source};
use super::assert_close;
use crate::cpu::convolution::Window;
use crate::cpu::matmul::{PANEL, Planar, Pointwise, Store};
use crate::cpu::memory::{Memory, panels};
use crate::cpu::simd::{Isa, LANES, Lanes, arrays, arrays_mut, planes};
use crate::testing::noise;

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
