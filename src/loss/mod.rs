//! The paper's three losses, which leave missing labels out.
//!
//! Most rows of s-Aff-Wild2 lack some label, so every loss takes a mask of the labels that are
//! present. A missing label changes neither the value nor any gradient, whatever stands in its
//! place: a sentinel such as -5, NaN or infinity. A batch without a single label has loss zero and
//! gradient zero. Missing entries are replaced before any arithmetic, because a product with a
//! zero mask would turn NaN and infinity into NaN.
//!
//! | task | loss | equations |
//! |---|---|---|
//! | action units | [`AsymmetricLoss`], weights from [`occurrence_weights`] | 8, 9 |
//! | expression | [`WeightedCrossEntropy`], weights from [`balanced_weights`] | 10 |
//! | valence and arousal | [`ConcordanceLoss`] | 11, 12 |

mod asymmetric;
mod concordance;
mod cross_entropy;

pub use asymmetric::{AsymmetricLoss, AsymmetricLossConfig, occurrence_weights};
pub use concordance::{ConcordanceLoss, ConcordanceLossConfig};
pub use cross_entropy::{
    Reduction, WeightedCrossEntropy, WeightedCrossEntropyConfig, balanced_weights,
};

use burn::tensor::Tensor;

/// `divisor`, or one where it is zero, so that an empty sum divided by it stays zero.
fn or_one<const D: usize>(divisor: Tensor<D>) -> Tensor<D> {
    let empty = divisor.clone().equal_scalar(0.0);
    divisor.mask_fill(empty, 1.0)
}

/// Panics unless every weight is finite and positive.
fn assert_weights(weights: &[f32]) {
    assert!(!weights.is_empty(), "a loss needs at least one weight");
    assert!(
        weights
            .iter()
            .all(|weight| weight.is_finite() && *weight > 0.0),
        "loss weights must be finite and positive, got {weights:?}"
    );
}

/// Panics unless `epsilon` is finite and positive.
fn assert_epsilon(epsilon: f64) {
    assert!(
        epsilon.is_finite() && epsilon > 0.0,
        "epsilon must be finite and positive, got {epsilon}"
    );
}
