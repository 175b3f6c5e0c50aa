//! The division of products among the cores, and one part of one.

use std::ops::Range;

use rayon::prelude::*;

use super::pack;
use super::packed::Packed;
use super::product::{Product, Start};
use super::thin::{MOST_ROWS, Thin};
use crate::cpu::memory::{Memory, with_scratch};
use crate::cpu::simd::{Isa, Kernel, LANES, Vector, numbers_mut};

/// Columns of the output that a task makes at most: 42 panels of two vectors.
const COLUMNS: usize = 84 * LANES;
/// Terms of the sums between two visits to the output, at most.
pub(super) const DEPTH: usize = 336;
/// Rows of the output that a task makes where nothing else is asked for.
const BAND: usize = 256;
/// Tasks per core, where there are several cores.
const TASKS: usize = 4;

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
                // The products are this call's own, and no two of its tasks share an element of an
                // output.
                return isa.run(Thin { product, columns });
            }
            with_scratch(|memory| {
                let task = Task {
                    product,
                    rows,
                    columns,
                    memory,
                };
                isa.run(task)
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
        // The panels, the rows with one vector more that packing them may spill into, the bias, and
        // one tile.
        let vectors = [
            wide * block,
            (MOST_ROWS * block).div_ceil(LANES) + 1,
            wide,
            2 * MOST_ROWS,
        ];
        let memory = self.memory.room(vectors.iter().sum());
        let (panels, memory) = memory.split_at_mut(vectors[0]);
        let (rows, memory) = memory.split_at_mut(vectors[1]);
        let (bias, side) = memory.split_at_mut(vectors[2]);
        let [panels, rows, bias, side] = [panels, rows, bias, side].map(numbers_mut);
        match start {
            Start::Zero => bias.fill(0.0),
            Start::Bias(values) => {
                bias[..self.columns.len()].copy_from_slice(&values[self.columns.clone()]);
            }
            Start::Output => {}
        }
        let mut start = (!matches!(start, Start::Output)).then_some(bias.as_ptr());
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
                    let packed = Packed {
                        depth: terms.len(),
                        rows: rows.as_ptr(),
                        panels: panels.as_ptr(),
                        columns: self.columns.len(),
                        start,
                        out: out.start.add(row * out.pitch + self.columns.start),
                        pitch: out.pitch,
                        side: side.as_mut_ptr(),
                    };
                    packed.run::<V>(count);
                }
            }
            start = None;
            from = terms.end;
            if from == depth {
                break;
            }
        }
    }
}
