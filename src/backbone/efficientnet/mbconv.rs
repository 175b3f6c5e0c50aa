//! The two blocks of EfficientNet, both called MBConv: with and without expansion.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

use super::squeeze_excite::{SqueezeExcite, SqueezeExciteConfig};
use super::stage::Flavour;
use crate::backbone::conv::{Layers, normalised};
use crate::backbone::drop_path::{DropPath, DropPathConfig};

/// Configuration of one [`MbConv`] block.
#[derive(Config, Debug)]
pub struct MbConvConfig {
    /// Channels in and out, each at least 4.
    pub channels: [usize; 2],
    /// Side of the depthwise kernel: odd.
    pub kernel: usize,
    /// Stride of the depthwise convolution, at least 1.
    pub stride: usize,
    /// Factor of the expansion, at least 1; at 1 the block has none.
    pub expansion: usize,
    /// Probability of drop path, in `[0, 1)`. Default: 0.
    #[config(default = 0.0)]
    pub drop_path: f64,
    /// Padding and epsilon. Default: TensorFlow's.
    #[config(default = "Flavour::Tensorflow")]
    pub flavour: Flavour,
    /// Share of a new batch in the running statistics, in `[0, 1]`. Default: 0.01.
    #[config(default = 0.01)]
    pub momentum: f64,
}

/// A mobile inverted bottleneck with squeeze-and-excitation.
///
/// Where input and output have one shape, the input is added to the output. timm names the layers
/// of the two kinds differently, hence two structs.
#[derive(Module, Debug)]
#[module(custom_display)]
#[allow(
    clippy::large_enum_variant,
    reason = "a network has a few dozen blocks, nearly all of the larger kind"
)]
pub enum MbConv {
    /// Without expansion.
    DepthwiseSeparable(DepthwiseSeparable),
    /// With expansion.
    InvertedResidual(InvertedResidual),
}

/// Depthwise convolution, squeeze-excite, linear 1x1 convolution.
#[derive(Module, Debug)]
pub struct DepthwiseSeparable {
    /// Depthwise convolution.
    pub conv_dw: Conv2d,
    /// Its norm, before SiLU.
    pub bn1: BatchNorm,
    /// Squeeze-and-excitation.
    pub se: SqueezeExcite,
    /// 1x1 convolution to the output's channels.
    pub conv_pw: Conv2d,
    /// Its norm, without activation.
    pub bn2: BatchNorm,
    /// Drop path of the residual branch.
    pub drop_path: DropPath,
}

/// 1x1 expansion, depthwise convolution, squeeze-excite, linear 1x1 projection.
#[derive(Module, Debug)]
pub struct InvertedResidual {
    /// 1x1 convolution to the inner width.
    pub conv_pw: Conv2d,
    /// Its norm, before SiLU.
    pub bn1: BatchNorm,
    /// Depthwise convolution.
    pub conv_dw: Conv2d,
    /// Its norm, before SiLU.
    pub bn2: BatchNorm,
    /// Squeeze-and-excitation.
    pub se: SqueezeExcite,
    /// 1x1 convolution to the output's channels.
    pub conv_pwl: Conv2d,
    /// Its norm, without activation.
    pub bn3: BatchNorm,
    /// Drop path of the residual branch.
    pub drop_path: DropPath,
}

impl MbConvConfig {
    /// Initialises the block.
    ///
    /// # Panics
    /// If a field is outside its range.
    pub fn init(&self, device: &Device) -> MbConv {
        let Self {
            channels: [input, output],
            kernel,
            stride,
            expansion,
            ..
        } = *self;
        assert!(
            input >= 4 && output >= 4,
            "a block needs at least 4 channels"
        );
        assert!(
            kernel % 2 == 1,
            "a block's kernel must be odd, not {kernel}"
        );
        assert!(stride > 0, "a block's stride must be at least 1");
        assert!(expansion > 0, "a block's expansion must be at least 1");

        let layers = Layers {
            flavour: self.flavour,
            momentum: self.momentum,
            device,
        };
        let inner = input * expansion;
        let se = SqueezeExciteConfig::new(inner, input / 4).init(device);
        let drop_path = DropPathConfig::new(self.drop_path).init();
        if expansion == 1 {
            MbConv::DepthwiseSeparable(DepthwiseSeparable {
                conv_dw: layers.depthwise(input, kernel, stride),
                bn1: layers.norm(input),
                se,
                conv_pw: layers.conv([input, output], 1, 1),
                bn2: layers.norm(output),
                drop_path,
            })
        } else {
            MbConv::InvertedResidual(InvertedResidual {
                conv_pw: layers.conv([input, inner], 1, 1),
                bn1: layers.norm(inner),
                conv_dw: layers.depthwise(inner, kernel, stride),
                bn2: layers.norm(inner),
                se,
                conv_pwl: layers.conv([inner, output], 1, 1),
                bn3: layers.norm(output),
                drop_path,
            })
        }
    }
}

impl ModuleDisplay for MbConv {
    fn custom_content(&self, content: Content) -> Option<Content> {
        // The block itself, whose name says which kind it is.
        match self {
            Self::DepthwiseSeparable(block) => content.add_single(block).optional(),
            Self::InvertedResidual(block) => content.add_single(block).optional(),
        }
    }
}

impl MbConv {
    /// Applies the block.
    ///
    /// # Shapes
    /// - input: `[batch, channels_in, height, width]`
    /// - output: `[batch, channels_out, height / stride, width / stride]`, the sizes rounded up
    ///
    /// # Panics
    /// If the input has other channels than the block.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::DepthwiseSeparable(block) => block.forward(input),
            Self::InvertedResidual(block) => block.forward(input),
        }
    }
}

impl DepthwiseSeparable {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = silu(normalised(&self.conv_dw, &self.bn1, input.clone()));
        let hidden = self.se.forward(hidden);
        let output = normalised(&self.conv_pw, &self.bn2, hidden);
        add_residual(input, output, &self.drop_path)
    }
}

impl InvertedResidual {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = silu(normalised(&self.conv_pw, &self.bn1, input.clone()));
        let hidden = silu(normalised(&self.conv_dw, &self.bn2, hidden));
        let hidden = self.se.forward(hidden);
        let output = normalised(&self.conv_pwl, &self.bn3, hidden);
        add_residual(input, output, &self.drop_path)
    }
}

/// `input + drop_path(output)` where both have one shape, else `output`.
fn add_residual(input: Tensor<4>, output: Tensor<4>, drop_path: &DropPath) -> Tensor<4> {
    if input.dims() == output.dims() {
        input + drop_path.forward(output)
    } else {
        output
    }
}
