//! The operands of a product, laid out in the order in which its tiles read them.

#![allow(
    clippy::needless_range_loop,
    reason = "arrays of registers are indexed by number so that they stay in registers"
)]

use std::ops::Range;

use super::Matrix;
use crate::processor::strip::LANES;
use crate::processor::vector::Vector;

/// Lays out `terms` x `columns` of `b` panel after panel: in a panel, for each term, one strip or
/// two. What stands for columns beyond the last is unknown.
///
/// # Safety
/// The processor has the instructions of `V`, the terms and columns are inside `b`, and `panels`
/// has room for them in whole strips.
#[inline(always)]
pub(super) unsafe fn panels<V: Vector>(
    b: &Matrix,
    terms: Range<usize>,
    columns: Range<usize>,
    panels: &mut [f32],
) {
    let depth = terms.len();
    let wide = columns.len().next_multiple_of(LANES);
    assert!(panels.len() >= wide * depth, "room for the panels");
    let pair = if V::PAIRS { 2 * LANES } else { LANES };
    for panel in (0..wide).step_by(pair) {
        let pitch = pair.min(wide - panel);
        let first = columns.start + panel;
        let count = pitch.min(columns.end - first);
        // SAFETY: the caller's, and the length was checked.
        unsafe {
            let to = panels.as_mut_ptr().add(panel * depth);
            if b.strides[1] == 1 {
                lines::<V>(b, first, count, terms.clone(), pitch, to);
            } else {
                for strip in (0..count).step_by(LANES) {
                    let columns = first + strip..first + count.min(strip + LANES);
                    lay_out::<V>(b.transposed(), columns, terms.clone(), pitch, to.add(strip));
                }
            }
        }
    }
}

/// For each of `terms`, `count` neighbouring columns of `b` from `column` on; each term `pitch`
/// after the one before.
///
/// # Safety
/// The processor has the instructions of `V`, the columns and terms are inside `b`, and `to` is
/// valid for `pitch` numbers a term.
#[inline(always)]
unsafe fn lines<V: Vector>(
    b: &Matrix,
    column: usize,
    count: usize,
    terms: Range<usize>,
    pitch: usize,
    to: *mut f32,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut from = b.at(terms.start, column);
        for term in 0..terms.len() {
            let to = to.add(term * pitch);
            for strip in (0..pitch).step_by(LANES) {
                // A line is far from the one before, so the processor foresees none of them.
                V::prefetch(from.wrapping_add(AHEAD * b.strides[0] + strip));
            }
            if count == pitch {
                for strip in (0..pitch).step_by(LANES) {
                    V::load(from.add(strip)).store(to.add(strip));
                }
            } else {
                std::ptr::copy_nonoverlapping(from, to, count);
            }
            from = from.wrapping_add(b.strides[0]);
        }
    }
}

/// Lines that are on their way while one is laid out.
const AHEAD: usize = 16;

/// Lays out `rows` x `terms` of `a`: for each term, the numbers of `V::ROWS` rows, of which those
/// beyond the last are unknown.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows, at most `V::ROWS`, and terms are inside
/// `a`.
#[inline(always)]
pub(super) unsafe fn rows<V: Vector>(
    a: &Matrix,
    rows: Range<usize>,
    terms: Range<usize>,
    to: &mut [f32],
) {
    let room = terms.len() * V::ROWS + LANES;
    assert!(to.len() >= room, "room for the rows");
    // SAFETY: the caller's, and the length was checked.
    unsafe { lay_out::<V>(*a, rows, terms, V::ROWS, to.as_mut_ptr()) }
}

/// For each of `terms`, the numbers of at most 16 `rows`; each term `pitch` after the one before.
/// Terms are written in order and mostly as whole strips, of which the next term overwrites what
/// goes too far.
///
/// # Safety
/// The processor has the instructions of `V`, the rows and terms are inside `matrix`, and `to` is
/// valid for a strip from each term on.
#[inline(always)]
unsafe fn lay_out<V: Vector>(
    matrix: Matrix,
    rows: Range<usize>,
    terms: Range<usize>,
    pitch: usize,
    to: *mut f32,
) {
    let count = rows.len();
    let depth = terms.len();
    // SAFETY: the caller's.
    unsafe {
        if matrix.strides[0] == 1 {
            let mut from = matrix.at(rows.start, terms.start);
            // A whole strip can be read where that stays inside the values.
            let whole = matrix.values.len().checked_sub(LANES);
            let whole = whole.map(|last| matrix.values.as_ptr().add(last));
            for term in 0..depth {
                let to = to.add(term * pitch);
                if count == LANES || whole.is_some_and(|last| from <= last) {
                    V::load(from).store(to);
                } else {
                    std::ptr::copy_nonoverlapping(from, to, count);
                }
                from = from.wrapping_add(matrix.strides[1]);
            }
        } else if matrix.strides[1] == 1 {
            let mut from = [matrix.at(rows.start, terms.start); LANES];
            for (row, from) in from.iter_mut().enumerate() {
                *from = matrix.at(rows.start + row.min(count - 1), terms.start);
            }
            let mut term = 0;
            while term + LANES <= depth {
                let mut lines = [V::splat(0.0); LANES];
                for row in 0..LANES {
                    lines[row] = V::load(from[row].add(term));
                }
                let columns = V::transpose(lines);
                for column in 0..LANES {
                    columns[column].store(to.add((term + column) * pitch));
                }
                term += LANES;
            }
            for term in term..depth {
                for (row, from) in from[..count].iter().enumerate() {
                    *to.add(term * pitch + row) = *from.add(term);
                }
            }
        } else {
            for term in 0..depth {
                for row in 0..count {
                    let from = matrix.at(rows.start + row, terms.start + term);
                    *to.add(term * pitch + row) = *from;
                }
            }
        }
    }
}
