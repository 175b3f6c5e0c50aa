//! The loops that the time of a training step goes into, each written once over
//! [`Vector`](crate::cpu::simd::Vector).

mod depthwise;
mod depthwise_gradient;
mod elementwise;
mod measure;
mod outer;
mod window;

pub(super) use depthwise::Depthwise;
pub(super) use depthwise_gradient::{DepthwiseGradient, Destination};
pub(super) use elementwise::{Activate, InputGradient, Linear, Silu, Total};
pub(super) use measure::Convolve;
pub(super) use outer::Outer;
pub(super) use window::Source;
