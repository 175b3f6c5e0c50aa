//! The inside of a block: a source of rows, a depthwise convolution over them, and their sums.
//!
//! The rows come into a ring just large enough for the kernel, so the widest maps of the network
//! are never written to memory.

use std::ops::Range;

use super::depthwise;
use crate::cpu::convolution::by_window;
use crate::cpu::matmul::{Planar, Target};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector, numbers_mut};

/// Side of the stem's kernel.
pub(in super::super) const STEM_KERNEL: usize = 3;
/// Step between the stem's outputs.
pub(in super::super) const STEM_STRIDE: usize = 2;
/// Colours of the image.
pub(in super::super) const STEM_COLOURS: usize = 3;
/// Lines of the image under the stem's kernel.
const STEM_LINES: usize = STEM_COLOURS * STEM_KERNEL;

/// Where the rows under the depthwise kernel come from.
#[derive(Clone, Copy)]
pub(in super::super) enum Source<'a> {
    /// The stem on a planar image, then SiLU.
    Stem {
        /// `[3, height, width]`.
        image: &'a [f32],
        /// Height and width of the image.
        size: [usize; 2],
        /// Padding above and left.
        pad: [usize; 2],
        /// `[27, vectors]`.
        weight: &'a [Lanes],
        /// `[vectors]`.
        bias: &'a [Lanes],
    },
    /// A 1x1 convolution, then SiLU.
    Expand(Planar<'a>),
    /// The planes of the map as they are.
    Map(&'a [Lanes]),
}

/// One panel of the inside of a block, on some of its rows.
pub(in super::super) struct Inner<'a> {
    /// Where the rows come from.
    pub source: Source<'a>,
    /// Height and width of the source.
    pub size: [usize; 2],
    /// Padding above and left.
    pub pad: [usize; 2],
    /// Side of the kernel, 3 or 5.
    pub kernel: usize,
    /// Step between outputs, 1 or 2.
    pub stride: usize,
    /// Width of the output.
    pub width: usize,
    /// Rows of the output to make.
    pub rows: Range<usize>,
    /// `[vectors, kernel * kernel]`.
    pub weight: &'a [Lanes],
    /// `[vectors]`.
    pub bias: &'a [Lanes],
    /// Working memory.
    pub scratch: &'a mut Memory,
    /// For each vector, the rows.
    pub out: Vec<&'a mut [Lanes]>,
    /// For each vector, the sum of each row.
    pub sums: Vec<&'a mut [Lanes]>,
}

/// Pixels that a product needs to fill its tiles well.
const GROUP: usize = 56;

impl Kernel for Inner<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller vouches for the instructions.
        unsafe { by_window!(self.kernel, self.stride, self.convolve::<V>()) }
    }
}

impl Inner<'_> {
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn convolve<V: Vector, const KERNEL: usize, const STRIDE: usize>(mut self) {
        let [height, width] = self.size;
        let [top, left] = self.pad;
        let vectors = self.bias.len();
        let group = GROUP.div_ceil(width).min(height);
        let slots = KERNEL + group;
        let pitch = (left + width).max((self.width - 1) * STRIDE + KERNEL);
        // The rings, one row of zeros, and the stem's lines.
        let lines_pitch = self.source.line(width);
        let lines = (STEM_LINES * lines_pitch).div_ceil(LANES);
        let ring_length = slots * pitch;
        let scratch = self.scratch.room(vectors * ring_length + pitch + lines);
        scratch.fill(Lanes::default());
        let (rings, rest) = scratch.split_at_mut(vectors * ring_length);
        let (zeros, lines) = rest.split_at_mut(pitch);
        let mut ring = Ring {
            vectors: rings,
            length: ring_length,
            slots,
            pitch,
            left,
            width,
        };

        let above = |row: usize| (row * STRIDE).saturating_sub(top);
        let below = |row: usize| (row * STRIDE + KERNEL).saturating_sub(top).min(height);
        let limit = below(self.rows.end - 1);
        let mut made = above(self.rows.start);
        for (index, row) in self.rows.clone().enumerate() {
            while made < below(row) {
                let next = (made + group).min(limit);
                // SAFETY: the caller vouches for the instructions.
                unsafe {
                    self.source
                        .rows::<V>(made..next, lines, lines_pitch, &mut ring)
                };
                made = next;
            }
            for vector in 0..vectors {
                let from: [*const f32; KERNEL] = std::array::from_fn(|y| {
                    match (row * STRIDE + y).checked_sub(top) {
                        Some(y) if y < height => ring.row(vector, y),
                        _ => zeros.as_ptr(),
                    }
                    .cast()
                });
                let out = &mut self.out[vector][index * self.width..][..self.width];
                let weight = &self.weight[vector * KERNEL * KERNEL..];
                // SAFETY: every row is `pitch` vectors long, which is what the kernel reads.
                self.sums[vector][index] = unsafe {
                    depthwise::row::<V, KERNEL, STRIDE>(from, weight, &self.bias[vector], out)
                };
            }
        }
    }
}

