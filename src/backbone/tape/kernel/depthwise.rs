//! A depthwise convolution of one plane of one image, and its gradients.
//!
//! Rows are made ready some at a time, padded, in working memory that stays in the cache: the input
//! through its norm and SiLU, the output's gradient through its norm, spread by the stride.

use std::ops::Range;

use super::super::grid::room;
use super::super::norm::{Moments, Sums};
use super::pass::sums;
use crate::backbone::plan::depthwise_sweep as sweep;
use crate::processor::isa::Kernel;
use crate::processor::strip::{LANES, Strip};
use crate::processor::vector::Vector;

/// The shape of the convolution.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Window {
    /// Side of the kernel, 3 or 5.
    pub kernel: usize,
    /// Step between outputs, 1 or 2.
    pub stride: usize,
    /// Padding above and left.
    pub pad: [usize; 2],
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
}

/// What a depthwise convolution reads.
#[derive(Clone, Copy)]
pub(in super::super) enum Origin<'a> {
    /// The map as it is.
    Map(&'a [Strip]),
    /// `silu(scale value + shift)`, and the norm's mean.
    Norm(&'a [Strip], [&'a Strip; 3]),
}

/// Strips of working memory for the rows of one operand.
const CACHED: usize = 4096;

impl Window {
    /// Rows of the output that are made at a time.
    fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let [height, width] = self.output;
        let step = (CACHED / (self.stride * self.stride * width)).max(4);
        (0..height)
            .step_by(step)
            .map(move |start| start..(start + step).min(height))
    }

    /// Strips of a padded row of the input.
    fn pitch(&self) -> usize {
        let covered = (self.output[1] - 1) * self.stride + self.kernel;
        covered.max(self.pad[1] + self.input[1])
    }
}

/// Rows in working memory.
struct Rows<'a> {
    strips: &'a mut [Strip],
    pitch: usize,
    /// The number of the first row, which may lie above the map.
    first: isize,
}

impl Rows<'_> {
    fn row(&self, row: isize) -> &[Strip] {
        let index = (row - self.first) as usize;
        &self.strips[index * self.pitch..][..self.pitch]
    }

    fn row_mut(&mut self, row: isize) -> &mut [Strip] {
        let index = (row - self.first) as usize;
        &mut self.strips[index * self.pitch..][..self.pitch]
    }
}

impl Origin<'_> {
    /// Makes rows of the input ready, with zeros around it.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn fill<V: Vector>(&self, window: &Window, range: Range<isize>, rows: &mut Rows<'_>) {
        let [height, width] = window.input;
        let left = window.pad[1];
        for row in range {
            let out = rows.row_mut(row);
            if row < 0 || row >= height as isize {
                out.fill(Strip::default());
                continue;
            }
            let start = row as usize * width;
            out[..left].fill(Strip::default());
            out[left + width..].fill(Strip::default());
            let out = &mut out[left..left + width];
            match self {
                Self::Map(values) => out.copy_from_slice(&values[start..][..width]),
                Self::Norm(values, [scale, shift, _]) => {
                    // SAFETY: the caller's; every slot is one strip.
                    unsafe {
                        let [scale, shift] = [scale, shift].map(|strip| V::load(strip.0.as_ptr()));
                        for (value, out) in values[start..][..width].iter().zip(out) {
                            let value = V::load(value.0.as_ptr()).mul_add(scale, shift);
                            value.silu().store(out.0.as_mut_ptr());
                        }
                    }
                }
            }
        }
    }
}

/// The convolution, with the moments of what it puts out.
pub(in super::super) struct Depthwise<'a> {
    /// The shape.
    pub window: Window,
    /// What is read.
    pub origin: Origin<'a>,
    /// `[kernel * kernel]`.
    pub weight: &'a [Strip],
    /// Working memory.
    pub scratch: &'a mut Vec<Strip>,
    /// The output.
    pub out: &'a mut [Strip],
}

impl Kernel for Depthwise<'_> {
    type Output = Moments;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Moments {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            match (self.window.kernel, self.window.stride) {
                (3, 1) => self.convolve::<V, 3, 1>(),
                (3, 2) => self.convolve::<V, 3, 2>(),
                (5, 1) => self.convolve::<V, 5, 1>(),
                (5, 2) => self.convolve::<V, 5, 2>(),
                other => unreachable!("the tape takes no convolution {other:?}"),
            }
        }
    }
}

impl Depthwise<'_> {
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn convolve<V: Vector, const KERNEL: usize, const STRIDE: usize>(self) -> Moments {
        let window = self.window;
        let pitch = window.pitch();
        let width = window.output[1];
        let zero = Strip::default();
        let mut pivot: Option<V> = None;
        // SAFETY: the caller vouches for the instructions.
        let mut total = unsafe { [V::splat(0.0); 2] };
        for band in window.bands() {
            let top = (band.start * STRIDE) as isize - window.pad[0] as isize;
            let count = (band.len() - 1) * STRIDE + KERNEL;
            let mut rows = Rows {
                strips: room(self.scratch, count * pitch),
                pitch,
                first: top,
            };
            // SAFETY: the caller vouches for the instructions; every row is as long as the sweep
            // reads, and every slot is one strip.
            unsafe {
                self.origin
                    .fill::<V>(&window, top..top + count as isize, &mut rows);
                for row in band {
                    let first = (row * STRIDE) as isize - window.pad[0] as isize;
                    let from: [*const f32; KERNEL] =
                        std::array::from_fn(|y| rows.row(first + y as isize).as_ptr().cast());
                    let out = &mut self.out[row * width..][..width];
                    let mut sums = [V::splat(0.0); 2];
                    sweep::<V, KERNEL, STRIDE>(from, self.weight, &zero, width, |x, value| {
                        let pivot = *pivot.get_or_insert(value);
                        let distance = value.sub(pivot);
                        sums[0] = sums[0].add(distance);
                        sums[1] = distance.mul_add(distance, sums[1]);
                        value.store(out[x].0.as_mut_ptr());
                    });
                    total = std::array::from_fn(|index| total[index].add(sums[index]));
                }
            }
        }
        let mut moments = Moments {
            count: self.out.len(),
            ..Moments::default()
        };
        if let Some(pivot) = pivot {
            // SAFETY: every slot is one strip.
            unsafe {
                pivot.store(moments.pivot.0.as_mut_ptr());
                total[0].store(moments.sum.0.as_mut_ptr());
                total[1].store(moments.square.0.as_mut_ptr());
            }
        }
        moments
    }
}

