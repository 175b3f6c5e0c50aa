//! A product of few rows.
//!
//! Packing pays where a panel is used for many rows. With few, the time goes into fetching the
//! second operand from memory; here it is read once, as it lies, from start to end, and the sums
//! stay in a core's first cache.

#![allow(
    clippy::needless_range_loop,
    reason = "arrays of registers are indexed by number so that they stay in registers"
)]

use std::ops::Range;

use super::product::{Product, Start};
use crate::cpu::simd::{Kernel, LANES, Vector};

/// Rows of the largest tile of any instruction set.
pub(super) const MOST_ROWS: usize = 14;
/// Numbers of the output that stay in the first cache.
const SUMS: usize = 4096;

/// Some columns of a product of few rows.
pub(super) struct Thin<'a> {
    pub product: &'a Product<'a>,
    pub columns: Range<usize>,
}

impl Product<'_> {
    /// Whether the product has few rows, and a second operand that can be read as it lies.
    pub(super) fn is_thin(&self) -> bool {
        self.out.size[0] <= MOST_ROWS && self.b.strides[1] == 1
    }

    /// The columns of one task of a thin product, at most.
    pub(super) fn thin_columns(&self) -> usize {
        (SUMS / self.out.size[0].max(1)).next_multiple_of(2 * LANES)
    }
}

impl Kernel for Thin<'_> {
    type Output = ();

    /// # Safety
    /// As [`Kernel::run`], and nothing else uses these columns of the output.
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Product { a, start, out, .. } = self.product;
        let length = self.columns.len();
        // SAFETY: rows and columns are inside the output, terms inside the operands.
        unsafe {
            for row in 0..out.size[0] {
                let out = out.start.add(row * out.pitch + self.columns.start);
                match start {
                    Start::Zero => out.write_bytes(0, length),
                    Start::Bias(bias) => {
                        let bias = bias[self.columns.clone()].as_ptr();
                        out.copy_from_nonoverlapping(bias, length);
                    }
                    Start::Output => {}
                }
            }
            let depth = a.size[1];
            let mut term = 0;
            // As many terms at a time as there are registers for.
            if V::PAIRS {
                while term + 8 <= depth {
                    self.add::<V, 8>(term);
                    term += 8;
                }
            }
            while term + 4 <= depth {
                self.add::<V, 4>(term);
                term += 4;
            }
            while term < depth {
                self.add::<V, 1>(term);
                term += 1;
            }
        }
    }
}

impl Thin<'_> {
    /// Adds `TERMS` terms to every sum, one after another.
    ///
    /// # Safety
    /// As [`Kernel::run`]; the terms are inside the operands.
    #[inline(always)]
    unsafe fn add<V: Vector, const TERMS: usize>(&self, term: usize) {
        let Product { a, b, out, .. } = self.product;
        let rows = out.size[0];
        let first = self.columns.start;
        let whole = self.columns.len() / LANES * LANES;
        // SAFETY: the caller's; `b` lies along its columns.
        unsafe {
            let lines: [*const f32; TERMS] = std::array::from_fn(|i| b.at(term + i, first));
            let add = |row: usize, columns: [V; TERMS], mut sum: V| {
                for i in 0..TERMS {
                    sum = columns[i].mul_add(V::splat(*a.at(row, term + i)), sum);
                }
                sum
            };
            let place = |row: usize, column: usize| out.start.add(row * out.pitch + first + column);
            for column in (0..whole).step_by(LANES) {
                let columns = lines.map(|line| V::load(line.add(column)));
                for row in 0..rows {
                    let place = place(row, column);
                    add(row, columns, V::load(place)).store(place);
                }
            }
            // What does not fill a vector is filled up on the side.
            let left = self.columns.len() - whole;
            if left > 0 {
                let fill = |from: *const f32| {
                    let mut side = [0.0; LANES];
                    side.as_mut_ptr().copy_from_nonoverlapping(from, left);
                    V::of(&side)
                };
                let columns = lines.map(|line| fill(line.add(whole)));
                for row in 0..rows {
                    let place = place(row, whole);
                    let sums = add(row, columns, fill(place)).array();
                    place.copy_from_nonoverlapping(sums.as_ptr(), left);
                }
            }
        }
    }
}
