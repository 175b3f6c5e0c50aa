//! The whole network fused for inference on a CPU.
//!
//! A network is compiled on first use, and again when a weight has changed; it only keeps the place
//! where the result is. On every other device the layers fold their norms by burn's operations, at
//! each call.
//!
//! # How it works
//! - Norms are folded into the convolutions before them.
//! - Sixteen channels of a pixel lie together, one cache line and one AVX-512 register; a map is a
//!   sequence of such planes. Every kernel sees 16 lanes, whichever [`Isa`](crate::cpu::simd::Isa) holds them.
//! - The inside of a block (expansion or stem, SiLU, depthwise convolution, SiLU) is one pass: for
//!   32 channels at a time, rows go through a ring just large enough for the kernel, so the widest
//!   maps are never written to memory. The sums for squeeze-excite are taken on the way.
//! - A 1x1 convolution is a matrix product in tiles of 14 pixels by 32 channels whose sums stay in
//!   registers. The gate is multiplied into its weights (into the map where that is smaller), the
//!   residual is added as a tile is stored, the head's tiles go straight into the mean.
//! - A batch is divided by images; what does not divide evenly, by panels of channels and bands of
//!   rows within a layer. Every sum is taken in one fixed order, so the result is the same bit for
//!   bit for any batch and any number of threads.
//!
//! | file | holds |
//! |---|---|
//! | `compile` | layers to packed weights: folding, and which layers are known |
//! | `compiled` | the compiled network, image by image |
//! | `cache` | where a network keeps it, and when it is stale |
//! | `block` | one block and the head as calls of kernels: **a new kind of layer goes here** |
//! | `kernel` | the loops, written once over 16 lanes |
//! | `profile` | how long each layer takes |

mod block;
mod cache;
mod compile;
mod compiled;
mod kernel;
mod profile;

pub(crate) use cache::{Cache, features};
pub(crate) use profile::profile;

#[cfg(test)]
mod tests;
