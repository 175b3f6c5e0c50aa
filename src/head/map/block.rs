//! A linear map of the tokens of an image with a norm behind it.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::graph::normal_linear;

/// Configuration of [`LinearBlock`].
#[derive(Config, Debug)]
pub struct LinearBlockConfig {
    /// Number of features of a token; positive.
    pub input: usize,
    /// Number of features of a token behind it; positive.
    pub output: usize,
    /// Dropout of the tokens in training, in [0, 1). Default: 0.
    #[config(default = 0.0)]
    pub dropout: f64,
}

/// `relu(norm(dropout(x) W + b))` for every token of an image, the norm over the batch and its tokens.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct LinearBlock {
    /// The map.
    pub linear: Linear,
    /// One mean and variance per feature.
    pub norm: BatchNorm,
    /// The dropout of the map's input.
    pub dropout: Dropout,
}

impl LinearBlockConfig {
    /// Builds the block: weights from `N(0, 2 / output)`, biases from `U(-b, b)` with
    /// `b = 1 / sqrt(input)`, the norm's scale one and shift zero.
    ///
    /// # Panics
    /// If a width is zero, or `dropout` is not in [0, 1).
    pub fn init(&self, device: &Device) -> LinearBlock {
        let std = (2.0 / self.output as f64).sqrt();
        LinearBlock {
            linear: normal_linear(self.input, self.output, std, device),
            norm: BatchNormConfig::new(self.output).init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }
}

impl ModuleDisplay for LinearBlock {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [input, output] = self.linear.weight.shape().dims();
        content
            .add("input", &input)
            .add("output", &output)
            .add("dropout", &self.dropout)
            .optional()
    }
}

impl LinearBlock {
    /// # Shapes
    /// - `tokens`: `[batch, tokens, input]`
    /// - output: `[batch, tokens, output]`, not negative
    ///
    /// # Panics
    /// If the width of `tokens` is not `input`.
    pub fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        let [batch, length, width] = tokens.dims();
        let [input, output] = self.linear.weight.dims();
        assert_eq!(width, input, "width of the tokens");
        let rows = self
            .dropout
            .forward(tokens)
            .reshape([batch * length, width]);
        let rows = self.norm.forward(self.linear.forward(rows));
        relu(rows).reshape([batch, length, output])
    }
}
