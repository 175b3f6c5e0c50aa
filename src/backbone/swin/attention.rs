//! Attention of the tokens of a window to each other.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use super::patch::projection;
use super::window::relative_positions;

/// `softmax(q k^T / sqrt(d) + B) v` per head, where `B` is learnt for each distance of two tokens (Liu et
/// al., arXiv 2103.14030, Eq. 4).
#[derive(Module, Debug)]
pub struct WindowAttention {
    /// Queries, keys and values at once, each head by head.
    pub qkv: Linear,
    /// What the heads say, put together.
    pub proj: Linear,
    /// A bias for each distance and head: `[(2 window - 1)^2, heads]`.
    pub relative_position_bias_table: Param<Tensor<2>>,
    /// Side of a window, in tokens.
    #[module(skip)]
    pub window: usize,
}

impl WindowAttention {
    pub(super) fn new(width: usize, heads: usize, window: usize, device: &Device) -> Self {
        let span = 2 * window - 1;
        Self {
            qkv: projection([width, 3 * width], true, device),
            proj: projection([width, width], true, device),
            relative_position_bias_table: Initializer::Normal {
                mean: 0.0,
                std: 0.02,
            }
            .init([span * span, heads], device),
            window,
        }
    }

    /// # Shapes
    /// - windows: `[batch * windows, tokens, width]`
    /// - mask: `[windows, tokens, tokens]`, added to what each head attends to
    /// - output: as `windows`
    ///
    /// # Panics
    /// If the shapes do not fit the layer or each other.
    pub fn forward(&self, windows: Tensor<3>, mask: Option<Tensor<3>>) -> Tensor<3> {
        let [count, tokens, width] = windows.dims();
        let device = windows.device();
        let table = self.relative_position_bias_table.val();
        let [_, heads] = table.dims();
        let each = width / heads;
        let qkv = self
            .qkv
            .forward(windows)
            .reshape([count, tokens, 3, heads, each])
            .permute([2, 0, 3, 1, 4]);
        let part = |index: usize| -> Tensor<4> { qkv.clone().narrow(0, index, 1).squeeze_dim(0) };
        let query = part(0) * (each as f64).powf(-0.5);
        let bias = table
            .select(0, relative_positions(self.window, &device))
            .reshape([1, tokens, tokens, heads])
            .permute([0, 3, 1, 2]);
        let mut scores = query.matmul(part(1).swap_dims(2, 3)) + bias;
        if let Some(mask) = mask {
            let [windows, ..] = mask.dims();
            let mask = mask
                .cast(scores.dtype())
                .reshape([1, windows, 1, tokens, tokens]);
            let apart = [count / windows, windows, heads, tokens, tokens];
            scores = (scores.reshape(apart) + mask).reshape([count, heads, tokens, tokens]);
        }
        let read = softmax(scores, 3).matmul(part(2));
        self.proj
            .forward(read.swap_dims(1, 2).reshape([count, tokens, width]))
    }
}
