//! A batch norm of means, by the variance of what they are the means of.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

/// What the norm must know of the single values, for each channel.
pub(super) struct Moments {
    /// What was taken off the values before anything else.
    pub centre: Tensor<1>,
    /// The mean of their squares after that.
    pub square: Tensor<1>,
}

/// The means over tokens of what `norm` makes, in training, of the tokens: it is linear in them, so it may
/// come after the mean, with the statistics of the tokens. Moves the running statistics.
///
/// # Shapes
/// - `means`: `[batch, channels, features]`, the means over tokens of values less their centre
/// - output: the same
pub(super) fn normalised(norm: &BatchNorm, means: Tensor<3>, moments: Moments) -> Tensor<3> {
    let mean = means.clone().mean_dims(&[0, 2]);
    let [_, channels, _] = means.dims();
    let column = |values: Tensor<1>| values.reshape([1, channels, 1]);
    let variance = column(moments.square) - mean.clone().square();
    let variance = variance.clamp_min(0.0);
    let move_on = |state: Tensor<1>, value: Tensor<3>| {
        let value = value.detach().reshape([channels]);
        (state.mul_scalar(1.0 - norm.momentum) + value.mul_scalar(norm.momentum)).detach()
    };
    let device = means.device();
    let running = norm.running_mean.value_sync().to_device(&device);
    norm.running_mean
        .update(move_on(running, mean.clone() + column(moments.centre)));
    let running = norm.running_var.value_sync().to_device(&device);
    norm.running_var.update(move_on(running, variance.clone()));

    let scale = column(norm.gamma.val()) / variance.add_scalar(norm.epsilon).sqrt();
    (means - mean) * scale + column(norm.beta.val())
}
