//! The product of two matrices of any strides, on all cores.
//!
//! [`Product`] says what is multiplied and where it goes; [`run`] does many of them at once on all
//! cores. `out = start + a b`, where `a` and `b` are read with any strides, so that a transposed
//! operand costs nothing extra:
//!
//! ```text
//! Product::new(Matrix::new(a, [m, k]), Matrix::new(b, [k, n]), Output::new(out, [m, n]))
//! ```
//!
//! Each number of the output is one chain of multiply-adds in the order of the inner dimension,
//! from its start. So the result does not depend on the number of threads, on how the output is
//! divided among them, or on what else is in the batch.
//!
//! # How
//! The output is divided into parts of at most `COLUMNS` columns and about `BAND` rows, one task
//! each. A task takes `DEPTH` of the inner dimension at a time. That block of `b` is packed into
//! panels of one tile's width, at most 1.8 MB; then each few rows of `a` are packed, 18 KB that stay
//! in a core's first cache, and multiplied with every panel. The panels come from the second and
//! third cache, asked for a few terms ahead, which the multipliers do not wait for; packing fewer
//! columns that would stay nearer means packing `a` more often, and costs more. A tile's sums stay
//! in registers: 14 rows of two strips for AVX-512. A product of few rows is `thin` instead: it
//! reads the weights once, unpacked.
//!
//! # What bounds it
//! The multipliers: one 512-bit multiply-add a cycle on a Zen 4 core. What is left over goes into
//! packing, into reading operands that no cache holds, and into the last columns of an output whose
//! width is no multiple of a strip.

mod pack;
mod thin;
mod tile;

#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use self::thin::Thin;
use self::tile::Tile;
use super::isa::{Isa, Kernel};
use super::memory::Memory;
use super::strip::{LANES, numbers_mut};
use super::team::Pool;
use super::vector::Vector;

/// Columns of the output that a task makes at most: 42 panels of two strips.
const COLUMNS: usize = 84 * LANES;
/// Terms of the sums between two visits to the output, at most.
const DEPTH: usize = 336;
/// Rows of the output that a task makes where nothing else is asked for.
const BAND: usize = 256;
/// Tasks per core, where there are several cores.
const TASKS: usize = 4;
/// Rows of the largest tile of any instruction set.
const MOST_ROWS: usize = 14;

/// A matrix that is read: the number of a row and a column is at
/// `row * strides[0] + column * strides[1]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    size: [usize; 2],
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// A matrix of `[rows, columns]`, row after row.
    ///
    /// # Panics
    /// If there are fewer values.
    pub fn new(values: &'a [f32], size: [usize; 2]) -> Self {
        Self::strided(values, size, [size[1], 1])
    }

    /// A matrix with any strides; a stride of 0 repeats.
    ///
    /// # Panics
    /// If an element lies outside `values`.
    pub fn strided(values: &'a [f32], size: [usize; 2], strides: [usize; 2]) -> Self {
        let last = |axis: usize| (size[axis] - 1).checked_mul(strides[axis]);
        let inside = size.contains(&0)
            || last(0)
                .zip(last(1))
                .and_then(|(row, column)| row.checked_add(column))
                .is_some_and(|last| last < values.len());
        assert!(
            inside,
            "a matrix of {size:?} with strides {strides:?} lies outside {} values",
            values.len()
        );
        Self {
            values,
            size,
            strides,
        }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let ([rows, columns], [down, along]) = (self.size, self.strides);
        Self {
            size: [columns, rows],
            strides: [along, down],
            ..self
        }
    }

    /// # Safety
    /// The element is inside the matrix.
    #[inline(always)]
    unsafe fn at(&self, row: usize, column: usize) -> *const f32 {
        // SAFETY: `strided` has checked the last element, and the strides are not negative.
        unsafe {
            self.values
                .as_ptr()
                .add(row * self.strides[0] + column * self.strides[1])
        }
    }
}

