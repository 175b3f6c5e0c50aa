//! The gradients of a depthwise convolution of one plane of one image.
//!
//! The output's gradient is made ready as the input is: through the norm, and dilated by the stride.

use std::ops::Range;

use super::super::norm::Sums;
use super::window::{Geometry, Source};
use crate::cpu::convolution::{Outputs, by_window, sweep};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// Where the gradient of a depthwise convolution's input goes.
pub(in super::super) enum Destination<'a> {
    /// The input is a map: its gradient, to which another is added.
    Map(&'a mut [[f32; LANES]], Option<&'a [[f32; LANES]]>),
    /// The input comes from a norm and SiLU: the gradient of what the norm put out.
    Norm(&'a mut [Lanes]),
}

/// The gradients of a depthwise convolution's input and weights.
pub(in super::super) struct DepthwiseGradient<'a> {
    /// The shape.
    pub geometry: Geometry,
    /// What was read.
    pub source: Source<'a>,
    /// The gradient of what the norm behind the convolution put out, and what it was given.
    pub gradient: [&'a [Lanes]; 2],
    /// From those to the gradient of the convolution's output.
    pub slopes: [&'a Lanes; 3],
    /// `[kernel * kernel]`, last first.
    pub weight: &'a [Lanes],
    /// Working memory.
    pub scratch: &'a mut Memory,
    /// `[kernel * kernel]`: the gradient of the weights.
    pub weight_gradient: &'a mut [Lanes],
    /// The gradient of the input.
    pub out: Destination<'a>,
}

impl Kernel for DepthwiseGradient<'_> {
    /// The sums of the input's gradient, where it comes from a norm.
    type Output = Sums;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Sums {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            by_window!(
                self.geometry.kernel,
                self.geometry.stride,
                self.differentiate::<V>()
            )
        }
    }
}

impl DepthwiseGradient<'_> {
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn differentiate<V: Vector, const KERNEL: usize, const STRIDE: usize>(mut self) -> Sums {
        let geometry = self.geometry;
        let [height, width] = geometry.input;
        let ([padded_height, padded_pitch], [dilated_height, pitch]) =
            (geometry.padded(), geometry.dilated());
        let memory = self
            .scratch
            .room(padded_height * padded_pitch + dilated_height * pitch);
        let (padded, dilated) = memory.split_at_mut(padded_height * padded_pitch);
        // SAFETY: the caller vouches for the instructions; every row is as long as is read.
        unsafe {
            self.source.fill::<V>(&geometry, padded);
            dilate::<V, KERNEL, STRIDE>(&geometry, self.gradient, self.slopes, dilated);
            taps::<V, KERNEL, STRIDE>(&geometry, padded, dilated, self.weight_gradient);
            let mut total = [V::splat(0.0); 2];
            for row in 0..height {
                let from: [*const f32; KERNEL] =
                    std::array::from_fn(|y| dilated[(row + y) * pitch..][..pitch].as_ptr().cast());
                let sums = backward::<V, KERNEL>(
                    from,
                    self.weight,
                    &self.source,
                    row * width..(row + 1) * width,
                    &mut self.out,
                );
                total = std::array::from_fn(|index| total[index].add(sums[index]));
            }
            Sums::of(total)
        }
    }
}

/// Makes the dilated gradient of the convolution's output: the outputs' gradients `STRIDE` apart,
/// zeros between them and around.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn dilate<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    geometry: &Geometry,
    [gradient, value]: [&[Lanes]; 2],
    slopes: [&Lanes; 3],
    out: &mut [Lanes],
) {
    let [height, width] = geometry.output;
    let [top, left] = geometry.pad.map(|pad| KERNEL - 1 - pad);
    let [_, pitch] = geometry.dilated();
    // SAFETY: the caller's.
    unsafe {
        let [slope, value_slope, constant] = slopes.map(|vector| V::of(&vector.0));
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
                let rest = V::of(&value.0).mul_add(value_slope, constant);
                V::of(&gradient.0).mul_add(slope, rest).write(&mut out.0);
            }
        }
    }
}

/// The gradients of the weights, from the padded input and the dilated gradient.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn taps<V: Vector, const KERNEL: usize, const STRIDE: usize>(
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
            // SAFETY: the caller's; the slices are as long as is read.
            unsafe {
                let mut sums = [V::splat(0.0); KERNEL];
                for _ in 0..width {
                    let factor = V::load(gradient);
                    for x in 0..KERNEL {
                        sums[x] = V::load(input.add(x * LANES)).mul_add(factor, sums[x]);
                    }
                    input = input.wrapping_add(STRIDE * LANES);
                    gradient = gradient.wrapping_add(STRIDE * LANES);
                }
                for x in 0..KERNEL {
                    V::of(&out[x].0).add(sums[x]).write(&mut out[x].0);
                }
            }
        }
    }
}

/// One row of the input's gradient, and its sums.
///
/// # Safety
/// The processor has the instructions of `V`; the rows of the dilated gradient are as long as the
/// input's and `KERNEL - 1` more.
#[inline(always)]
unsafe fn backward<V: Vector, const KERNEL: usize>(
    from: [*const f32; KERNEL],
    weight: &[Lanes],
    source: &Source<'_>,
    pixels: Range<usize>,
    out: &mut Destination<'_>,
) -> [V; 2] {
    let zero = Lanes::default();
    let width = pixels.len();
    // SAFETY: the caller's.
    unsafe {
        let sums = [V::splat(0.0); 2];
        match (out, source) {
            (Destination::Norm(out), Source::Norm(values, norm)) => {
                let mut target = ThroughSilu {
                    values: &values[pixels.clone()],
                    norm: norm.map(|vector| V::of(&vector.0)),
                    out: &mut out[pixels],
                    sums,
                };
                sweep::<V, KERNEL, 1>(from, weight, &zero, width, &mut target);
                target.sums
            }
            (Destination::Map(out, other), _) => {
                let mut target = Join {
                    other: other.map(|other| &other[pixels.clone()]),
                    out: &mut out[pixels],
                };
                sweep::<V, KERNEL, 1>(from, weight, &zero, width, &mut target);
                sums
            }
            (Destination::Norm(_), Source::Map(_)) => {
                unreachable!("a map's gradient is a map's")
            }
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
        // SAFETY: the sum is proof of the instructions.
        let value = unsafe { V::of(&self.values[x].0) };
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
            // SAFETY: the sum is proof of the instructions.
            Some(other) => sum.add(unsafe { V::of(&other[x]) }),
            None => sum,
        };
        value.write(&mut self.out[x]);
    }
}
