//! The three heads: feature to action units (Eq. 1 to 3), valence and arousal (Eq. 4), and
//! expression (Eq. 5).

mod action_unit;
mod expression;
mod node;
#[cfg(feature = "flex")]
mod pass;
mod plan;
mod valence_arousal;

pub use action_unit::{ActionUnitHead, ActionUnitHeadConfig, anchor_similarity};
pub use expression::{ExpressionHead, ExpressionHeadConfig};
pub use node::{NodeFeatures, NodeFeaturesConfig, NodeMap};
pub use valence_arousal::{ValenceArousalHead, ValenceArousalHeadConfig};

use burn::nn::Linear;
use burn::tensor::Device;

/// A linear layer whose weights are drawn from `N(0, 1 / output)`, as the authors' program draws
/// those of its heads.
fn dense(input: usize, output: usize, device: &Device) -> Linear {
    crate::graph::normal_linear(input, output, dense_std(output), device)
}

/// The standard deviation of the weights of a map to `output` features.
fn dense_std(output: usize) -> f64 {
    (1.0 / output as f64).sqrt()
}