/// A matrix that is written, row after row, each `pitch` after the one before.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    start: *mut f32,
    size: [usize; 2],
    pitch: usize,
    values: PhantomData<&'a mut [f32]>,
}

// SAFETY: an output stands for a mutable borrow of its elements, which no other output shares.
unsafe impl Send for Output<'_> {}
// SAFETY: nothing is written through a shared reference but by `run_all`, which owns its products
// and whose tasks are disjoint.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    /// All of `values` as `[rows, columns]`.
    ///
    /// # Panics
    /// If the number of values is another.
    pub fn new(values: &'a mut [f32], size: [usize; 2]) -> Self {
        assert_eq!(values.len(), size[0] * size[1], "an output of {size:?}");
        Self {
            start: values.as_mut_ptr(),
            size,
            pitch: size[1],
            values: PhantomData,
        }
    }

    /// `[rows, parts, columns]` as one matrix `[rows, columns]` per part.
    ///
    /// # Panics
    /// If the number of values is another.
    pub fn interleaved(
        values: &'a mut [f32],
        [rows, parts, columns]: [usize; 3],
    ) -> impl Iterator<Item = Self> {
        assert_eq!(
            values.len(),
            rows * parts * columns,
            "an output of {rows}, {parts}, {columns}"
        );
        let start = values.as_mut_ptr();
        (0..parts).map(move |part| Self {
            // SAFETY: inside the values; the columns of one part are not those of another.
            start: unsafe { start.add(part * columns) },
            size: [rows, columns],
            pitch: parts * columns,
            values: PhantomData,
        })
    }
}

/// What a product is added to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a> {
    /// Nothing: the output is overwritten.
    Zero,
    /// One number per column.
    Bias(&'a [f32]),
    /// What the output holds.
    Output,
}

/// `out = start + a b`.
#[derive(Debug)]
pub(crate) struct Product<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    start: Start<'a>,
    out: Output<'a>,
}

impl<'a> Product<'a> {
    /// `out = a b`.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn new(a: Matrix<'a>, b: Matrix<'a>, out: Output<'a>) -> Self {
        assert!(
            a.size[1] == b.size[0] && [a.size[0], b.size[1]] == out.size,
            "{:?} times {:?} is not {:?}",
            a.size,
            b.size,
            out.size
        );
        Self {
            a,
            b,
            start: Start::Zero,
            out,
        }
    }

    /// Adds to what `start` says.
    ///
    /// # Panics
    /// If a bias has not one number per column.
    pub fn from(self, start: Start<'a>) -> Self {
        if let Start::Bias(bias) = start {
            assert_eq!(bias.len(), self.out.size[1], "one bias per column");
        }
        Self { start, ..self }
    }
}

/// Computes every product, all cores together. It takes them by value, so that nobody else can
/// write the same outputs meanwhile.
pub(crate) fn run<'a>(products: impl IntoIterator<Item = Product<'a>>) {
    run_with(Isa::best(), products);
}

/// As [`run`], with a set of instructions of choice, which must be available.
pub(crate) fn run_with<'a>(isa: Isa, products: impl IntoIterator<Item = Product<'a>>) {
    run_all(isa, products.into_iter().collect());
}

fn run_all(isa: Isa, products: Vec<Product>) {
    // Enough tasks that a core which starts late, or is taken away, holds up the others little.
    let wanted = match rayon::current_num_threads() {
        1 => 1,
        threads => (TASKS * threads).div_ceil(products.len().max(1)),
    };
    let tasks: Vec<_> = products
        .iter()
        .flat_map(|product| {
            let [rows, columns] = product.out.size;
            let (band, most) = match product.is_thin() {
                true => (MOST_ROWS, product.thin_columns()),
                false => (BAND, COLUMNS),
            };
            let down = divide(rows, band, MOST_ROWS, 1);
            let across = divide(columns, most, 2 * LANES, wanted.div_ceil(down.len().max(1)));
            across.into_iter().flat_map(move |columns| {
                let down = down.clone().into_iter();
                down.map(move |rows| (product, rows, columns.clone()))
            })
        })
        .collect();
    tasks
        .into_par_iter()
        .with_max_len(1)
        .for_each(|(product, rows, columns)| {
            if product.is_thin() {
                // SAFETY: the set is available; the products are this call's own, and no two of its
                // tasks share an element of an output.
                return unsafe { isa.run(Thin { product, columns }) };
            }
            scratch().with(|memory| {
                let task = Task {
                    product,
                    rows,
                    columns,
                    memory,
                };
                // SAFETY: as above.
                unsafe { isa.run(task) }
            });
        });
}

