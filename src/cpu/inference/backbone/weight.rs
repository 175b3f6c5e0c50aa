//! A depthwise convolution's weights in the order in which the kernels read them.

use crate::cpu::convolution::Padding;
use crate::cpu::matmul::PANEL;
use crate::cpu::simd::{LANES, Strip, strips};

/// A depthwise convolution's weights and bias, strip by strip.
#[derive(Debug)]
pub(super) struct Depthwise {
    channels: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// How the edges are padded.
    pub padding: Padding,
    /// `[strips, kernel * kernel]`.
    weight: Vec<Strip>,
    /// `[strips]`.
    bias: Vec<Strip>,
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
        let taps = kernel * kernel;
        let bias_strips = strips(bias);
        let mut packed = Vec::with_capacity(taps * bias_strips.len());
        for strip in 0..bias_strips.len() {
            packed.extend((0..taps).map(|tap| {
                Strip(std::array::from_fn(|lane| {
                    let channel = strip * LANES + lane;
                    weight.get(channel * taps + tap).copied().unwrap_or(0.0)
                }))
            }));
        }
        Self {
            channels: bias.len(),
            kernel,
            stride,
            padding,
            weight: packed,
            bias: bias_strips,
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
    pub fn weight(&self, panel: usize) -> &[Strip] {
        let taps = self.kernel * self.kernel;
        &self.weight[panel * PANEL * taps..][..self.bias(panel).len() * taps]
    }

    /// Bias of one panel.
    pub fn bias(&self, panel: usize) -> &[Strip] {
        let first = panel * PANEL;
        &self.bias[first..(first + PANEL).min(self.bias.len())]
    }
}
