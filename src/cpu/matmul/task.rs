//! The division of products among the cores, and one part of one.

use std::ops::Range;

use super::pack;
use super::planar::{Planar, Target};
use super::product::{Product, Start};
use crate::cpu::memory::{Memory, Workers};
use crate::cpu::simd::{Isa, Kernel, LANES, Lanes, Vector, numbers, numbers_mut};

/// Columns of the output that a task makes at most: 42 panels of two vectors.
const COLUMNS: usize = 84 * LANES;
/// Terms of the sums between two visits to the output, at most.
pub(super) const DEPTH: usize = 336;
/// Rows of the output that a task makes where nothing else is asked for.
const BAND: usize = 256;
/// Rows of the largest tile of any instruction set.
const MOST_ROWS: usize = 14;
/// Numbers of an output of few rows that a task makes: they stay in the first cache.
const THIN: usize = 4096;

/// Computes every product, all cores together. It takes them by value, so that nobody else can
/// write the same outputs meanwhile.
pub(crate) fn run<'a>(products: impl IntoIterator<Item = Product<'a>>) {
    run_with(Isa::best(), products);
}

/// As [`run`], with a set of instructions of choice, which must be available.
pub(crate) fn run_with<'a>(isa: Isa, products: impl IntoIterator<Item = Product<'a>>) {
    let products: Vec<Product> = products.into_iter().collect();
    let workers = Workers::all(isa);
    let wanted = workers.tasks(products.len());
    let tasks = products.iter().flat_map(|product| {
        let [rows, columns] = product.out.size;
        let (band, most) = match product.is_thin() {
            true => (MOST_ROWS, (THIN / rows).next_multiple_of(2 * LANES)),
            false => (BAND, COLUMNS),
        };
        let down = divide(rows, band, MOST_ROWS, 1);
        let across = divide(columns, most, 2 * LANES, wanted.div_ceil(down.len().max(1)));
        across.into_iter().flat_map(move |columns| {
            let down = down.clone().into_iter();
            down.map(move |rows| (product, rows, columns.clone()))
        })
    });
    // The products are this call's own, and no two of its tasks share an element of an output.
    workers.each(tasks, |(product, rows, columns), memory| {
        workers.run(Task {
            product,
            rows,
            columns,
            memory,
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

impl Product<'_> {
    /// Whether the product has so few rows that its second operand is read as it lies.
    fn is_thin(&self) -> bool {
        let few = (1..=MOST_ROWS).contains(&self.out.size[0]);
        few && self.a.size[1] > 0 && self.b.strides[1] == 1
    }
}

/// Part of a product, which no other task writes.
struct Task<'a> {
    product: &'a Product<'a>,
    rows: Range<usize>,
    columns: Range<usize>,
    memory: &'a mut Memory,
}

impl Kernel for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let Product { a, b, start, out } = self.product;
        let depth = a.size[1];
        let across = if V::PAIRS { 2 * LANES } else { LANES };
        // Terms at a time, and columns that are not packed: of few rows all that fill a panel.
        let (most, direct) = match self.product.is_thin() {
            true => (LANES, self.columns.len() / across * across),
            false => (DEPTH, 0),
        };
        let block = depth.div_ceil(depth.div_ceil(most).max(1));
        let wide = self.columns.len().div_ceil(LANES);
        // The panels, the bias, and the rows with one vector more that packing them may spill into.
        let memory = self
            .memory
            .room(wide * (block + 1) + (V::ROWS * block).div_ceil(LANES) + 1);
        let (panels, memory) = memory.split_at_mut(wide * block);
        let (bias, rows) = memory.split_at_mut(wide);
        bias.fill(Lanes::default());
        if let Start::Bias(values) = start {
            numbers_mut(bias)[..self.columns.len()].copy_from_slice(&values[self.columns.clone()]);
        }
        let rows = numbers_mut(rows);
        let mut continues = matches!(start, Start::Output);
        let mut from = 0;
        loop {
            let terms = from..(from + block).min(depth);
            let packed = self.columns.start + direct..self.columns.end;
            // SAFETY: the panels hold a block of all columns, the rows a block of one tile's rows;
            // the terms, rows and columns are inside the operands and the output.
            unsafe {
                if !packed.is_empty() {
                    pack::panels::<V>(b, terms.clone(), packed, numbers_mut(panels));
                }
                for row in self.rows.clone().step_by(V::ROWS) {
                    let last = self.rows.end.min(row + V::ROWS);
                    pack::lay_out::<V>(*a, row..last, terms.clone(), V::ROWS, rows);
                    for (panel, bias) in bias.chunks(across / LANES).enumerate() {
                        let column = panel * across;
                        let (weight, weight_pitch) = match column.checked_sub(direct) {
                            Some(packed) => {
                                (&numbers(panels)[packed * terms.len()..], bias.len() * LANES)
                            }
                            None => {
                                let first = terms.start * b.strides[0];
                                let first = first + self.columns.start + column;
                                (&b.values[first..], b.strides[0])
                            }
                        };
                        let product = Planar::<1, 1> {
                            input: rows,
                            pitch: V::ROWS,
                            terms: terms.len(),
                            weight,
                            weight_pitch,
                            bias,
                        };
                        let mut target = OutputPanel {
                            start: out.start.add(row * out.pitch + self.columns.start + column),
                            pitch: out.pitch,
                            columns: self.columns.len() - column,
                            continues,
                        };
                        product.run(zero, 0..last - row, &mut target);
                    }
                }
            }
            continues = true;
            from = terms.end;
            if from == depth {
                break;
            }
        }
    }
}

/// One panel of a few rows of an output.
struct OutputPanel {
    start: *mut f32,
    /// From one row to the next.
    pitch: usize,
    /// Columns from the panel's first on.
    columns: usize,
    /// Whether the sums start from what the output holds.
    continues: bool,
}

impl OutputPanel {
    /// Where a row starts at a vector.
    #[inline(always)]
    fn place(&self, row: usize, vector: usize) -> *mut f32 {
        let place = row * self.pitch + vector * LANES;
        self.start.wrapping_add(place)
    }

    /// How many of the numbers of some vectors are inside the output.
    #[inline(always)]
    fn width(&self, vector: usize, vectors: usize) -> usize {
        (vectors * LANES).min(self.columns - vector * LANES)
    }
}

impl<V: Vector> Target<V> for OutputPanel {
    #[inline(always)]
    fn start<const ROWS: usize, const COLS: usize>(
        &self,
        row: usize,
        vector: usize,
        bias: [V; COLS],
    ) -> [[V; COLS]; ROWS] {
        let mut sums = [bias; ROWS];
        if self.continues && self.width(vector, COLS) < COLS * LANES {
            for i in 0..ROWS {
                let mut side = [[0.0; LANES]; COLS];
                let to = side.as_flattened_mut().as_mut_ptr();
                // SAFETY: an output panel stands for numbers inside the output.
                unsafe {
                    to.copy_from_nonoverlapping(
                        self.place(row + i, vector),
                        self.width(vector, COLS),
                    );
                }
                for col in 0..COLS {
                    sums[i][col] = bias[col].read(&side[col]);
                }
            }
            return sums;
        }
        for i in 0..ROWS {
            for col in 0..COLS {
                let place = self.place(row + i, vector + col);
                if self.continues {
                    // It is read at once, so the line of the next panel is asked for.
                    V::prefetch::<true>(place.wrapping_add(COLS * LANES));
                    // SAFETY: as above.
                    sums[i][col] = unsafe { V::load(place) };
                } else {
                    // The line is on its way here while the sums are made.
                    V::prefetch::<true>(place);
                }
            }
        }
        sums
    }

    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        row: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        let width = self.width(vector, COLS);
        // SAFETY: as in `start`, and the numbers are this task's alone.
        unsafe {
            if width < COLS * LANES {
                for i in 0..ROWS {
                    let mut side = [[0.0; LANES]; COLS];
                    for col in 0..COLS {
                        sums[i][col].write(&mut side[col]);
                    }
                    let from = side.as_flattened().as_ptr();
                    self.place(row + i, vector)
                        .copy_from_nonoverlapping(from, width);
                }
                return;
            }
            // By number, here and above: all sums at once would have to be in memory, and then they are
            // while they are added up.
            for i in 0..ROWS {
                for col in 0..COLS {
                    sums[i][col].store(self.place(row + i, vector + col));
                }
            }
        }
    }
}