/// Parts of `whole` of nearly equal lengths, multiples of `unit` but for the last: as few as keep
/// each about `most`, but not fewer than `least` where there are units enough.
fn divide(whole: usize, most: usize, unit: usize, least: usize) -> Vec<Range<usize>> {
    let units = whole.div_ceil(unit);
    let parts = whole.div_ceil(most).max(least).min(units);
    let start = |part: usize| (units * part / parts * unit).min(whole);
    (0..parts)
        .map(|part| start(part)..start(part + 1))
        .collect()
}

/// Working memory, kept between products.
fn scratch() -> &'static Pool<Memory> {
    static SCRATCH: OnceLock<Pool<Memory>> = OnceLock::new();
    SCRATCH.get_or_init(Pool::default)
}

/// Part of a product.
struct Task<'a> {
    product: &'a Product<'a>,
    rows: Range<usize>,
    columns: Range<usize>,
    memory: &'a mut Memory,
}

impl Kernel for Task<'_> {
    type Output = ();

    /// # Safety
    /// As [`Kernel::run`], and nothing else uses this part of the output.
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Product { a, b, start, out } = self.product;
        let depth = a.size[1];
        let block = depth.div_ceil(depth.div_ceil(DEPTH).max(1));
        let wide = self.columns.len().div_ceil(LANES);
        // The panels, the rows with one strip more that packing them may spill into, the bias, and
        // one tile.
        let strips = [
            wide * block,
            (MOST_ROWS * block).div_ceil(LANES) + 1,
            wide,
            2 * MOST_ROWS,
        ];
        let memory = self.memory.room(strips.iter().sum());
        let (panels, memory) = memory.split_at_mut(strips[0]);
        let (rows, memory) = memory.split_at_mut(strips[1]);
        let (bias, side) = memory.split_at_mut(strips[2]);
        let [panels, rows, bias, side] = [panels, rows, bias, side].map(numbers_mut);
        let mut start = match start {
            Start::Zero => tile::Start::Zero,
            Start::Bias(values) => {
                bias[..self.columns.len()].copy_from_slice(&values[self.columns.clone()]);
                tile::Start::Bias(bias.as_ptr())
            }
            Start::Output => tile::Start::Output,
        };
        let mut from = 0;
        loop {
            let terms = from..(from + block).min(depth);
            // SAFETY: the panels hold a block of all columns, the rows a block of one tile's rows;
            // the terms and columns are inside the operands.
            unsafe {
                pack::panels::<V>(b, terms.clone(), self.columns.clone(), panels);
                for row in self.rows.clone().step_by(V::ROWS) {
                    let count = V::ROWS.min(self.rows.end - row);
                    pack::rows::<V>(a, row..row + count, terms.clone(), rows);
                    let tile = Tile {
                        depth: terms.len(),
                        rows: rows.as_ptr(),
                        panels: panels.as_ptr(),
                        columns: self.columns.len(),
                        start,
                        out: out.start.add(row * out.pitch + self.columns.start),
                        pitch: out.pitch,
                        side: side.as_mut_ptr(),
                    };
                    tile.run::<V>(count);
                }
            }
            start = tile::Start::Output;
            from = terms.end;
            if from == depth {
                break;
            }
        }
    }
}
