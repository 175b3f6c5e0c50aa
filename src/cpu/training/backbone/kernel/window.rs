//! The rows that a depthwise convolution reads: padded, some at a time, in working memory that stays
//! in the cache.

use std::ops::Range;

use crate::cpu::simd::{Lanes, Vector};

/// The shape of the convolution.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Geometry {
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
    Map(&'a [Lanes]),
    /// `silu(scale value + shift)`, and the norm's mean.
    Norm(&'a [Lanes], [&'a Lanes; 3]),
}

/// Lanes of working memory for the rows of one operand.
const CACHED: usize = 4096;

impl Geometry {
    /// Rows of the output that are made at a time.
    pub fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let [height, width] = self.output;
        let step = (CACHED / (self.stride * self.stride * width)).max(4);
        (0..height)
            .step_by(step)
            .map(move |start| start..(start + step).min(height))
    }

    /// Lanes of a padded row of the input.
    pub fn pitch(&self) -> usize {
        let covered = (self.output[1] - 1) * self.stride + self.kernel;
        covered.max(self.pad[1] + self.input[1])
    }
}

/// Rows in working memory.
pub(super) struct PaddedRows<'a> {
    pub vectors: &'a mut [Lanes],
    pub pitch: usize,
    /// The number of the first row, which may lie above the map.
    pub first: isize,
}

impl PaddedRows<'_> {
    pub fn row(&self, row: isize) -> &[Lanes] {
        let index = (row - self.first) as usize;
        &self.vectors[index * self.pitch..][..self.pitch]
    }

    pub fn row_mut(&mut self, row: isize) -> &mut [Lanes] {
        let index = (row - self.first) as usize;
        &mut self.vectors[index * self.pitch..][..self.pitch]
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
        geometry: &Geometry,
        range: Range<isize>,
        rows: &mut PaddedRows<'_>,
    ) {
        let [height, width] = geometry.input;
        let left = geometry.pad[1];
        for row in range {
            let out = rows.row_mut(row);
            if row < 0 || row >= height as isize {
                out.fill(Lanes::default());
                continue;
            }
            let start = row as usize * width;
            out[..left].fill(Lanes::default());
            out[left + width..].fill(Lanes::default());
            let out = &mut out[left..left + width];
            match self {
                Self::Map(values) => out.copy_from_slice(&values[start..][..width]),
                Self::Norm(values, [scale, shift, _]) => {
                    // SAFETY: the caller's.
                    unsafe {
                        let [scale, shift] = [scale, shift].map(|vector| V::of(&vector.0));
                        for (value, out) in values[start..][..width].iter().zip(out) {
                            let value = V::of(&value.0).mul_add(scale, shift);
                            value.silu().write(&mut out.0);
                        }
                    }
                }
            }
        }
    }
}
