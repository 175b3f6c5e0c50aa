//! The rows that a depthwise convolution reads: padded, some at a time, in working memory that stays
//! in the cache.

use std::ops::Range;

use crate::cpu::simd::Strip;
use crate::cpu::simd::Vector;

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
    pub fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let [height, width] = self.output;
        let step = (CACHED / (self.stride * self.stride * width)).max(4);
        (0..height)
            .step_by(step)
            .map(move |start| start..(start + step).min(height))
    }

    /// Strips of a padded row of the input.
    pub fn pitch(&self) -> usize {
        let covered = (self.output[1] - 1) * self.stride + self.kernel;
        covered.max(self.pad[1] + self.input[1])
    }
}

/// Rows in working memory.
pub(super) struct Rows<'a> {
    pub strips: &'a mut [Strip],
    pub pitch: usize,
    /// The number of the first row, which may lie above the map.
    pub first: isize,
}

impl Rows<'_> {
    pub fn row(&self, row: isize) -> &[Strip] {
        let index = (row - self.first) as usize;
        &self.strips[index * self.pitch..][..self.pitch]
    }

    pub fn row_mut(&mut self, row: isize) -> &mut [Strip] {
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
    pub(super) unsafe fn fill<V: Vector>(
        &self,
        window: &Window,
        range: Range<isize>,
        rows: &mut Rows<'_>,
    ) {
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
