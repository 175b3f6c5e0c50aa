//! Squeeze-and-excitation: channels scaled by factors computed from the mean of the whole map.

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::nn::conv::Conv2d;
use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::{Device, Tensor};

use crate::backbone::conv::biased_pointwise;

/// Configuration of [`SqueezeExcite`].
#[derive(Config, Debug)]
pub struct SqueezeExciteConfig {
    /// Channels of the map, at least 1.
    pub channels: usize,
    /// Channels of the bottleneck, at least 1. EfficientNet: a quarter of the block's input.
    pub reduced: usize,
}

/// `x * sigmoid(expand(silu(reduce(mean(x)))))`, the mean over height and width.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct SqueezeExcite {
    /// 1x1 convolution to the bottleneck.
    pub conv_reduce: Conv2d,
    /// 1x1 convolution back to the channels.
    pub conv_expand: Conv2d,
}

impl SqueezeExciteConfig {
    /// Initialises the layer; biases are 0.
    ///
    /// # Panics
    /// If a width is 0.
    pub fn init(&self, device: &Device) -> SqueezeExcite {
        assert!(
            self.channels > 0 && self.reduced > 0,
            "squeeze-excite needs at least one channel on both sides, not {} and {}",
            self.channels,
            self.reduced
        );
        SqueezeExcite {
            conv_reduce: biased_pointwise([self.channels, self.reduced], device),
            conv_expand: biased_pointwise([self.reduced, self.channels], device),
        }
    }
}

impl ModuleDisplay for SqueezeExcite {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let [reduced, channels, ..] = self.conv_reduce.weight.shape().dims::<4>();
        content
            .add("channels", &channels)
            .add("reduced", &reduced)
            .optional()
    }
}

impl SqueezeExcite {
    /// Scales every channel of every map by its gate in (0, 1).
    ///
    /// # Shapes
    /// - input and output: `[batch, channels, height, width]`
    ///
    /// # Panics
    /// If the input has other channels than the layer.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let squeezed = input.clone().mean_dims(&[2, 3]);
        let hidden = silu(self.conv_reduce.forward(squeezed));
        let gate = sigmoid(self.conv_expand.forward(hidden));
        input * gate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Distribution, Tolerance};

    #[test]
    fn a_layer_without_weights_halves_its_input() {
        let device = Device::default();
        let mut layer = SqueezeExciteConfig::new(4, 2).init(&device);
        layer.conv_expand.weight = layer.conv_expand.weight.map(|weight| weight.zeros_like());
        let input = Tensor::<4>::random([2, 4, 3, 5], Distribution::Default, &device);
        let expected = (input.clone() * 0.5).into_data();
        layer
            .forward(input)
            .into_data()
            .assert_approx_eq::<f32>(&expected, Tolerance::default());
    }
}
