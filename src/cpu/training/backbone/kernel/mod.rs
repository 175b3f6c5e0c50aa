//! The loops that the time of a training step goes into, each written once over
//! [`Vector`](crate::cpu::simd::Vector).

#![allow(
    clippy::needless_range_loop,
    reason = "tiles are indexed by row and column as the formulas are, and have any size, also 1"
)]

mod depthwise;
mod outer;
mod pass;
mod product;
mod rows;
mod spread;

pub(super) use depthwise::Depthwise;
pub(super) use outer::{Gate, Outer};
pub(super) use pass::{Activate, Differ, Finish, Linear, Mean, Silu};
pub(super) use product::{Add, Convolve, Excite};
pub(super) use rows::{Origin, Window};
pub(super) use spread::{DepthwiseGradient, Destination};
