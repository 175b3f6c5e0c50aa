//! The gradients of a depthwise convolution of one plane of one image.
//!
//! The rows of the output's gradient are made ready as the input's are: through the norm, and spread
//! by the stride.

use std::ops::Range;

use super::super::norm::Sums;
use super::elementwise::sums;
use super::window::{Origin, PaddedRows, Window};
use crate::cpu::convolution::{Outputs, sweep};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// Where the gradient of a depthwise convolution's input goes.
pub(in super::super) enum Destination<'a> {
    /// The input is a map: its gradient, to which another is added.
    Map(&'a mut [f32], Option<&'a [f32]>),
    /// The input comes from a norm and SiLU: the gradient of what the norm put out.
    Norm(&'a mut [Lanes]),
}

/// The gradients of a depthwise convolution's input and weights.
pub(in super::super) struct DepthwiseGradient<'a> {
    /// The shape.
    pub window: Window,
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
            match (self.window.kernel, self.window.stride) {
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
        let window = self.window;
        let [height, width] = window.input;
        let pad = window.pad.map(|pad| pad as isize);
        let pitch = window.pitch();
        let spread_pitch = width + KERNEL - 1;
        // SAFETY: the caller vouches for the instructions.
        let mut total = unsafe { [V::splat(0.0); 2] };
        self.weight_gradient.fill(Lanes::default());
        for band in window.bands() {
            let top = (band.start * STRIDE) as isize - pad[0];
            let count = (band.len() - 1) * STRIDE + KERNEL;
            // The rows of the input that lie at this band's outputs, and the rows of the spread
            // gradient that reach them.
            let own = band.start * STRIDE..(band.end * STRIDE).min(height);
            let spread =
                own.start as isize + pad[0] + 1 - KERNEL as isize..own.end as isize + pad[0];
            let spread_count = (spread.end - spread.start) as usize;
            let memory = self
                .scratch
                .room(count * pitch + spread_count * spread_pitch);
            let (input, gradient) = memory.split_at_mut(count * pitch);
            let mut input = PaddedRows {
                vectors: input,
                pitch,
                first: top,
            };
            let mut gradient = PaddedRows {
                vectors: gradient,
                pitch: spread_pitch,
                first: spread.start,
            };
            // SAFETY: the caller vouches for the instructions; every row is as long as is read.
            unsafe {
                self.origin
                    .fill::<V>(&window, top..top + count as isize, &mut input);
                spread_rows::<V, KERNEL, STRIDE>(
                    &window,
                    self.gradient,
                    self.slopes,
                    spread,
                    &mut gradient,
                );
                taps::<V, KERNEL, STRIDE>(&window, &input, &gradient, band, self.weight_gradient);
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
        // SAFETY: as above.
        unsafe { sums(total) }
    }
}

/// Makes rows of the gradient ready: in each, the outputs' gradients `STRIDE` apart, zeros between
/// them and around.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn spread_rows<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    window: &Window,
    [gradient, value]: [&[Lanes]; 2],
    slopes: [&Lanes; 3],
    range: Range<isize>,
    rows: &mut PaddedRows<'_>,
) {
    let [height, width] = window.output;
    let left = KERNEL - 1 - window.pad[1];
    // SAFETY: the caller's; every slot is one vector.
    unsafe {
        let [slope, value_slope, constant] = slopes.map(|vector| V::load(vector.0.as_ptr()));
        for row in range {
            let out = rows.row_mut(row);
            let index = row / STRIDE as isize;
            if row < 0 || row % STRIDE as isize != 0 || index >= height as isize {
                out.fill(Lanes::default());
                continue;
            }
            if STRIDE > 1 {
                out.fill(Lanes::default());
            } else {
                out[..left].fill(Lanes::default());
                out[left + width..].fill(Lanes::default());
            }
            let start = index as usize * width;
            let gradient = &gradient[start..][..width];
            let value = &value[start..][..width];
            let out = out[left..].iter_mut().step_by(STRIDE);
            for ((gradient, value), out) in gradient.iter().zip(value).zip(out) {
                let rest = V::load(value.0.as_ptr()).mul_add(value_slope, constant);
                let gradient = V::load(gradient.0.as_ptr()).mul_add(slope, rest);
                gradient.store(out.0.as_mut_ptr());
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
    window: &Window,
    input: &PaddedRows<'_>,
    gradient: &PaddedRows<'_>,
    band: Range<usize>,
    out: &mut [Lanes],
) {
    let left = KERNEL - 1 - window.pad[1];
    let width = window.output[1];
    for y in 0..KERNEL {
        // SAFETY: the caller's; the slices are as long as is read.
        unsafe {
            let mut total: [V; KERNEL] =
                std::array::from_fn(|x| V::load(out[y * KERNEL + x].0.as_ptr()));
            for row in band.clone() {
                let first = (row * STRIDE + y) as isize - window.pad[0] as isize;
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
                total[x].store(out[y * KERNEL + x].0.as_mut_ptr());
            }
        }
    }
}

/// One row of the input's gradient, and its sums.
///
/// # Safety
/// The processor has the instructions of `V`; the rows of the spread gradient are as long as the
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
    // SAFETY: the caller's; every slot is one vector.
    unsafe {
        let sums = [V::splat(0.0); 2];
        match (out, origin) {
            (Destination::Norm(out), Origin::Norm(values, norm)) => {
                let mut target = ThroughSilu {
                    values: &values[pixels.clone()],
                    norm: norm.map(|vector| V::load(vector.0.as_ptr())),
                    out: &mut out[pixels],
                    sums,
                };
                sweep::<V, KERNEL, 1>(from, weight, &zero, width, &mut target);
                target.sums
            }
            (Destination::Map(out, other), _) => {
                let range = pixels.start * LANES..pixels.end * LANES;
                let mut target = Join {
                    other: other.map(|other| &other[range.clone()]),
                    out: &mut out[range],
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
        // SAFETY: every slot is one vector.
        unsafe {
            let value = V::load(self.values[x].0.as_ptr());
            let gradient = sum.mul(value.mul_add(scale, shift).silu_slope());
            gradient.store(self.out[x].0.as_mut_ptr());
            self.sums[0] = self.sums[0].add(gradient);
            self.sums[1] = value.sub(mean).mul_add(gradient, self.sums[1]);
        }
    }
}

/// A row of a gradient, to which another is added.
struct Join<'a> {
    other: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl<V: Vector> Outputs<V> for Join<'_> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let mut value = sum;
        // SAFETY: the sum proves the instructions; every slot is 16 numbers.
        unsafe {
            if let Some(other) = self.other {
                value = value.add(V::load(other[x * LANES..][..LANES].as_ptr()));
            }
            value.store(self.out[x * LANES..][..LANES].as_mut_ptr());
        }
    }
}
