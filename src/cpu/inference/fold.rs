//! A norm folded into the convolution before it.

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;

use crate::cpu::memory::Array;

/// A convolution's weights and bias with its norm folded in:
/// `w' = w gamma / sqrt(variance + epsilon)`, `b' = beta + (b - mean) gamma / sqrt(...)`; without a norm
/// as they are. Nothing for numbers that are not 32-bit floats in this processor's memory, off autodiff.
pub(super) fn fold(conv: &Conv2d, norm: Option<&BatchNorm>) -> Option<(Vec<f32>, Vec<f32>)> {
    let mut weight = Array::of_tensor(conv.weight.val())?.to_vec();
    let mut bias = match &conv.bias {
        Some(bias) => Array::of_tensor(bias.val())?.to_vec(),
        None => vec![0.0; conv.weight.dims()[0]],
    };
    let Some(norm) = norm else {
        return Some((weight, bias));
    };
    let gamma = Array::of_tensor(norm.gamma.val())?;
    let beta = Array::of_tensor(norm.beta.val())?;
    let mean = Array::of_tensor(norm.running_mean.value())?;
    let variance = Array::of_tensor(norm.running_var.value())?;
    let each = weight.len() / bias.len();
    let channels = weight.chunks_exact_mut(each).zip(&mut bias);
    for (channel, (weight, bias)) in channels.enumerate() {
        let deviation = (f64::from(variance[channel]) + norm.epsilon).sqrt();
        let scale = f64::from(gamma[channel]) / deviation;
        for weight in weight {
            *weight = (f64::from(*weight) * scale) as f32;
        }
        let shift = (f64::from(*bias) - f64::from(mean[channel])) * scale;
        *bias = (f64::from(beta[channel]) + shift) as f32;
    }
    Some((weight, bias))
}
