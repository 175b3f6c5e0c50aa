//! Dilated convolutions over the steps of a window.

use burn::module::{Module, Param};
use burn::nn::{Dropout, DropoutConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};

/// The blocks of the convolutional form.
#[derive(Module, Debug)]
pub struct TemporalConvolution {
    /// One behind the other, each looking twice as far as the one before.
    pub blocks: Vec<ConvolutionBlock>,
}

/// One residual block: `h + W_o gelu(s (w * n(h)) + b) + b_o`, where `n` is a layer norm of each frame, `*` a
/// convolution over time and `s` the number of steps that it looks at over the number of those that have a
/// frame.
///
/// Steps without a frame and those beyond the window's ends count as zero; the factor `s` (the partial
/// convolution of Liu et al. 2018, arXiv 1804.07723) makes up for them.
#[derive(Module, Debug)]
pub struct ConvolutionBlock {
    /// `n`.
    pub norm: LayerNorm,
    /// `w`: from the features of all steps that it looks at, the earliest first.
    pub taps: Linear,
    /// `b`.
    pub bias: Param<Tensor<1>>,
    /// `W_o` and `b_o`.
    pub output: Linear,
    dropout: Dropout,
    #[module(skip)]
    kernel: usize,
    /// Steps between those that it looks at.
    #[module(skip)]
    dilation: usize,
    /// Steps before the window's first that its first step looks at.
    #[module(skip)]
    before: usize,
}

impl TemporalConvolution {
    /// Of values of `width` numbers; each layer looks at `kernel` steps, all before its own where it is `causal`.
    pub(super) fn new(
        width: usize,
        [layers, kernel]: [usize; 2],
        dropout: f64,
        causal: bool,
        device: &Device,
    ) -> Self {
        let block = |layer: usize| {
            let dilation = 1 << layer;
            let reach = (kernel - 1) * dilation;
            ConvolutionBlock {
                norm: LayerNormConfig::new(width).init(device),
                taps: LinearConfig::new(kernel * width, width)
                    .with_bias(false)
                    .init(device),
                bias: Param::from_tensor(Tensor::zeros([width], device)),
                output: LinearConfig::new(width, width).init(device),
                dropout: DropoutConfig::new(dropout).init(),
                kernel,
                dilation,
                before: if causal { reach } else { reach / 2 },
            }
        };
        Self {
            blocks: (0..layers).map(block).collect(),
        }
    }

    /// What the frames are with those around them.
    ///
    /// # Shapes
    /// - `hidden`, output: `[batch, steps, width]`
    /// - `present`: `[batch, steps, 1]`, 1 where there is a frame and 0 elsewhere
    pub fn forward(&self, hidden: Tensor<3>, present: Tensor<3>) -> Tensor<3> {
        let mut hidden = hidden;
        for block in &self.blocks {
            hidden = block.forward(hidden, present.clone());
        }
        hidden
    }
}

impl ConvolutionBlock {
    fn forward(&self, hidden: Tensor<3>, present: Tensor<3>) -> Tensor<3> {
        let there = self.norm.forward(hidden.clone()) * present.clone();
        let count = self.spread(present).sum_dim(2).clamp_min(1.0);
        let scale = count.recip() * self.kernel as f64;
        let bias = self.bias.val().reshape([1, 1, -1]);
        let mixed = self.taps.forward(self.spread(there)) * scale + bias;
        let mixed = self.output.forward(gelu(mixed));
        hidden + self.dropout.forward(mixed)
    }

    /// At each step the values of all steps that it looks at, side by side.
    fn spread(&self, values: Tensor<3>) -> Tensor<3> {
        let [batch, steps, width] = values.dims();
        let device = values.device();
        let zeros = |steps: usize| Tensor::zeros([batch, steps, width], &device);
        // What is further away than the window is long lies beyond its ends for all of its steps.
        let before = self.before.min(steps);
        let behind = ((self.kernel - 1) * self.dilation - self.before).min(steps);
        let mut parts = vec![zeros(before), values];
        if behind > 0 {
            parts.push(zeros(behind));
        }
        let padded = Tensor::cat(parts, 1);
        let tap = |tap: usize| {
            let first = (before + tap * self.dilation).saturating_sub(self.before);
            padded.clone().narrow(1, first.min(before + behind), steps)
        };
        Tensor::cat((0..self.kernel).map(tap).collect(), 2)
    }
}
