//! The inside of a block: a source of rows, a depthwise convolution over them, and their sums.
//!
//! The rows come into a ring just large enough for the kernel, so the widest maps of the network
//! are never written to memory.

use std::ops::Range;

use super::{depthwise, stem};
use crate::cpu::matmul::{Planar, Target};
use crate::cpu::simd::Kernel;
use crate::cpu::simd::Vector;
use crate::cpu::simd::{LANES, Strip, numbers_mut};

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
        /// `[27, strips]`.
        weight: &'a [Strip],
        /// `[strips]`.
        bias: &'a [Strip],
    },
    /// A 1x1 convolution, then SiLU.
    Expand(Planar<'a>),
    /// The planes of the map as they are.
    Map(&'a [Strip]),
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
    /// `[strips, kernel * kernel]`.
    pub weight: &'a [Strip],
    /// `[strips]`.
    pub bias: &'a [Strip],
    /// Working memory.
    pub scratch: &'a mut Vec<Strip>,
    /// For each strip, the rows.
    pub out: Vec<&'a mut [Strip]>,
    /// For each strip, the sum of each row.
    pub sums: Vec<&'a mut [Strip]>,
}

/// Pixels that a product needs to fill its tiles well.
const GROUP: usize = 56;

impl Kernel for Inner<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            match (self.kernel, self.stride) {
                (3, 1) => self.convolve::<V, 3, 1>(),
                (3, 2) => self.convolve::<V, 3, 2>(),
                (5, 1) => self.convolve::<V, 5, 1>(),
                (5, 2) => self.convolve::<V, 5, 2>(),
                other => unreachable!("compiling the plan refuses the convolution {other:?}"),
            }
        }
    }
}

impl Inner<'_> {
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn convolve<V: Vector, const KERNEL: usize, const STRIDE: usize>(mut self) {
        let [height, width] = self.size;
        let [top, left] = self.pad;
        let strips = self.bias.len();
        let group = GROUP.div_ceil(width).min(height);
        let slots = KERNEL + group;
        let pitch = (left + width).max((self.width - 1) * STRIDE + KERNEL);
        // The rings, one row of zeros, and the stem's lines.
        let lines_pitch = self.source.line(width);
        let lines = lines_length(lines_pitch);
        let ring_length = slots * pitch;
        self.scratch.clear();
        self.scratch
            .resize(strips * ring_length + pitch + lines, Strip::default());
        let (rings, rest) = self.scratch.split_at_mut(strips * ring_length);
        let (zeros, lines) = rest.split_at_mut(pitch);
        let mut ring = Ring {
            strips: rings,
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
            for strip in 0..strips {
                let from: [*const f32; KERNEL] = std::array::from_fn(|y| {
                    match (row * STRIDE + y).checked_sub(top) {
                        Some(y) if y < height => ring.row(strip, y),
                        _ => zeros.as_ptr(),
                    }
                    .cast()
                });
                let out = &mut self.out[strip][index * self.width..][..self.width];
                let weight = &self.weight[strip * KERNEL * KERNEL..];
                // SAFETY: every row is `pitch` strips long, which is what the kernel reads.
                self.sums[strip][index] = unsafe {
                    depthwise::row::<V, KERNEL, STRIDE>(from, weight, &self.bias[strip], out)
                };
            }
        }
    }
}

/// One panel of the stem, as a map of its own: for a network whose first block needs it twice.
pub(in super::super) struct Stem<'a> {
    /// The stem.
    pub source: Source<'a>,
    /// Height and width of the output.
    pub size: [usize; 2],
    /// Working memory.
    pub scratch: &'a mut Vec<Strip>,
    /// The panel's planes.
    pub out: &'a mut [Strip],
}

impl Kernel for Stem<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let [height, width] = self.size;
        let lines_pitch = self.source.line(width);
        let lines = lines_length(lines_pitch);
        self.scratch.clear();
        self.scratch.resize(lines, Strip::default());
        // A ring in which every row has its place is the map.
        let mut ring = Ring {
            strips: self.out,
            length: height * width,
            slots: height,
            pitch: width,
            left: 0,
            width,
        };
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            self.source
                .rows::<V>(0..height, self.scratch, lines_pitch, &mut ring);
        }
    }
}

/// Strips that the stem's padded lines of `pitch` numbers take.
fn lines_length(pitch: usize) -> usize {
    (stem::COLOURS * stem::KERNEL * pitch).div_ceil(LANES)
}

/// The last rows of the source, padded left and right.
struct Ring<'a> {
    strips: &'a mut [Strip],
    /// Strips of one plane's ring.
    length: usize,
    slots: usize,
    pitch: usize,
    left: usize,
    width: usize,
}

impl Ring<'_> {
    fn start(&self, strip: usize, row: usize) -> usize {
        strip * self.length + row % self.slots * self.pitch
    }

    fn row(&self, strip: usize, row: usize) -> *const Strip {
        self.strips[self.start(strip, row)..][..self.pitch].as_ptr()
    }

    fn inside(&mut self, strip: usize, row: usize) -> &mut [Strip] {
        let start = self.start(strip, row) + self.left;
        &mut self.strips[start..][..self.width]
    }
}

impl<V: Vector> Target<V> for Ring<'_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        strip: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        let (mut row, mut x) = (pixel / self.width, pixel % self.width);
        let mut start = self.start(strip, row) + self.left;
        for sum in sums {
            for (col, sum) in sum.into_iter().enumerate() {
                let slot = &mut self.strips[start + x + col * self.length];
                // SAFETY: the slot is one strip.
                unsafe { sum.silu().store(slot.0.as_mut_ptr()) };
            }
            x += 1;
            if x == self.width {
                (row, x) = (row + 1, 0);
                start = self.start(strip, row) + self.left;
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
        strip: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        self.0.put(self.1 * self.0.width + x, strip, sums);
    }
}

impl Source<'_> {
    /// Length of one of the stem's padded lines for an output of `width`; 0 without a stem.
    fn line(&self, width: usize) -> usize {
        match self {
            Self::Stem { size, pad, .. } => {
                (pad[1] + size[1]).max((width - 1) * stem::STRIDE + stem::KERNEL)
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
        lines: &mut [Strip],
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
                let strips = ring.strips.len() / ring.length;
                let plane = planes.len() / strips;
                let width = ring.width;
                for strip in 0..strips {
                    for row in rows.clone() {
                        let from = &planes[strip * plane + row * width..][..width];
                        ring.inside(strip, row).copy_from_slice(from);
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
                    for line in 0..stem::COLOURS * stem::KERNEL {
                        let (colour, y) = (line / stem::KERNEL, line % stem::KERNEL);
                        let into = &mut lines[line * lines_pitch + left..][..width];
                        match (row * stem::STRIDE + y).checked_sub(top) {
                            Some(y) if y < height => {
                                into.copy_from_slice(
                                    &image[(colour * height + y) * width..][..width],
                                );
                            }
                            _ => into.fill(0.0),
                        }
                    }
                    let count = ring.width;
                    // SAFETY: the caller's.
                    unsafe {
                        let mut line = Line(ring, row);
                        stem::row::<V>(lines, lines_pitch, weight, bias, count, &mut line);
                    }
                }
            }
        }
    }
}
