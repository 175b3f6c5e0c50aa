//! The inside of a block: a source of rows, a depthwise convolution over them, and their sums.
//!
//! The rows come into a ring just large enough for the kernel, so the widest maps of the network
//! are never written to memory.

use std::ops::Range;

use crate::cpu::convolution::{Geometry, Outputs, by_window, sweep};
use crate::cpu::matmul::{Planar, Target};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{LANES, Lanes, Vector, numbers, numbers_mut};

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
        /// The convolution, of stride 2.
        geometry: Geometry,
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
    /// The depthwise convolution of the source.
    pub geometry: Geometry,
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

by_window!(Inner<'_>, convolve -> ());

impl Inner<'_> {
    #[inline(always)]
    fn convolve<V: Vector, const KERNEL: usize, const STRIDE: usize>(mut self, zero: V) {
        let [height, width] = self.geometry.input;
        let [top, left] = self.geometry.pad;
        let out_width = self.geometry.output[1];
        let vectors = self.bias.len();
        let group = GROUP.div_ceil(width).min(height);
        let slots = KERNEL + group;
        let [_, pitch] = self.geometry.padded();
        // The rings, one row of zeros, and the stem's lines.
        let lines = (STEM_LINES * self.source.line()).div_ceil(LANES);
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
            first: 0,
        };

        let above = |row: usize| (row * STRIDE).saturating_sub(top);
        let below = |row: usize| (row * STRIDE + KERNEL).saturating_sub(top).min(height);
        let limit = below(self.rows.end - 1);
        let mut made = above(self.rows.start);
        for (index, row) in self.rows.clone().enumerate() {
            while made < below(row) {
                let next = (made + group).min(limit);
                self.source.rows(zero, made..next, lines, &mut ring);
                made = next;
            }
            for vector in 0..vectors {
                let from: [&[Lanes]; KERNEL] =
                    std::array::from_fn(|y| match (row * STRIDE + y).checked_sub(top) {
                        Some(y) if y < height => ring.row(vector, y),
                        _ => &*zeros,
                    });
                let out = &mut self.out[vector][index * out_width..][..out_width];
                let weight = &self.weight[vector * KERNEL * KERNEL..];
                let bias = zero.read(&self.bias[vector].0);
                let mut sum = Sum(out, zero);
                sweep::<V, KERNEL, STRIDE>(from, weight, bias, out_width, &mut sum);
                self.sums[vector][index] = Lanes(sum.1.array());
            }
        }
    }
}

/// One row of the output after SiLU, and its sum.
struct Sum<'a, V>(&'a mut [Lanes], V);

impl<V: Vector> Outputs<V> for Sum<'_, V> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let value = sum.silu();
        self.1 = self.1.add(value);
        value.write(&mut self.0[x].0);
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
    /// The pixel of the source that a product's first one is.
    first: usize,
}

impl Ring<'_> {
    fn start(&self, vector: usize, row: usize) -> usize {
        vector * self.length + row % self.slots * self.pitch
    }

    fn row(&self, vector: usize, row: usize) -> &[Lanes] {
        &self.vectors[self.start(vector, row)..][..self.pitch]
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
        let pixel = self.first + pixel;
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

impl Source<'_> {
    /// Length of one of the stem's padded lines; 0 without a stem.
    fn line(&self) -> usize {
        match self {
            Self::Stem { geometry, .. } => geometry.padded()[1],
            _ => 0,
        }
    }

    /// Makes `rows` in the ring.
    #[inline(always)]
    fn rows<V: Vector>(
        &self,
        zero: V,
        rows: Range<usize>,
        lines: &mut [Lanes],
        ring: &mut Ring<'_>,
    ) {
        match *self {
            Self::Expand(product) => {
                let pixels = rows.start * ring.width..rows.end * ring.width;
                product.run(zero, pixels, ring);
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
                geometry,
                weight,
                bias,
            } => {
                let [height, width] = geometry.input;
                let [top, left] = geometry.pad;
                let (pitch, lines) = (self.line(), numbers_mut(lines));
                for row in rows {
                    for line in 0..STEM_LINES {
                        let (colour, y) = (line / STEM_KERNEL, line % STEM_KERNEL);
                        let into = &mut lines[line * pitch + left..][..width];
                        match (row * STEM_STRIDE + y).checked_sub(top) {
                            Some(y) if y < height => into
                                .copy_from_slice(&image[(colour * height + y) * width..][..width]),
                            _ => into.fill(0.0),
                        }
                    }
                    let product = Planar::<STEM_STRIDE, STEM_KERNEL> {
                        input: lines,
                        pitch,
                        terms: STEM_LINES * STEM_KERNEL,
                        weight: numbers(weight),
                        weight_pitch: bias.len() * LANES,
                        bias,
                    };
                    ring.first = row * ring.width;
                    product.run(zero, 0..ring.width, ring);
                }
            }
        }
    }
}
