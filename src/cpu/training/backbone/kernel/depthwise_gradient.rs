//! The gradients of a depthwise convolution of one plane of one image.
//!
//! The output's gradient is made ready as the input is: through the norm, and dilated by the stride.

use std::ops::Range;

use super::super::norm::Sums;
use super::window::Source;
use crate::cpu::convolution::{Geometry, Outputs, by_window, sweep};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{LANES, Lanes, Vector};

/// Where the gradient of a depthwise convolution's input goes.
pub(in super::super) enum Destination<'a> {
    /// The input is a map: its gradient, to which another is added.
    Map(&'a mut [[f32; LANES]], Option<&'a [[f32; LANES]]>),
    /// The input comes from a norm and SiLU: the gradient of what the norm put out.
    Norm(&'a mut [Lanes]),
}

/// The gradients of a depthwise convolution's input and weights; gives the sums of the input's where
/// it comes from a norm.
pub(in super::super) struct DepthwiseGradient<'a> {
    /// The shape.
    pub geometry: Geometry,
    /// What was read.
    pub source: Source<'a>,
    /// The gradient of what the norm behind the convolution put out, and what it was given.
    pub gradient: [&'a [Lanes]; 2],
    /// From those to the gradient of the convolution's output.
    pub slopes: &'a [Lanes; 3],
    /// `[kernel * kernel]`, last first.
    pub weight: &'a [Lanes],
    /// Working memory.
    pub scratch: &'a mut Memory,
    /// `[kernel * kernel]`: the gradient of the weights.
    pub weight_gradient: &'a mut [Lanes],
    /// The gradient of the input.
    pub out: Destination<'a>,
}

by_window!(DepthwiseGradient<'_>, differentiate -> Sums);

impl DepthwiseGradient<'_> {
    #[inline(always)]
    fn differentiate<V: Vector, const KERNEL: usize, const STRIDE: usize>(
        mut self,
        zero: V,
    ) -> Sums {
        let geometry = self.geometry;
        let [height, width] = geometry.input;
        let ([padded_height, padded_pitch], [dilated_height, pitch]) =
            (geometry.padded(), geometry.dilated());
        let memory = self
            .scratch
            .room(padded_height * padded_pitch + dilated_height * pitch);
        let (padded, dilated) = memory.split_at_mut(padded_height * padded_pitch);
        self.source.fill(zero, &geometry, padded);
        dilate::<V, KERNEL, STRIDE>(zero, &geometry, self.gradient, self.slopes, dilated);
        taps::<V, KERNEL, STRIDE>(zero, &geometry, padded, dilated, self.weight_gradient);
        let mut total = [zero; 2];
        for row in 0..height {
            let from: [&[Lanes]; KERNEL] =
                std::array::from_fn(|y| &dilated[(row + y) * pitch..][..pitch]);
            let pixels = row * width..(row + 1) * width;
            let sums = backward(zero, from, self.weight, &self.source, pixels, &mut self.out);
            total = std::array::from_fn(|index| total[index].add(sums[index]));
        }
        total.map(|sum| Lanes(sum.array()))
    }
}

/// Makes the dilated gradient of the convolution's output: the outputs' gradients `STRIDE` apart,
/// zeros between them and around.
#[inline(always)]
fn dilate<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    zero: V,
    geometry: &Geometry,
    [gradient, value]: [&[Lanes]; 2],
    slopes: &[Lanes; 3],
    out: &mut [Lanes],
) {
    let [height, width] = geometry.output;
    let [top, left] = geometry.pad.map(|pad| KERNEL - 1 - pad);
    let [_, pitch] = geometry.dilated();
    let [slope, value_slope, constant] = slopes.each_ref().map(|vector| zero.read(&vector.0));
    for (row, out) in out.chunks_exact_mut(pitch).enumerate() {
        let row = row.checked_sub(top).filter(|row| row % STRIDE == 0);
        let row = row.map(|row| row / STRIDE).filter(|row| *row < height);
        if STRIDE > 1 || row.is_none() {
            out.fill(Lanes::default());
        } else {
            out[..left].fill(Lanes::default());
            out[left + width..].fill(Lanes::default());
        }
        let Some(row) = row else { continue };
        let gradient = &gradient[row * width..][..width];
        let value = &value[row * width..][..width];
        let out = out[left..].iter_mut().step_by(STRIDE);
        for ((gradient, value), out) in gradient.iter().zip(value).zip(out) {
            let rest = zero.read(&value.0).mul_add(value_slope, constant);
            let gradient = zero.read(&gradient.0);
            gradient.mul_add(slope, rest).write(&mut out.0);
        }
    }
}

