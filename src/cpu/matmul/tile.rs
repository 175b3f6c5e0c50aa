//! One tile of a product: some rows by one vector of columns or two, every sum in a register.
//!
//! Every product of the engine with more than a few rows ends here; they differ in where their
//! operands lie and in what becomes of the sums.

use crate::cpu::simd::Vector;

/// The operands of a tile.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// The number of the first row and term; the next rows' lie `ROW` numbers apart.
    pub a: *const f32,
    /// From the number of one term to that of the next.
    pub a_next: usize,
    /// The first vector of the first term.
    pub b: *const f32,
    /// From the vectors of one term to those of the next.
    pub b_next: usize,
    /// From one vector of a term to the next.
    pub b_column: usize,
    /// How many terms.
    pub count: usize,
}

impl Terms {
    /// `sums[row][column] += a[row][term] b[term][column]`, term after term. `ahead` is called with
    /// the address of every vector that is read, to ask for those that follow.
    ///
    /// # Safety
    /// All operands can be read.
    #[inline(always)]
    pub unsafe fn add<V: Vector, const ROWS: usize, const COLS: usize, const ROW: usize>(
        self,
        mut sums: [[V; COLS]; ROWS],
        ahead: impl Fn(*const f32),
    ) -> [[V; COLS]; ROWS] {
        let (mut a, mut b) = (self.a, self.b);
        // SAFETY: the caller's; the addresses behind the last term are not read.
        unsafe {
            for _ in 0..self.count {
                let mut columns = sums[0];
                for col in 0..COLS {
                    let from = b.add(col * self.b_column);
                    columns[col] = V::load(from);
                    ahead(from);
                }
                for row in 0..ROWS {
                    let value = sums[row][0].splat(*a.add(row * ROW));
                    for col in 0..COLS {
                        sums[row][col] = columns[col].mul_add(value, sums[row][col]);
                    }
                }
                a = a.wrapping_add(self.a_next);
                b = b.wrapping_add(self.b_next);
            }
        }
        sums
    }
}
