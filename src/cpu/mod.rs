//! The CPU engine: the network's expensive parts, fused for this processor, behind one door.
//!
//! The door is the list of functions below. Each is given tensors and borrowed layers in burn's own
//! types (`view`) and either does the work or declines, and then the caller's burn operations do
//! it: on another backend, for numbers that are not 32-bit floats, for a layer that no kernel knows,
//! and where an input that a fused operation does not differentiate takes part in autodiff. A build
//! without burn's CPU backend has the same door, which always declines.
//!
//! Nothing in here names a module of the method, or a crate but burn, rayon and memmap2.
//!
//! | room | holds |
//! |---|---|
//! | `absent` | the door of a build without burn's CPU backend |
//! | `view` | what the engine is given |
//! | `simd` | 16 lanes per instruction set, and the choice of one; std alone |
//! | `memory` | pages, buffers, pools, the division of work among the cores |
//! | `matmul` | products of matrices, and of maps with matrices |
//! | `convolution` | padding, and the inner loop of a depthwise convolution |
//! | `autograd` | differentiable operations of our own on burn's CPU backend |
//! | `inference` | the backbone, the action-unit head and the detectors, for inference |
//! | `profile`, `bench` | what the benches print and call |
//! | `training` | the backbone, the action-unit head's parts, and the optimizer's steps, for training |
//!
//! `docs/speed.md` says what bounds each of them.

#![allow(
    clippy::needless_range_loop,
    reason = "tiles are indexed as the formulas are, and so stay in registers"
)]

#[cfg_attr(
    not(feature = "flex"),
    allow(dead_code, unused_imports, reason = "the image resampling uses a part")
)]
pub(crate) mod simd;
#[cfg_attr(
    not(feature = "flex"),
    allow(dead_code, reason = "the door declines without a look")
)]
pub(crate) mod view;

#[cfg(feature = "flex")]
pub mod bench;
pub mod profile;

#[cfg(not(feature = "flex"))]
mod absent;
#[cfg(feature = "flex")]
mod autograd;
#[cfg(feature = "flex")]
mod convolution;
#[cfg(feature = "flex")]
mod inference;
#[cfg(feature = "flex")]
mod matmul;
#[cfg(feature = "flex")]
mod memory;
#[cfg(feature = "flex")]
mod training;

#[cfg(not(feature = "flex"))]
pub(crate) use absent::{
    Cache, CellCache, PatchCache, action_units, anchor_similarity, ascend, cells, descend, dropout,
    features, features_training, graph_convolution, node_features, patches, profile,
    sum_of_squares,
};
#[cfg(feature = "flex")]
pub(crate) use {
    inference::{Cache, CellCache, PatchCache, action_units, cells, features, patches, profile},
    training::{
        anchor_similarity, ascend, descend, dropout, features as features_training,
        graph_convolution, node_features, sum_of_squares,
    },
};

/// For the tests that compare the engine with burn's own operations.
#[cfg(all(test, feature = "flex"))]
pub(crate) use memory::declining;