/// The gradients of the weights, from the padded input and the dilated gradient.
#[inline(always)]
fn taps<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    zero: V,
    geometry: &Geometry,
    padded: &[Lanes],
    dilated: &[Lanes],
    out: &mut [Lanes],
) {
    let [height, width] = geometry.output;
    let [top, left] = geometry.pad.map(|pad| KERNEL - 1 - pad);
    let ([_, padded_pitch], [_, pitch]) = (geometry.padded(), geometry.dilated());
    out.fill(Lanes::default());
    for row in 0..height {
        let gradient = &dilated[(top + row * STRIDE) * pitch + left..][..(width - 1) * STRIDE + 1];
        for (y, out) in out.chunks_exact_mut(KERNEL).enumerate() {
            let input = &padded[(row * STRIDE + y) * padded_pitch..];
            let input = &input[..(width - 1) * STRIDE + KERNEL];
            let mut input = input.as_ptr().cast::<f32>();
            let mut gradient = gradient.as_ptr().cast::<f32>();
            let mut sums = [zero; KERNEL];
            for _ in 0..width {
                // SAFETY: `zero` is proof of the instructions; the slices are as long as is read:
                // `width` steps of `STRIDE`, the last one with a kernel behind it.
                unsafe {
                    let factor = V::load(gradient);
                    for x in 0..KERNEL {
                        sums[x] = V::load(input.add(x * LANES)).mul_add(factor, sums[x]);
                    }
                }
                input = input.wrapping_add(STRIDE * LANES);
                gradient = gradient.wrapping_add(STRIDE * LANES);
            }
            for x in 0..KERNEL {
                zero.read(&out[x].0).add(sums[x]).write(&mut out[x].0);
            }
        }
    }
}

/// One row of the input's gradient, and its sums.
#[inline(always)]
fn backward<V: Vector, const KERNEL: usize>(
    zero: V,
    from: [&[Lanes]; KERNEL],
    weight: &[Lanes],
    source: &Source<'_>,
    pixels: Range<usize>,
    out: &mut Destination<'_>,
) -> [V; 2] {
    let width = pixels.len();
    match (out, source) {
        (Destination::Norm(out), Source::Norm(values, norm)) => {
            let mut target = ThroughSilu {
                values: &values[pixels.clone()],
                norm: norm.each_ref().map(|vector| zero.read(&vector.0)),
                out: &mut out[pixels],
                sums: [zero; 2],
            };
            sweep::<V, KERNEL, 1>(from, weight, zero, width, &mut target);
            target.sums
        }
        (Destination::Map(out, other), _) => {
            let mut target = Join {
                other: other.map(|other| &other[pixels.clone()]),
                out: &mut out[pixels],
            };
            sweep::<V, KERNEL, 1>(from, weight, zero, width, &mut target);
            [zero; 2]
        }
        (Destination::Norm(_), Source::Map(_)) => {
            unreachable!("a map's gradient is a map's")
        }
    }
}

/// A row of a gradient taken back through SiLU, and its sums.
struct ThroughSilu<'a, V> {
    values: &'a [Lanes],
    norm: [V; 3],
    out: &'a mut [Lanes],
    sums: [V; 2],
}

impl<V: Vector> Outputs<V> for ThroughSilu<'_, V> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let [scale, shift, mean] = self.norm;
        let value = sum.read(&self.values[x].0);
        let gradient = sum.mul(value.mul_add(scale, shift).silu_slope());
        gradient.write(&mut self.out[x].0);
        self.sums[0] = self.sums[0].add(gradient);
        self.sums[1] = value.sub(mean).mul_add(gradient, self.sums[1]);
    }
}

/// A row of a gradient, to which another is added.
struct Join<'a> {
    other: Option<&'a [[f32; LANES]]>,
    out: &'a mut [[f32; LANES]],
}

impl<V: Vector> Outputs<V> for Join<'_> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let value = match self.other {
            Some(other) => sum.add(sum.read(&other[x])),
            None => sum,
        };
        value.write(&mut self.out[x]);
    }
}
