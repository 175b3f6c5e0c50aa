//! The operands of a product, laid out in the order in which its tiles read them.

use std::ops::Range;

use super::Matrix;
use crate::cpu::simd::{LANES, Vector};

/// Lays out `terms` x `columns` of `b` panel after panel: in a panel, for each term, one vector or
/// two. What stands for columns beyond the last is unknown.
///
/// # Safety
/// The processor has the instructions of `V`, the terms and columns are inside `b`, and `panels`
/// has room for them in whole vectors.
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
    // SAFETY: the caller's, and the length was checked.
    unsafe {
        if b.strides[1] == 1 {
            return lines::<V>(b, terms, columns, pair, panels.as_mut_ptr());
        }
        for panel in (0..wide).step_by(pair) {
            let pitch = pair.min(wide - panel);
            let first = columns.start + panel;
            let count = pitch.min(columns.end - first);
            let to = &mut panels[panel * depth..];
            for vector in (0..count).step_by(LANES) {
                let columns = first + vector..first + count.min(vector + LANES);
                lay_out::<V>(
                    b.transposed(),
                    columns,
                    terms.clone(),
                    pitch,
                    &mut to[vector..],
                );
            }
        }
    }
}

/// As [`panels`], where neighbouring columns of `b` are neighbours in memory: each term is read from
/// start to end, since a line of `b` is far from the one before.
///
/// # Safety
/// As [`panels`], with room in `to`.
#[inline(always)]
unsafe fn lines<V: Vector>(
    b: &Matrix,
    terms: Range<usize>,
    columns: Range<usize>,
    pair: usize,
    to: *mut f32,
) {
    let depth = terms.len();
    let count = columns.len();
    let (wide, whole) = (count.next_multiple_of(LANES), count / LANES * LANES);
    // Where a vector of a term goes: of the last panel, which may be one vector, the terms are closer.
    let place = |term: usize, vector: usize| {
        let panel = vector / pair * pair;
        panel * depth + term * pair.min(wide - panel) + vector - panel
    };
    // SAFETY: the caller's.
    unsafe {
        for term in 0..depth {
            let from = b.at(terms.start + term, columns.start);
            for vector in (0..whole).step_by(LANES) {
                V::prefetch::<false>(from.wrapping_add(AHEAD * b.strides[0] + vector));
                V::load(from.add(vector)).store(to.add(place(term, vector)));
            }
            if whole < count {
                let to = to.add(place(term, whole));
                std::ptr::copy_nonoverlapping(from.add(whole), to, count - whole);
            }
        }
    }
}

/// Lines that are on their way while one is laid out.
const AHEAD: usize = 4;
/// The same where of each line only one vector is laid out.
const FAR: usize = 24;

/// Lays out at most 16 `rows` x `terms` of a matrix: for each term the numbers of the rows, each term
/// `pitch` after the one before. Terms are written in order and mostly as whole vectors, of which the
/// next term overwrites what goes too far; behind the rows is what is unknown.
///
/// # Safety
/// The processor has the instructions of `V`, and the rows and terms are inside `matrix`.
#[inline(always)]
pub(super) unsafe fn lay_out<V: Vector>(
    matrix: Matrix,
    rows: Range<usize>,
    terms: Range<usize>,
    pitch: usize,
    to: &mut [f32],
) {
    let room = terms.len().saturating_sub(1) * pitch + LANES;
    assert!(rows.len() <= LANES && to.len() >= room, "room for the rows");
    let to = to.as_mut_ptr();
    let count = rows.len();
    let depth = terms.len();
    // SAFETY: the caller's.
    unsafe {
        if matrix.strides[0] == 1 {
            let mut from = matrix.at(rows.start, terms.start);
            // A whole vector can be read where that stays inside the values.
            let whole = matrix.values.len().checked_sub(LANES);
            let whole = whole.map(|last| matrix.values.as_ptr().add(last));
            for term in 0..depth {
                let to = to.add(term * pitch);
                V::prefetch::<false>(from.wrapping_add(FAR * matrix.strides[1]));
                if count == LANES || whole.is_some_and(|last| from <= last) {
                    V::load(from).store(to);
                } else {
                    std::ptr::copy_nonoverlapping(from, to, count);
                }
                from = from.wrapping_add(matrix.strides[1]);
            }
            return;
        }
        let mut term = 0;
        if matrix.strides[1] == 1 {
            let line = |row: usize| matrix.at(rows.start + row.min(count - 1), terms.start);
            let lines: [*const f32; LANES] = std::array::from_fn(line);
            while term + LANES <= depth {
                let columns = V::transpose(lines.map(|line| V::load(line.add(term))));
                for column in 0..LANES {
                    columns[column].store(to.add((term + column) * pitch));
                }
                term += LANES;
            }
        }
        for term in term..depth {
            for row in 0..count {
                *to.add(term * pitch + row) = *matrix.at(rows.start + row, terms.start + term);
            }
        }
    }
}
