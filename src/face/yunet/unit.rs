//! The unit that the whole network is made of.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

/// Configuration of [`Unit`].
#[derive(Config, Debug)]
pub struct UnitConfig {
    /// Channels in and out; at least 1 each.
    pub channels: [usize; 2],
    /// Whether a norm and a ReLU follow. Default: they do; the last unit of each output has neither.
    #[config(default = true)]
    pub activated: bool,
}

/// A 1x1 convolution that mixes the channels, then a 3x3 one that keeps them apart; then a norm and a
/// ReLU, unless it is the last before an output.
///
/// `y = relu(norm(D (P x + p) + d))`, where `D` is depthwise with a border of zeros.
#[derive(Module, Debug)]
pub struct Unit {
    /// The 1x1 convolution.
    pub pointwise: Conv2d,
    /// The 3x3 convolution, one filter a channel.
    pub depthwise: Conv2d,
    /// The norm before the ReLU; without it there is no ReLU either.
    pub norm: Option<BatchNorm>,
}

impl UnitConfig {
    /// Builds the unit, its weights drawn as burn draws those of convolutions.
    ///
    /// # Panics
    /// If a number of channels is 0.
    pub fn init(&self, device: &Device) -> Unit {
        let [input, output] = self.channels;
        Unit {
            pointwise: Conv2dConfig::new([input, output], [1, 1]).init(device),
            depthwise: Conv2dConfig::new([output, output], [3, 3])
                .with_groups(output)
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(device),
            norm: self.activated.then(|| norm(output, device)),
        }
    }
}

impl Unit {
    /// # Shapes
    /// - input: `[batch, channels_in, height, width]`
    /// - output: `[batch, channels_out, height, width]`
    ///
    /// # Panics
    /// If the channels of `input` are not the unit's.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let output = self.depthwise.forward(self.pointwise.forward(input));
        match &self.norm {
            Some(norm) => relu(norm.forward(output)),
            None => output,
        }
    }
}

/// A norm over the channels, as all of the network's are.
pub(super) fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(1e-5)
        .with_momentum(0.1)
        .init(device)
}