/// Where the gradient of a depthwise convolution's input goes.
pub(in super::super) enum Destination<'a> {
    /// The input is a map: its gradient, to which another is added.
    Map(&'a mut [f32], Option<&'a [f32]>),
    /// The input comes from a norm and SiLU: the gradient of what the norm put out.
    Norm(&'a mut [Strip]),
}

/// The gradients of a depthwise convolution's input and weights.
pub(in super::super) struct DepthwiseGradient<'a> {
    /// The shape.
    pub window: Window,
    /// What was read.
    pub origin: Origin<'a>,
    /// The gradient of what the norm behind the convolution put out, and what it was given.
    pub gradient: [&'a [Strip]; 2],
    /// From those to the gradient of the convolution's output.
    pub slopes: [&'a Strip; 3],
    /// `[kernel * kernel]`, last first.
    pub weight: &'a [Strip],
    /// Working memory.
    pub scratch: &'a mut Vec<Strip>,
    /// `[kernel * kernel]`: the gradient of the weights.
    pub weight_gradient: &'a mut [Strip],
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
                other => unreachable!("the tape takes no convolution {other:?}"),
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
        self.weight_gradient.fill(Strip::default());
        for band in window.bands() {
            let top = (band.start * STRIDE) as isize - pad[0];
            let count = (band.len() - 1) * STRIDE + KERNEL;
            // The rows of the input that lie at this band's outputs, and the rows of the spread
            // gradient that reach them.
            let own = band.start * STRIDE..(band.end * STRIDE).min(height);
            let spread =
                own.start as isize + pad[0] + 1 - KERNEL as isize..own.end as isize + pad[0];
            let spread_count = (spread.end - spread.start) as usize;
            let memory = room(self.scratch, count * pitch + spread_count * spread_pitch);
            let (input, gradient) = memory.split_at_mut(count * pitch);
            let mut input = Rows {
                strips: input,
                pitch,
                first: top,
            };
            let mut gradient = Rows {
                strips: gradient,
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
    [gradient, value]: [&[Strip]; 2],
    slopes: [&Strip; 3],
    range: Range<isize>,
    rows: &mut Rows<'_>,
) {
    let [height, width] = window.output;
    let left = KERNEL - 1 - window.pad[1];
    // SAFETY: the caller's; every slot is one strip.
    unsafe {
        let [slope, value_slope, constant] = slopes.map(|strip| V::load(strip.0.as_ptr()));
        for row in range {
            let out = rows.row_mut(row);
            let index = row / STRIDE as isize;
            if row < 0 || row % STRIDE as isize != 0 || index >= height as isize {
                out.fill(Strip::default());
                continue;
            }
            if STRIDE > 1 {
                out.fill(Strip::default());
            } else {
                out[..left].fill(Strip::default());
                out[left + width..].fill(Strip::default());
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
    input: &Rows<'_>,
    gradient: &Rows<'_>,
    band: Range<usize>,
    out: &mut [Strip],
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
    weight: &[Strip],
    origin: &Origin<'_>,
    pixels: Range<usize>,
    out: &mut Destination<'_>,
) -> [V; 2] {
    let zero = Strip::default();
    let width = pixels.len();
    // SAFETY: the caller's; every slot is one strip.
    unsafe {
        let mut sums = [V::splat(0.0); 2];
        match (out, origin) {
            (Destination::Norm(out), Origin::Norm(values, norm)) => {
                let [scale, shift, mean] = norm.map(|strip| V::load(strip.0.as_ptr()));
                let values = &values[pixels.clone()];
                let out = &mut out[pixels];
                sweep::<V, KERNEL, 1>(from, weight, &zero, width, |x, gradient| {
                    let value = V::load(values[x].0.as_ptr());
                    let gradient = gradient.mul(value.mul_add(scale, shift).silu_slope());
                    gradient.store(out[x].0.as_mut_ptr());
                    sums[0] = sums[0].add(gradient);
                    sums[1] = value.sub(mean).mul_add(gradient, sums[1]);
                });
            }
            (Destination::Map(out, other), _) => {
                let range = pixels.start * LANES..pixels.end * LANES;
                let other = other.map(|other| &other[range.clone()]);
                let out = &mut out[range];
                sweep::<V, KERNEL, 1>(from, weight, &zero, width, |x, mut gradient| {
                    if let Some(other) = other {
                        gradient = gradient.add(V::load(other[x * LANES..][..LANES].as_ptr()));
                    }
                    gradient.store(out[x * LANES..][..LANES].as_mut_ptr());
                });
            }
            (Destination::Norm(_), Origin::Map(_)) => {
                unreachable!("a map's gradient is a map's")
            }
        }
        sums
    }
}
