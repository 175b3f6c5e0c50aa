//! The convolutions and norms that the whole network is made of.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer};
use burn::tensor::{Device, Tensor};

use super::efficientnet::stage::Flavour;

/// What all layers of one network share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layers<'a> {
    /// Padding and epsilon.
    pub flavour: Flavour,
    /// Momentum of the running statistics.
    pub momentum: f64,
    /// Where the parameters live.
    pub device: &'a Device,
}

impl Layers<'_> {
    /// A convolution without bias, for a norm follows it.
    pub fn conv(&self, channels: [usize; 2], kernel: usize, stride: usize) -> Conv2d {
        self.grouped(channels, kernel, stride, 1)
    }

    /// A depthwise convolution: every channel has a kernel of its own.
    pub fn depthwise(&self, channels: usize, kernel: usize, stride: usize) -> Conv2d {
        self.grouped([channels, channels], kernel, stride, channels)
    }

    /// A batch norm over the channel axis: scale 1, shift 0.
    pub fn norm(&self, channels: usize) -> BatchNorm {
        BatchNormConfig::new(channels)
            .with_epsilon(self.flavour.epsilon())
            .with_momentum(self.momentum)
            .init(self.device)
    }

    fn grouped(&self, channels: [usize; 2], kernel: usize, stride: usize, groups: usize) -> Conv2d {
        Conv2dConfig::new(channels, [kernel, kernel])
            .with_stride([stride, stride])
            .with_groups(groups)
            .with_padding(self.flavour.padding(kernel))
            .with_bias(false)
            .with_initializer(initializer())
            .init(self.device)
    }
}

/// A convolution and the norm behind it.
///
/// In inference the norm is folded into the convolution: with `s = gamma / sqrt(variance + epsilon)`,
/// the weights become `s W` and the bias `beta + s (b - mean)`. They are folded anew at every call,
/// which costs little next to the convolution, and so are never out of date.
///
/// # Shapes
/// - input: `[batch, channels_in, height, width]`
/// - output: `[batch, channels_out, height / stride, width / stride]`, the sizes rounded up
pub(super) fn normalised(conv: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    if input.device().is_autodiff() {
        let plain = conv.kernel_size == [1, 1] && conv.stride == [1, 1];
        let pointwise = plain && conv.groups == 1 && conv.bias.is_none();
        return norm.forward(match pointwise {
            true => product(conv, input),
            false => conv.forward(input),
        });
    }
    let deviation = (norm.running_var.value() + norm.epsilon).sqrt();
    let scale = norm.gamma.val() / deviation;
    let centre = match &conv.bias {
        Some(bias) => norm.running_mean.value() - bias.val(),
        None => norm.running_mean.value(),
    };
    let bias = norm.beta.val() - centre * scale.clone();
    let [channels] = scale.dims();
    let weight = conv.weight.val() * scale.reshape([channels, 1, 1, 1]);
    let folded = Conv2d {
        weight: Param::initialized(conv.weight.id, weight),
        bias: Some(Param::initialized(norm.beta.id, bias)),
        ..conv.clone()
    };
    folded.forward(input)
}

/// A 1x1 convolution of stride 1 without bias, computed as a matrix product. The values are the same,
/// but burn computes the gradient of a convolution's weight by another convolution, whose kernel is
/// as large as the map: that costs several times as much as the gradient of a product.
fn product(conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let [out, inner, ..] = conv.weight.dims();
    assert_eq!(
        channels, inner,
        "channels of the input of a 1x1 convolution"
    );
    conv.weight
        .val()
        .reshape([1, out, inner])
        .matmul(input.reshape([batch, channels, height * width]))
        .reshape([batch, out, height, width])
}

/// A 1x1 convolution with a bias of 0.
pub(super) fn biased_pointwise(channels: [usize; 2], device: &Device) -> Conv2d {
    let bias: Param<Tensor<1>> = Initializer::Zeros.init([channels[1]], device);
    Conv2d {
        bias: Some(bias),
        ..Conv2dConfig::new(channels, [1, 1])
            .with_bias(false)
            .with_initializer(initializer())
            .init(device)
    }
}

/// Normal with variance `2 / fan_out`, the fan counted within a group.
fn initializer() -> Initializer {
    Initializer::KaimingNormal {
        gain: std::f64::consts::SQRT_2,
        fan_out_only: true,
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Tolerance;

    use super::*;
    use crate::testing::{Draw, drawn};

    fn deviation(conv: &Conv2d) -> f64 {
        let weight = conv.weight.val();
        let squares: f32 = weight.powi_scalar(2).mean().into_scalar();
        f64::from(squares).sqrt()
    }

    #[test]
    fn weights_start_normal_with_the_fan_of_one_group() {
        let device = Device::default();
        device.seed(0);
        let layers = Layers {
            flavour: Flavour::Tensorflow,
            momentum: 0.1,
            device: &device,
        };
        // fan_out 64 * 9 of a full convolution, 1 * 9 of a depthwise one.
        let full = deviation(&layers.conv([32, 64], 3, 1));
        let depthwise = deviation(&layers.depthwise(2048, 3, 1));
        assert!(
            (full / (2.0f64 / 576.0).sqrt() - 1.0).abs() < 0.03,
            "{full}"
        );
        assert!(
            (depthwise / (2.0f64 / 9.0).sqrt() - 1.0).abs() < 0.03,
            "{depthwise}"
        );
    }

    #[test]
    fn a_norm_folded_into_its_convolution_changes_nothing() {
        let device = Device::flex();
        for flavour in [Flavour::Tensorflow, Flavour::Plain] {
            let layers = Layers {
                flavour,
                momentum: 0.1,
                device: &device,
            };
            for (conv, channels) in [
                (layers.conv([3, 8], 3, 2), 8),
                (layers.conv([3, 5], 1, 1), 5),
                (layers.depthwise(3, 5, 2), 3),
                (biased_pointwise([3, 4], &device), 4),
            ] {
                let (conv, norm) = (conv, layers.norm(channels)).map(&mut Draw(0));
                let input = drawn([2, 3, 11, 9], 9, &device);
                let expected = norm.forward(conv.forward(input.clone())).into_data();
                let found = normalised(&conv, &norm, input).into_data();
                found.assert_approx_eq::<f32>(&expected, Tolerance::rel_abs(1e-5, 1e-5));
            }
        }
    }
}
