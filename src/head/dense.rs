//! The distribution that the heads' weights are drawn from.

use burn::nn::Linear;
use burn::tensor::Device;

/// A linear layer whose weights are drawn from `N(0, 1 / output)`, as the authors' program draws
/// those of its heads.
pub(super) fn dense(input: usize, output: usize, device: &Device) -> Linear {
    crate::graph::normal_linear(input, output, dense_std(output), device)
}

/// The standard deviation of the weights of a map to `output` features.
pub(super) fn dense_std(output: usize) -> f64 {
    (1.0 / output as f64).sqrt()
}
