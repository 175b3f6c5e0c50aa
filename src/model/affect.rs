//! Valence and arousal of networks that give them without a bound.

use burn::tensor::Tensor;

/// `scores` clipped to [-1, 1]. What is not finite stays so: clipped, it would look like a score.
pub(super) fn bounded(scores: Tensor<2>) -> Tensor<2> {
    let finite = scores.clone().is_finite();
    scores.clone().mask_where(finite, scores.clamp(-1.0, 1.0))
}
