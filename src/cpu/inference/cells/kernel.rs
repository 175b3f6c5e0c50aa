//! The loops over a row, each written once over [`Vector`].

use super::compile::{COLOURS, KERNEL, TAPS, Unit};
use crate::cpu::convolution::{Outputs, sweep};
use crate::cpu::matmul::{Planar, Pointwise, Target};
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector, numbers, numbers_mut};

/// Zeros on either side of a row that a kernel goes over.
pub(super) const PAD: usize = KERNEL / 2;
/// Pixels that are multiplied with all weights before the next ones: they stay in the first cache.
const GROUP: usize = 56;
/// Step between the stem's outputs.
pub(super) const STRIDE: usize = 2;
/// Numbers under a row of the stem's kernel, and from one output's to the next one's.
const STEM_RUN: usize = KERNEL * COLOURS;
const STEM_STEP: usize = STRIDE * COLOURS;

/// The 1x1 convolution of a row, `[planes, width]`, into one of `[planes, PAD + width + PAD]`.
pub(super) struct Mix<'a> {
    pub layer: &'a Pointwise,
    pub row: &'a [Lanes],
    pub width: usize,
    pub out: &'a mut [Lanes],
}

impl Kernel for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let pitch = self.width + 2 * PAD;
        for start in (0..self.width).step_by(GROUP) {
            let pixels = start..(start + GROUP).min(self.width);
            let mut plane = 0;
            for panel in 0..self.layer.panels() {
                let product = self.layer.product(panel, self.row, self.width);
                let mut into = Into {
                    planes: &mut self.out[plane * pitch..],
                    pitch,
                    first: PAD,
                    activated: false,
                };
                product.run(zero, pixels.clone(), &mut into);
                plane += product.bias.len();
            }
        }
    }
}

/// Planes of a row as the target of a product.
struct Into<'a> {
    planes: &'a mut [Lanes],
    pitch: usize,
    /// Where a plane's first pixel is.
    first: usize,
    /// Whether what is below 0 becomes 0.
    activated: bool,
}

impl<V: Vector> Target<V> for Into<'_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let start = (vector + col) * self.pitch + self.first + pixel;
            for (out, sums) in self.planes[start..][..ROWS].iter_mut().zip(&sums) {
                activate(sums[col], self.activated).write(&mut out.0);
            }
        }
    }
}

/// ReLU where there is one.
#[inline(always)]
fn activate<V: Vector>(value: V, activated: bool) -> V {
    if activated {
        value.at_least(value.splat(0.0))
    } else {
        value
    }
}

/// The depthwise convolution of a row.
pub(super) struct Depthwise<'a> {
    pub unit: &'a Unit,
    /// What [`Mix`] made of the rows under the kernel, or [`PAD`]ded zeros for every plane.
    pub rows: [&'a [Lanes]; KERNEL],
    pub width: usize,
    /// `[planes, width]`.
    pub out: &'a mut [Lanes],
}

impl Kernel for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        struct Row<'a>(&'a mut [Lanes], bool);
        impl<V: Vector> Outputs<V> for Row<'_> {
            #[inline(always)]
            fn put(&mut self, x: usize, sum: V) {
                activate(sum, self.1).write(&mut self.0[x].0);
            }
        }
        let pitch = self.width + 2 * PAD;
        let planes = self.out.chunks_exact_mut(self.width).zip(&self.unit.bias);
        for (plane, (out, bias)) in planes.enumerate() {
            let rows = self.rows.map(|row| &row[plane * pitch..][..pitch]);
            let weight = &self.unit.weight[plane * TAPS..];
            let mut out = Row(out, self.unit.activated);
            sweep::<V, KERNEL, 1>(rows, weight, zero.read(&bias.0), self.width, &mut out);
        }
    }
}

/// The largest of each 2x2 pixels of two rows of vectors, plane by plane of an even width.
pub(super) struct Halve<'a> {
    pub rows: [&'a [Lanes]; 2],
    pub out: &'a mut [Lanes],
}

impl Kernel for Halve<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let [above, below] = self.rows.map(|row| row.as_chunks::<2>().0);
        for ((above, below), out) in above.iter().zip(below).zip(self.out) {
            let [a, b, c, d] =
                [above[0], above[1], below[0], below[1]].map(|pixel| zero.read(&pixel.0));
            a.at_least(b).at_least(c.at_least(d)).write(&mut out.0);
        }
    }
}

/// A row and one of half its width, each pixel of that twice, added.
pub(super) struct Add<'a> {
    pub row: &'a [Lanes],
    pub half: &'a [Lanes],
    pub out: &'a mut [Lanes],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let pairs = self.row.as_chunks::<2>().0.iter().zip(self.half);
        for ((pair, half), out) in pairs.zip(self.out.as_chunks_mut::<2>().0) {
            for (pixel, out) in pair.iter().zip(out) {
                zero.read(&pixel.0)
                    .add(zero.read(&half.0))
                    .write(&mut out.0);
            }
        }
    }
}

/// One row of the convolution on the picture, and ReLU.
pub(super) struct Stem<'a> {
    pub layer: &'a Pointwise,
    /// The rows of the picture under the kernel; nothing where there is none.
    pub rows: [Option<&'a [u8]>; KERNEL],
    /// Working memory, of [`lines`] vectors for the width of the output.
    pub lines: &'a mut [Lanes],
    pub width: usize,
    /// `[planes, width]`.
    pub out: &'a mut [Lanes],
}

/// Numbers in a line under the stem's kernel.
fn line(width: usize) -> usize {
    ((width - 1) * STEM_STEP + STEM_RUN).next_multiple_of(LANES)
}

/// Vectors that the lines under the stem's kernel take for an output of `width`.
pub(super) fn lines(width: usize) -> usize {
    KERNEL * line(width) / LANES
}

impl Kernel for Stem<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let pitch = line(self.width);
        let lines = numbers_mut(self.lines).chunks_exact_mut(pitch);
        for (line, bytes) in lines.zip(self.rows) {
            let bytes = bytes.unwrap_or(&[]);
            let (before, rest) = line.split_at_mut(PAD * COLOURS);
            let (levels, after) = rest.split_at_mut(bytes.len().min(rest.len()));
            before.fill(0.0);
            for (level, byte) in levels.iter_mut().zip(bytes) {
                *level = f32::from(*byte);
            }
            after.fill(0.0);
        }
        let mut plane = 0;
        for panel in 0..self.layer.panels() {
            let product = Planar::<STEM_STEP, STEM_RUN> {
                input: numbers(self.lines),
                pitch,
                terms: KERNEL * STEM_RUN,
                weight: numbers(self.layer.weight(panel)),
                weight_pitch: self.layer.bias(panel).len() * LANES,
                bias: self.layer.bias(panel),
            };
            let mut into = Into {
                planes: &mut self.out[plane * self.width..],
                pitch: self.width,
                first: 0,
                activated: true,
            };
            product.run(zero, 0..self.width, &mut into);
            plane += product.bias.len();
        }
    }
}
