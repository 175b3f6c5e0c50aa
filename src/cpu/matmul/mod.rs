//! Products of matrices, and of maps with matrices.
//!
//! There is one tile, [`Terms::add`]: up to 14 rows by two vectors of columns, every sum in a
//! register. [`Planar`] takes it down the rows of one panel of columns, and a [`Target`] says what
//! becomes of the sums. A map is read as it lies, its weights packed once ([`Pointwise`]); of two
//! matrices of any strides [`run`] packs both, on all cores, for many products at once.
//! `out = start + a b`, and a transposed operand costs nothing extra:
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
//! in registers: 14 rows of two vectors for AVX-512. Packing pays where a panel is used for many rows:
//! of a product of few rows the time goes into fetching `b` from memory, so it is read once, as it
//! lies, a few terms at a time, and the output stays in a core's first cache.
//!
//! # What bounds it
//! The multipliers: one 512-bit multiply-add a cycle on a Zen 4 core. What is left over goes into
//! packing, into reading operands that no cache holds, and into the last columns of an output whose
//! width is no multiple of a vector.

mod pack;
mod planar;
mod pointwise;
mod product;
mod task;
mod tile;

#[cfg(test)]
mod tests;

pub(crate) use planar::{Planar, Store, Target};
pub(crate) use pointwise::{PANEL, Pointwise, gather};
pub(crate) use product::{Matrix, Output, Product, Start};
pub(crate) use task::{run, run_with};
pub(crate) use tile::Terms;
