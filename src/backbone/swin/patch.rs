//! Where tokens come from: the image, and four neighbours each.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Initializer, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

/// One token of each square of the image.
#[derive(Module, Debug)]
pub struct PatchEmbedding {
    /// A convolution whose stride is its kernel.
    pub proj: Conv2d,
    /// The token's norm.
    pub norm: LayerNorm,
}

/// Four neighbouring tokens into one of twice the width.
#[derive(Module, Debug)]
pub struct PatchMerging {
    /// The norm of the four side by side.
    pub norm: LayerNorm,
    /// From four widths to two, without a bias.
    pub reduction: Linear,
}

impl PatchEmbedding {
    pub(super) fn new(patch: usize, width: usize, device: &Device) -> Self {
        Self {
            proj: Conv2dConfig::new([3, width], [patch, patch])
                .with_stride([patch, patch])
                .init(device),
            norm: LayerNormConfig::new(width).init(device),
        }
    }

    /// # Shapes
    /// - images: `[batch, 3, height, width]`
    /// - output: `[batch, height / patch, width / patch, channels]`, the sizes rounded down
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let maps = self.proj.forward(images);
        self.norm.forward(maps.permute([0, 2, 3, 1]))
    }
}

impl PatchMerging {
    pub(super) fn new(width: usize, device: &Device) -> Self {
        Self {
            norm: LayerNormConfig::new(4 * width).init(device),
            reduction: projection([4 * width, 2 * width], false, device),
        }
    }

    /// # Shapes
    /// - maps: `[batch, height, width, channels]`; an odd side is padded by zeros
    /// - output: `[batch, height / 2, width / 2, 2 * channels]`, the sizes rounded up
    pub fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let mut maps = maps;
        for axis in [1, 2] {
            let mut dims = maps.dims();
            if dims[axis] % 2 == 1 {
                dims[axis] = 1;
                let zeros = Tensor::zeros(dims, (&maps.device(), maps.dtype()));
                maps = Tensor::cat(vec![maps, zeros], axis);
            }
        }
        let [batch, height, width, channels] = maps.dims();
        // The neighbours stand column by column: above left, below left, above right, below right.
        let four = maps
            .reshape([batch, height / 2, 2, width / 2, 2, channels])
            .permute([0, 1, 3, 4, 2, 5])
            .reshape([batch, height / 2, width / 2, 4 * channels]);
        self.reduction.forward(self.norm.forward(four))
    }
}

/// A linear map with Swin's initial weights, and a bias of 0 if it has one.
pub(super) fn projection([input, output]: [usize; 2], bias: bool, device: &Device) -> Linear {
    Linear {
        bias: bias.then(|| Initializer::Zeros.init([output], device)),
        ..LinearConfig::new(input, output)
            .with_bias(false)
            .with_initializer(Initializer::Normal {
                mean: 0.0,
                std: 0.02,
            })
            .init(device)
    }
}
