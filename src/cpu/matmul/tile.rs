//! One tile of a product after another, every sum in a register.

#![allow(
    clippy::needless_range_loop,
    clippy::int_plus_one,
    reason = "sums are indexed by number so that they stay in registers; a macro writes `+ 1` too"
)]

use crate::cpu::simd::{LANES, Vector};

/// What the sums of a tile start from.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// Zero.
    Zero,
    /// One number per column, whole vectors of them.
    Bias(*const f32),
    /// What the output holds.
    Output,
}

/// A few rows of a product's part: all its columns, some terms of their sums.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// Number of terms.
    pub depth: usize,
    /// For each term, the numbers of `V::ROWS` rows.
    pub rows: *const f32,
    /// Panel after panel; in a panel, for each term, one vector or two.
    pub panels: *const f32,
    /// Number of columns.
    pub columns: usize,
    /// What is added to.
    pub start: Start,
    /// The first number of the output.
    pub out: *mut f32,
    /// From one row of the output to the next.
    pub pitch: usize,
    /// Room for one tile.
    pub side: *mut f32,
}

/// Terms of a panel that are on their way while one is multiplied.
const AHEAD: usize = 8;

impl Tile {
    /// Computes the first `count` rows.
    ///
    /// # Safety
    /// The processor has the instructions of `V`, all pointers are valid for what the fields say,
    /// and `count` is at most `V::ROWS`.
    #[inline(always)]
    pub unsafe fn run<V: Vector>(&self, count: usize) {
        let width = if V::PAIRS { 2 * LANES } else { LANES };
        let mut column = 0;
        while column < self.columns {
            let left = self.columns - column;
            // SAFETY: the caller's; a panel of one vector is the last one.
            unsafe {
                if V::PAIRS && left > LANES {
                    self.across::<V, 2>(count, column, left.min(width));
                } else {
                    self.across::<V, 1>(count, column, left.min(LANES));
                }
            }
            column += width;
        }
    }

    /// One panel, of which `width` columns count.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn across<V: Vector, const COLS: usize>(
        &self,
        count: usize,
        column: usize,
        width: usize,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let out = self.out.add(column);
            let whole = width == COLS * LANES;
            // Where the last columns do not fill their vectors, the tile goes to the side first.
            let (to, pitch) = match whole {
                true => (out, self.pitch),
                false => (self.side, COLS * LANES),
            };
            let row = |row: usize| (out.add(row * self.pitch), self.side.add(row * COLS * LANES));
            if !whole && matches!(self.start, Start::Output) {
                for (out, side) in (0..count).map(row) {
                    std::ptr::copy_nonoverlapping(out, side, width);
                }
            }
            self.down::<V, COLS>(count, column, to, pitch);
            if !whole {
                for (out, side) in (0..count).map(row) {
                    std::ptr::copy_nonoverlapping(side, out, width);
                }
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run); `out` has whole vectors.
    #[inline(always)]
    unsafe fn down<V: Vector, const COLS: usize>(
        &self,
        count: usize,
        column: usize,
        out: *mut f32,
        pitch: usize,
    ) {
        let mut row = 0;
        macro_rules! tiles {
            ($($rows:literal if $compiled:expr),*) => {$(
                if $compiled {
                    while row + $rows <= count {
                        // SAFETY: the caller's.
                        unsafe {
                            let out = out.add(row * pitch);
                            self.sum::<V, $rows, COLS>(row, column, out, pitch);
                        }
                        row += $rows;
                    }
                }
            )*};
        }
        tiles!(
            14 if V::ROWS == 14,
            8 if V::ROWS == 14,
            6 if V::ROWS == 6,
            4 if V::ROWS >= 4,
            2 if true,
            1 if true
        );
    }

    /// # Safety
    /// As [`run`](Self::run); `out` is where the tile goes.
    #[inline(always)]
    unsafe fn sum<V: Vector, const ROWS: usize, const COLS: usize>(
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
                    match self.start {
                        // The line is on its way here while the sums are made.
                        Start::Zero => V::fetch(out),
                        Start::Bias(bias) => {
                            V::fetch(out);
                            sums[row][col] = V::load(bias.add(column + col * LANES));
                        }
                        // Here it is read at once, so the line of the next panel is asked for.
                        Start::Output => {
                            V::fetch(out.wrapping_add(COLS * LANES));
                            sums[row][col] = V::load(out);
                        }
                    }
                }
            }
            let mut rows = self.rows.add(row);
            let mut panel = self.panels.add(column * self.depth);
            for _ in 0..self.depth {
                let mut columns = [V::splat(0.0); COLS];
                for (col, columns) in columns.iter_mut().enumerate() {
                    *columns = V::load(panel.add(col * LANES));
                    // A panel does not fit into the first cache.
                    V::fetch(panel.wrapping_add((AHEAD * COLS + col) * LANES));
                }
                for row in 0..ROWS {
                    let value = V::splat(*rows.add(row));
                    for col in 0..COLS {
                        sums[row][col] = columns[col].mul_add(value, sums[row][col]);
                    }
                }
                rows = rows.add(V::ROWS);
                panel = panel.add(COLS * LANES);
            }
            // By number: an array that is iterated over would have to be in memory.
            for row in 0..ROWS {
                for col in 0..COLS {
                    sums[row][col].store(out.add(row * pitch + col * LANES));
                }
            }
        }
    }
}