/// The last rows of the source, padded left and right.
struct Ring<'a> {
    vectors: &'a mut [Lanes],
    /// Lanes of one plane's ring.
    length: usize,
    slots: usize,
    pitch: usize,
    left: usize,
    width: usize,
}

impl Ring<'_> {
    fn start(&self, vector: usize, row: usize) -> usize {
        vector * self.length + row % self.slots * self.pitch
    }

    fn row(&self, vector: usize, row: usize) -> *const Lanes {
        self.vectors[self.start(vector, row)..][..self.pitch].as_ptr()
    }

    fn inside(&mut self, vector: usize, row: usize) -> &mut [Lanes] {
        let start = self.start(vector, row) + self.left;
        &mut self.vectors[start..][..self.width]
    }
}

impl<V: Vector> Target<V> for Ring<'_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        let (mut row, mut x) = (pixel / self.width, pixel % self.width);
        let mut start = self.start(vector, row) + self.left;
        for sum in sums {
            for (col, sum) in sum.into_iter().enumerate() {
                let slot = &mut self.vectors[start + x + col * self.length];
                sum.silu().write(&mut slot.0);
            }
            x += 1;
            if x == self.width {
                (row, x) = (row + 1, 0);
                start = self.start(vector, row) + self.left;
            }
        }
    }
}

/// One row of a ring, as the target of the stem.
struct Line<'a, 'b>(&'a mut Ring<'b>, usize);

impl<V: Vector> Target<V> for Line<'_, '_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        x: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        self.0.put(self.1 * self.0.width + x, vector, sums);
    }
}

impl Source<'_> {
    /// Length of one of the stem's padded lines for an output of `width`; 0 without a stem.
    fn line(&self, width: usize) -> usize {
        match self {
            Self::Stem { size, pad, .. } => {
                (pad[1] + size[1]).max((width - 1) * STEM_STRIDE + STEM_KERNEL)
            }
            _ => 0,
        }
    }

    /// Makes `rows` in the ring.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn rows<V: Vector>(
        &self,
        rows: Range<usize>,
        lines: &mut [Lanes],
        lines_pitch: usize,
        ring: &mut Ring<'_>,
    ) {
        match *self {
            Self::Expand(product) => {
                let pixels = rows.start * ring.width..rows.end * ring.width;
                // SAFETY: the caller's.
                unsafe { product.run::<V>(pixels, ring) };
            }
            Self::Map(planes) => {
                let vectors = ring.vectors.len() / ring.length;
                let plane = planes.len() / vectors;
                let width = ring.width;
                for vector in 0..vectors {
                    for row in rows.clone() {
                        let from = &planes[vector * plane + row * width..][..width];
                        ring.inside(vector, row).copy_from_slice(from);
                    }
                }
            }
            Self::Stem {
                image,
                size: [height, width],
                pad: [top, left],
                weight,
                bias,
            } => {
                let lines = numbers_mut(lines);
                for row in rows {
                    for line in 0..STEM_LINES {
                        let (colour, y) = (line / STEM_KERNEL, line % STEM_KERNEL);
                        let into = &mut lines[line * lines_pitch + left..][..width];
                        match (row * STEM_STRIDE + y).checked_sub(top) {
                            Some(y) if y < height => into
                                .copy_from_slice(&image[(colour * height + y) * width..][..width]),
                            _ => into.fill(0.0),
                        }
                    }
                    let product = Planar::<STEM_STRIDE, STEM_KERNEL> {
                        input: lines,
                        pitch: lines_pitch,
                        terms: STEM_LINES * STEM_KERNEL,
                        weight,
                        bias,
                    };
                    let pixels = 0..ring.width;
                    // SAFETY: the caller's.
                    unsafe { product.run::<V>(pixels, &mut Line(ring, row)) };
                }
            }
        }
    }
}
