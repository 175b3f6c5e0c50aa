//! Training fused for this processor.
//!
//! A layer in training is one [`Operation`](crate::cpu::autograd::Operation) or a few, each with a
//! gradient of its own. Values and gradients agree with those of burn's operations, and both share
//! the node features' dropout.
//!
//! | file | holds |
//! |---|---|
//! | `backbone` | the whole backbone |
//! | `nodes` | Eq. 1: dropout, the maps of all nodes, their batch norm and ReLU |
//! | `graph` | Eq. 2: the graph convolution |
//! | `anchor` | Eq. 3: similarity to the anchors |
//! | `dropout` | which elements are kept: a function of a seed and the element's place |
//! | `optimizer` | the norm of the gradients, SAM's ascent and SGD's step |
//! | `statistics` | the batch's statistics on their way to running ones |
//!
//! Eq. 1 and Eq. 2 normalise by code of their own, not by `backbone`'s. The maps there have sixteen
//! channels side by side and millions of values a channel, whose moments and sums are taken in parts
//! and put together in double precision. A channel of Eq. 1 is a column of a few hundred values,
//! summed down the rows; one of Eq. 2 is whole rows, summed along them. One order of sums for all
//! would be slower for two of them, and would change what a run with a seed gives.
//!
//! No weight is copied: what is climbed to, and what is descended to, takes over the memory of its
//! gradient.

mod anchor;
mod backbone;
mod dropout;
mod graph;
mod nodes;
mod optimizer;
mod statistics;
#[cfg(test)]
mod tests;

pub(crate) use anchor::anchor_similarity;
pub(crate) use backbone::features;
pub(crate) use dropout::dropout;
pub(crate) use graph::graph_convolution;
pub(crate) use nodes::node_features;
pub(crate) use optimizer::{ascend, descend, sum_of_squares};
