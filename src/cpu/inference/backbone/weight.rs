//! A depthwise convolution's weights in the order in which the kernels read them.

use crate::cpu::convolution::{Padding, pack};
use crate::cpu::matmul::PANEL;
use crate::cpu::simd::{Lanes, vectors};

/// A depthwise convolution's weights and bias, vector by vector.
#[derive(Debug)]
pub(super) struct Depthwise {
    channels: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// How the edges are padded.
    pub padding: Padding,
    /// `[vectors, kernel * kernel]`.
    weight: Vec<Lanes>,
    /// `[vectors]`.
    bias: Vec<Lanes>,
}

impl Depthwise {
    /// Packs `weight`, `[channels, kernel, kernel]`, and `bias`, `[channels]`.
    pub fn new(
        weight: &[f32],
        bias: &[f32],
        kernel: usize,
        stride: usize,
        padding: Padding,
    ) -> Self {
        Self {
            channels: bias.len(),
            kernel,
            stride,
            padding,
            weight: pack(weight, bias.len(), kernel * kernel),
            bias: vectors(bias),
        }
    }

    /// Channels of the input and the output.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Planes of the input and the output.
    pub fn planes(&self) -> usize {
        self.bias.len()
    }

    /// Panels of the output.
    pub fn panels(&self) -> usize {
        self.bias.len().div_ceil(PANEL)
    }

    /// Weights of one panel.
    pub fn weight(&self, panel: usize) -> &[Lanes] {
        let taps = self.kernel * self.kernel;
        &self.weight[panel * PANEL * taps..][..self.bias(panel).len() * taps]
    }

    /// Bias of one panel.
    pub fn bias(&self, panel: usize) -> &[Lanes] {
        let first = panel * PANEL;
        &self.bias[first..(first + PANEL).min(self.bias.len())]
    }
}
