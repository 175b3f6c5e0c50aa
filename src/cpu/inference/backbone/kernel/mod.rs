//! The loops that the time goes into, each written once over [`Vector`](crate::cpu::simd::Vector).
//!
//! The functions take raw pointers inside and check the lengths of their slices once, at the top.

mod dense;
mod inner;
mod project;

pub(super) use dense::Dense;
pub(super) use inner::{Inner, STEM_COLOURS, STEM_KERNEL, STEM_STRIDE, Source};
pub(super) use project::{Mean, Project, Scale};
