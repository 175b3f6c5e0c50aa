//! Tokens of one kind attending to tokens of another.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::Linear;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use crate::graph::normal_linear;

/// Configuration of [`TokenAttention`].
#[derive(Config, Debug)]
pub struct TokenAttentionConfig {
    /// Number of features of a token; at least 2. Queries and keys have half of it.
    pub width: usize,
}

/// Single-head attention of tokens `y` to tokens `x` (Luo et al., arXiv 2205.01782):
///
/// `softmax((y W_q + b_q) (x W_k + b_k)^T / sqrt(h)) (x W_v + b_v)`, with queries and keys of `h`
/// features, half of a token's.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct TokenAttention {
    /// What attends, `W_q`.
    pub query: Linear,
    /// What is attended to, `W_k`.
    pub key: Linear,
    /// What is taken from there, `W_v`.
    pub value: Linear,
}

impl TokenAttentionConfig {
    /// Builds the layer: weights from `N(0, 2 / output)`, biases from `U(-b, b)` with
    /// `b = 1 / sqrt(width)`.
    ///
    /// # Panics
    /// If `width` is less than 2.
    pub fn init(&self, device: &Device) -> TokenAttention {
        assert!(self.width >= 2, "half of the width is positive");
        let map = |output: usize| {
            let std = (2.0 / output as f64).sqrt();
            normal_linear(self.width, output, std, device)
        };
        TokenAttention {
            query: map(self.width / 2),
            key: map(self.width / 2),
            value: map(self.width),
        }
    }
}

impl ModuleDisplay for TokenAttention {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [width, hidden] = self.query.weight.shape().dims();
        content
            .add("width", &width)
            .add("hidden", &hidden)
            .optional()
    }
}

impl TokenAttention {
    /// What each of `attending` takes from `attended`.
    ///
    /// # Shapes
    /// - `attending`: `[batch, queries, width]`
    /// - `attended`: `[batch, keys, width]`
    /// - output: `[batch, queries, width]`
    ///
    /// # Panics
    /// If the shapes do not fit the config or each other.
    pub fn forward(&self, attending: Tensor<3>, attended: Tensor<3>) -> Tensor<3> {
        let scores = self.scores(attending, attended.clone());
        softmax(scores, 2).matmul(mapped(&self.value, attended))
    }

    /// What the softmax is taken of, `[batch, queries, keys]`.
    pub(super) fn scores(&self, attending: Tensor<3>, attended: Tensor<3>) -> Tensor<3> {
        let [_, hidden] = self.query.weight.dims();
        // The scale goes on the queries, of which there are fewer numbers than of scores.
        let query = mapped(&self.query, attending).mul_scalar((hidden as f64).powf(-0.5));
        query.matmul(mapped(&self.key, attended).swap_dims(1, 2))
    }
}

/// All tokens of all images as the rows of one product.
fn mapped(map: &Linear, tokens: Tensor<3>) -> Tensor<3> {
    let [batch, length, width] = tokens.dims();
    let [_, output] = map.weight.dims();
    let rows = map.forward(tokens.reshape([batch * length, width]));
    rows.reshape([batch, length, output])
}
