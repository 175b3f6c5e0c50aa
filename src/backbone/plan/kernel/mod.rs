//! The loops that the time goes into, each written once over [`Vector`](crate::processor::vector::Vector).
//!
//! The functions take raw pointers inside and check the lengths of their slices once, at the top.

#![allow(
    clippy::needless_range_loop,
    clippy::int_plus_one,
    reason = "tiles are indexed by row and column as the formulas are, and have any size, also 1"
)]

mod depthwise;
mod inner;
mod matmul;
mod project;
mod stem;

pub(in crate::backbone) use depthwise::{Outputs, sweep};
pub(super) use inner::{Inner, Source, Stem};
pub(super) use matmul::{Activation, Dense};
pub(in crate::backbone) use matmul::{Product, Target};
pub(super) use project::{Pool, Project, Scale};
pub(super) use stem::{COLOURS as STEM_COLOURS, KERNEL as STEM_KERNEL, STRIDE as STEM_STRIDE};
