//! The gradients of a depthwise convolution of one plane of one image.
//!
//! The rows of the output's gradient are made ready as the input's are: through the norm, and
//! dilated by the stride.

use std::ops::Range;

use super::super::norm::Sums;
use super::window::{Geometry, Origin, PaddedRows};
use crate::cpu::convolution::{Outputs, sweep};
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
    pub origin: Origin<'a>,
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
            match (self.geometry.kernel, self.geometry.stride) {
                (3, 1) => self.differentiate::<V, 3, 1>(),
                (3, 2) => self.differentiate::<V, 3, 2>(),
                (5, 1) => self.differentiate::<V, 5, 1>(),
                (5, 2) => self.differentiate::<V, 5, 2>(),
                other => unreachable!("no convolution is compiled to {other:?}"),
            }
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
        let pad = geometry.pad.map(|pad| pad as isize);
        let pitch = geometry.pitch();
        let dilated_pitch = width + KERNEL - 1;
        // SAFETY: the caller vouches for the instructions.
        let mut total = unsafe { [V::splat(0.0); 2] };
        self.weight_gradient.fill(Lanes::default());
        for band in geometry.bands() {
            let top = (band.start * STRIDE) as isize - pad[0];
            let count = (band.len() - 1) * STRIDE + KERNEL;
            // The rows of the input that lie at this band's outputs, and the rows of the
            // dilated gradient that reach them.
            let own = band.start * STRIDE..(band.end * STRIDE).min(height);
            let dilated =
                own.start as isize + pad[0] + 1 - KERNEL as isize..own.end as isize + pad[0];
            let dilated_count = (dilated.end - dilated.start) as usize;
            let memory = self
                .scratch
                .room(count * pitch + dilated_count * dilated_pitch);
            let (input, gradient) = memory.split_at_mut(count * pitch);
            let mut input = PaddedRows {
                vectors: input,
                pitch,
                first: top,
            };
            let mut gradient = PaddedRows {
                vectors: gradient,
                pitch: dilated_pitch,
                first: dilated.start,
            };
            // SAFETY: the caller vouches for the instructions; every row is as long as is read.
            unsafe {
                self.origin
                    .fill::<V>(&geometry, top..top + count as isize, &mut input);
                dilated_rows::<V, KERNEL, STRIDE>(
                    &geometry,
                    self.gradient,
                    self.slopes,
                    dilated,
                    &mut gradient,
                );
                taps::<V, KERNEL, STRIDE>(&geometry, &input, &gradient, band, self.weight_gradient);
                for row in own {
                    let first = row as isize + pad[0] + 1 - KERNEL as isize;
                    let from: [*const f32; KERNEL] =
                        std::array::from_fn(|y| gradient.row(first + y as isize).as_ptr().cast());
                    let sums = backward::<V, KERNEL>(
                        from,
                        self.weight,
                        &self.origin,
                        row * width..(row + 1) * width,
                        &mut self.out,
                    );
                    total = std::array::from_fn(|index| total[index].add(sums[index]));
                }
            }
        }
        Sums::of(total)
    }
}

/// Makes rows of the gradient ready: in each, the outputs' gradients `STRIDE` apart, zeros between
/// them and around.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn dilated_rows<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    geometry: &Geometry,
    [gradient, value]: [&[Lanes]; 2],
    slopes: [&Lanes; 3],
    range: Range<isize>,
    rows: &mut PaddedRows<'_>,
) {
    let [height, width] = geometry.output;
    let left = KERNEL - 1 - geometry.pad[1];
    // SAFETY: the caller's.
    unsafe {
        let [slope, value_slope, constant] = slopes.map(|vector| V::of(&vector.0));
        for row in range {
            let out = rows.row_mut(row);
            let index = row / STRIDE as isize;
            let inside = row >= 0 && row % STRIDE as isize == 0 && index < height as isize;
            if STRIDE > 1 || !inside {
                out.fill(Lanes::default());
            } else {
                out[..left].fill(Lanes::default());
                out[left + width..].fill(Lanes::default());
            }
            if !inside {
                continue;
            }
            let start = index as usize * width;
            let (gradient, value) = (&gradient[start..][..width], &value[start..][..width]);
            let out = out[left..].iter_mut().step_by(STRIDE);
            for ((gradient, value), out) in gradient.iter().zip(value).zip(out) {
                let rest = V::of(&value.0).mul_add(value_slope, constant);
                V::of(&gradient.0).mul_add(slope, rest).write(&mut out.0);
            }
        }
    }
}

/// Adds the gradients of the weights that the outputs of `band` give.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn taps<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    geometry: &Geometry,
    input: &PaddedRows<'_>,
    gradient: &PaddedRows<'_>,
    band: Range<usize>,
    out: &mut [Lanes],
) {
    let left = KERNEL - 1 - geometry.pad[1];
    let width = geometry.output[1];
    for y in 0..KERNEL {
        // SAFETY: the caller's; the slices are as long as is read.
        unsafe {
            let out = &mut out[y * KERNEL..][..KERNEL];
            let mut total: [V; KERNEL] = std::array::from_fn(|x| V::of(&out[x].0));
            for row in band.clone() {
                let first = (row * STRIDE + y) as isize - geometry.pad[0] as isize;
                let input = &input.row(first)[..(width - 1) * STRIDE + KERNEL];
                let gradient = &gradient.row((row * STRIDE) as isize)[left..];
                let gradient = &gradient[..(width - 1) * STRIDE + 1];
                let mut input = input.as_ptr().cast::<f32>();
                let mut gradient = gradient.as_ptr().cast::<f32>();
                let mut sums = [V::splat(0.0); KERNEL];
                for _ in 0..width {
                    let factor = V::load(gradient);
                    for x in 0..KERNEL {
                        sums[x] = V::load(input.add(x * LANES)).mul_add(factor, sums[x]);
                    }
                    input = input.wrapping_add(STRIDE * LANES);
                    gradient = gradient.wrapping_add(STRIDE * LANES);
                }
                total = std::array::from_fn(|x| total[x].add(sums[x]));
            }
            for x in 0..KERNEL {
                total[x].write(&mut out[x].0);
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
    origin: &Origin<'_>,
    pixels: Range<usize>,
    out: &mut Destination<'_>,
) -> [V; 2] {
    let zero = Lanes::default();
    let width = pixels.len();
    // SAFETY: the caller's.
    unsafe {
        let sums = [V::splat(0.0); 2];
        match (out, origin) {
            (Destination::Norm(out), Origin::Norm(values, norm)) => {
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
            (Destination::Norm(_), Origin::Map(_)) => {
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
