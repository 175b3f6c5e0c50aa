//! A few packed rows of a product times all packed columns of a task, tile by tile.

#![allow(
    clippy::needless_range_loop,
    reason = "sums are indexed by number so that they stay in registers"
)]

use std::ptr::copy_nonoverlapping;

use super::tile::{Terms, tiles};
use crate::cpu::simd::{LANES, Vector};

/// Some terms of the sums of a few rows.
#[derive(Clone, Copy)]
pub(super) struct Packed {
    /// Number of terms.
    pub depth: usize,
    /// For each term, the numbers of `V::ROWS` rows.
    pub rows: *const f32,
    /// Panel after panel; in a panel, for each term, one vector or two.
    pub panels: *const f32,
    /// Number of columns.
    pub columns: usize,
    /// What the sums start from, one number per column in whole vectors; nothing where it is what
    /// the output holds.
    pub start: Option<*const f32>,
    /// The first number of the output.
    pub out: *mut f32,
    /// From one row of the output to the next.
    pub pitch: usize,
    /// Room for one tile.
    pub side: *mut f32,
}

/// Terms of a panel that are on their way while one is multiplied.
const AHEAD: usize = 8;

impl Packed {
    /// Computes the first `count` rows.
    ///
    /// # Safety
    /// The processor has the instructions of `V`, all pointers are valid for what the fields say,
    /// and `count` is at most `V::ROWS`.
    #[inline(always)]
    pub unsafe fn run<V: Vector>(&self, count: usize) {
        let width = if V::PAIRS { 2 * LANES } else { LANES };
        for column in (0..self.columns).step_by(width) {
            // SAFETY: the caller's; a panel of one vector is the last one.
            unsafe {
                if V::PAIRS && self.columns - column > LANES {
                    self.panel::<V, 2>(count, column);
                } else {
                    self.panel::<V, 1>(count, column);
                }
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn panel<V: Vector, const COLS: usize>(&self, count: usize, column: usize) {
        let width = (self.columns - column).min(COLS * LANES);
        let whole = width == COLS * LANES;
        // SAFETY: the caller's.
        unsafe {
            let out = self.out.add(column);
            // Where the last columns do not fill their vectors, the tile goes to the side first.
            let (to, pitch) = match whole {
                true => (out, self.pitch),
                false => (self.side, COLS * LANES),
            };
            let row = |row: usize| (out.add(row * self.pitch), self.side.add(row * COLS * LANES));
            if !whole && self.start.is_none() {
                for (out, side) in (0..count).map(row) {
                    copy_nonoverlapping(out, side, width);
                }
            }
            tiles!(V, 0..count, |row| {
                self.tile::<V, ROWS, COLS>(row, column, to.add(row * pitch), pitch)
            });
            if !whole {
                for (out, side) in (0..count).map(row) {
                    copy_nonoverlapping(side, out, width);
                }
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run); `out` is where the tile goes, in whole vectors.
    #[inline(always)]
    unsafe fn tile<V: Vector, const ROWS: usize, const COLS: usize>(
        &self,
        row: usize,
        column: usize,
        out: *mut f32,
        pitch: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let mut sums = [[V::splat(0.0); COLS]; ROWS];
            for row in 0..ROWS {
                for col in 0..COLS {
                    let out = out.add(row * pitch + col * LANES);
                    sums[row][col] = match self.start {
                        // The line is on its way here while the sums are made.
                        Some(start) => {
                            V::fetch(out);
                            V::load(start.add(column + col * LANES))
                        }
                        // Here it is read at once, so the line of the next panel is asked for.
                        None => {
                            V::fetch(out.wrapping_add(COLS * LANES));
                            V::load(out)
                        }
                    };
                }
            }
            let terms = Terms {
                a: self.rows.add(row),
                a_next: V::ROWS,
                b: self.panels.add(column * self.depth),
                b_next: COLS * LANES,
                b_column: LANES,
                count: self.depth,
            };
            // A panel does not fit into the first cache.
            let ahead = |from: *const f32| V::fetch(from.wrapping_add(AHEAD * COLS * LANES));
            let sums = terms.add::<V, ROWS, COLS, 1>(sums, ahead);
            // By number: an array that is iterated over would have to be in memory.
            for row in 0..ROWS {
                for col in 0..COLS {
                    sums[row][col].store(out.add(row * pitch + col * LANES));
                }
            }
        }
    }
}
