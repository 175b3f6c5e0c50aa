//! The heads' training passes, fused for CPUs.
//!
//! On burn's CPU backend a head in training is a few [`Operation`](crate::processor::operation)s,
//! each with a gradient of its own; the head takes this way by itself and keeps burn's operations
//! for every other device. Both ways agree in values and gradients, and share their dropout.
//!
//! | file | holds |
//! |---|---|
//! | `node` | Eq. 1: dropout, the maps, their batch norm and ReLU |
//! | `anchor` | Eq. 3: similarity to the anchors |
//! | `dropout` | which elements are kept: a function of a seed and the element's place |
//!
//! Eq. 2 is `graph::pass`; the norm of the gradients, SAM's ascent and SGD's step are `optim::pass`.
//!
//! # What bounds a step
//! Its products: 163 GFLOP for a SAM step of 12 units, 1288 features and 256 rows. The rest are
//! passes over the rows between the products, 16 MB each, and over the weights, 93 MB, by the norm,
//! the ascent and the descent. No weight is copied: what is climbed to, and what is descended to,
//! takes over the memory of its gradient.
//!
//! On two Zen 4 cores that do 234 GFLOP/s at most a step takes 0.93 s, 175 GFLOP/s; of its samples
//! 81 % are in the products, which run at 200 and more. Large tensors live in memory that is used
//! again from step to step (`processor::buffer`): new pages from the system had cost 0.4 s of a
//! core's time in each.

mod anchor;
mod dropout;
mod node;
#[cfg(test)]
mod tests;

pub(super) use anchor::anchor_similarity;
pub(super) use dropout::drop_out;
pub(super) use node::node_features;
