//! The paper's three losses and that of intensities, which leave missing labels out; and what ties tasks
//! together.
//!
//! | task | loss | equations | un-reduced |
//! |---|---|---|---|
//! | action units | [`AsymmetricLoss`], weights from [`occurrence_weights`] | 8, 9 | one number per row and unit |
//! | action units' intensities | [`IntensityLoss`] | | one number per row and unit |
//! | expression | [`WeightedCrossEntropy`], weights from [`balanced_weights`] | 10 | one number per row |
//! | valence and arousal | [`ConcordanceLoss`] | 11, 12 | one number per column |
//! | what edges say of two action units | [`EdgeLoss`] | | |
//! | action units and expression, of each other | [`MatchingLoss`] | | one number per row and unit |
//!
//! All have one shape, burn's own with a mask: `forward(predictions, targets, present, reduction)`
//! gives a single number, `forward_no_reduction(predictions, targets, present)` what it is made of.
//! [`Reduction::Auto`] is the paper's own; the others are listed with each `forward`. The cross entropy
//! has both once more for soft labels, a share per class: `forward_soft`, `forward_soft_no_reduction`.
//! [`UncertaintyWeights`] add several losses up by weights that are learnt.
//!
//! # Missing labels
//! Most rows of s-Aff-Wild2 lack some label. `present` says which exist, in the shape of the
//! targets; `None` stands for all of them. A missing label changes neither the value nor any
//! gradient, whatever stands in its place: a sentinel such as -5, NaN or infinity. Its un-reduced
//! loss is 0, and no mean counts it. A batch without a single label, or without a row, has loss
//! zero and gradient zero. Missing entries are replaced before any arithmetic, because a product
//! with a zero mask would turn NaN and infinity into NaN.
//!
//! # Rows that count more than others
//! [`Present`] also holds a weight per row. With it the un-reduced losses are times their row's weight,
//! and what a table calls the number of entries or rows is the sum of their weights; the concordance loss
//! takes the weighted means, variances and covariance.
//!
//! # Example
//! ```
//! use burn::tensor::{Bool, Device, Tensor};
//! use countenance::loss::{ConcordanceLossConfig, Reduction};
//!
//! let device = Device::default().autodiff();
//! let predictions = Tensor::<2>::from_data([[0.2], [0.7], [-0.4]], &device).require_grad();
//! let targets = Tensor::<2>::from_data([[0.1], [0.6], [-5.0]], &device);
//! // -5 stands for "nobody knows".
//! let present = targets.clone().greater_equal_scalar(-1.0);
//!
//! let loss = ConcordanceLossConfig::new().init();
//! let value = loss.forward(predictions.clone(), targets, present, Reduction::Auto);
//! let gradient = predictions.grad(&value.backward()).unwrap().into_data();
//! assert_eq!(gradient.try_to_vec::<f32>().unwrap()[2], 0.0);
//! ```

mod asymmetric;
mod concordance;
mod cross_entropy;
mod edge;
mod intensity;
mod matching;
mod present;
mod soft_label;
mod uncertainty;

pub use asymmetric::{AsymmetricLoss, AsymmetricLossConfig, occurrence_weights};
pub use burn::nn::loss::Reduction;
pub use concordance::{ConcordanceLoss, ConcordanceLossConfig};
pub use cross_entropy::{WeightedCrossEntropy, WeightedCrossEntropyConfig, balanced_weights};
pub use edge::{EdgeLoss, EdgeLossConfig};
pub use intensity::{IntensityLoss, IntensityLossConfig};
pub use matching::{Learns, MatchingLoss, MatchingLossConfig};
pub use present::Present;
pub use uncertainty::{UncertaintyWeights, UncertaintyWeightsConfig};

use burn::tensor::Tensor;

/// `divisor`, or one where it is zero, so that an empty sum divided by it stays zero.
fn or_one<const D: usize>(divisor: Tensor<D>) -> Tensor<D> {
    let empty = divisor.clone().equal_scalar(0.0);
    divisor.mask_fill(empty, 1.0)
}

/// Puts a value where an entry is missing.
///
/// # Panics
/// If `targets` or the mask have another shape than the predictions, or the weights not one number a row.
fn filling(
    shape: [usize; 2],
    targets: &Tensor<2>,
    present: &Present<2>,
) -> impl Fn(Tensor<2>, f32) -> Tensor<2> + use<> {
    assert_eq!(shape, targets.dims(), "shape of the targets");
    present.assert_fits(shape);
    let missing = present.missing();
    move |values, value| match &missing {
        Some(missing) => values.mask_fill(missing.clone(), value),
        None => values,
    }
}

/// The reductions of a loss of a row's single entries: the sum of `terms`, of those that are present, over
/// what they count, over what the rows that have one count, or as it is.
fn over_entries(terms: Tensor<2>, present: &Present<2>, reduction: Reduction) -> Tensor<1> {
    let [batch, units] = terms.dims();
    let sum = terms.sum();
    match reduction {
        Reduction::Auto | Reduction::Mean => present.mean_of(sum, [batch, units]),
        Reduction::BatchMean => present.rows().mean_of(sum, [batch, 1]),
        Reduction::Sum => sum,
    }
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn losses_print_their_settings() {
        let device = Device::default();
        let printed = [
            AsymmetricLossConfig::new(vec![1.0; 12])
                .init(&device)
                .to_string(),
            WeightedCrossEntropyConfig::new(vec![1.0; 8])
                .init(&device)
                .to_string(),
            ConcordanceLossConfig::new().init().to_string(),
            IntensityLossConfig::new(vec![1.0; 8])
                .init(&device)
                .to_string(),
        ];
        let expected = [
            "AsymmetricLoss {weights: Tensor {rank: 1, shape: [12]}, focus: true, detach_focus: true, epsilon: 1e-8}",
            "WeightedCrossEntropy {weights: Tensor {rank: 1, shape: [8]}, label_smoothing: 0.0}",
            "ConcordanceLoss {epsilon: 1e-8}",
            "IntensityLoss {weights: Tensor {rank: 1, shape: [8]}}",
        ];
        assert_eq!(printed, expected);
    }
}
