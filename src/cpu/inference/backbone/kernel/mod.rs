//! The loops that the time goes into, each written once over [`Vector`](crate::cpu::simd::Vector).
//!
//! The functions take raw pointers inside and check the lengths of their slices once, at the top.

#![allow(
    clippy::needless_range_loop,
    clippy::int_plus_one,
    reason = "tiles are indexed by row and column as the formulas are, and have any size, also 1"
)]

mod dense;
mod depthwise;
mod inner;
mod project;
mod stem;

pub(super) use dense::{Activation, Dense};
pub(super) use inner::{Inner, Source, Stem};
pub(super) use project::{Mean, Project, Scale};
pub(super) use stem::{COLOURS as STEM_COLOURS, KERNEL as STEM_KERNEL, STRIDE as STEM_STRIDE};
