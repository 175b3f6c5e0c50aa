//! Sixteen float lanes in registers, per instruction set, and the choice of a set at run time.
//!
//! Needs nothing but std, so that other loops of the crate may use it in any build.

mod isa;
mod lanes;
mod vector;

pub(crate) use isa::{Isa, Kernel};
pub(crate) use lanes::{LANES, Lanes, arrays, arrays_mut, numbers, numbers_mut, planes, vectors};
pub(crate) use vector::Vector;
