//! What fused code needs of this processor, whatever it computes: 16 lanes per instruction set, the
//! choice of a set at run time, memory in large pages, and the division of work among the cores.
//!
//! | file | holds |
//! |---|---|
//! | `vector`, `isa` | 16 lanes per instruction set, and the choice of a set at run time |
//! | `strip`, `memory` | the unit of all buffers, large pages |
//! | `product` | products of matrices |
//! | `tensor` | the numbers of a tensor that is in this processor's memory |
//! | `team` | threads that work together, and their working memory |
//! | `operation`, `buffer` | differentiable operations of our own on burn's CPU backend, and their memory |
//!
//! With the kernels that use them, these files hold all of the crate's `unsafe` code.

#[cfg(feature = "flex")]
pub(crate) mod buffer;
pub(crate) mod isa;
pub(crate) mod memory;
#[cfg(feature = "flex")]
pub(crate) mod operation;
pub(crate) mod product;
pub(crate) mod strip;
pub(crate) mod team;
pub(crate) mod tensor;
pub(crate) mod vector;
