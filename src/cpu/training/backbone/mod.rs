//! The whole network fused for training on a CPU.
//!
//! Everywhere but on burn's CPU backend the network runs layer by layer in burn's own operations,
//! which the tests compare this with.
//!
//! # How it works
//! - The stem, every block and the head are one [`Operation`](crate::cpu::autograd::Operation) each:
//!   burn's graph sees some twenty steps, and asks for the gradients that somebody wants.
//! - Between operations a map is a tensor `[planes, batch * height * width, 16]`: sixteen channels of
//!   a pixel lie together, as in inference.
//! - A norm needs the whole batch before anything can go on, so the work ends at every convolution: it
//!   reads what the one before was given, does norm and SiLU again on the way, convolves, writes the
//!   sum, and takes its moments while it is in a register. Doing SiLU three times costs less than
//!   writing it to memory and reading it once.
//! - What a block keeps is its input and what its convolutions put out, nothing else. Backward goes
//!   the same way: the gradient of a convolution's output is made where it is read, from that of the
//!   norm's output and two sums.
//! - The projection, the gates and the means of an image go backward together, while the image's
//!   widest map is in the cache.
//! - The depthwise convolution and its gradients work on one plane of one image at a time, padded, in
//!   the cache; its input's gradient is the convolution of the output's gradient,
//!   dilated by the stride, with the kernel turned around.
//! - Work is divided into bands of pixels, planes and images; every sum is taken in parts that depend
//!   on the shapes alone, so a step is the same bit for bit for any number of threads.
//! - Memory is kept from step to step, in large pages.
//!
//! | file | holds |
//! |---|---|
//! | `features` | the operations of a whole network, one after another |
//! | `part` | one part of it as an operation |
//! | `stem`, `block`, `head` | the parts: **a new kind of layer goes here** |
//! | `pointwise`, `excite`, `layer`, `norm` | what they are made of |
//! | `kernel` | the loops, written once over 16 lanes |
//! | `grid` | how maps lie in memory, and their division among tasks |

mod block;
mod excite;
mod features;
mod grid;
mod head;
mod kernel;
mod layer;
mod norm;
mod part;
mod pointwise;
mod stem;

pub(crate) use features::features;

#[cfg(test)]
mod tests;
