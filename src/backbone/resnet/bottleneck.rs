//! A residual block of three convolutions.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::backbone::conv::{Layers, normalised};

/// How many times wider than inside a block is outside.
pub(super) const EXPANSION: usize = 4;

/// A bottleneck: `relu(shortcut(x) + bn3(W3 relu(bn2(W2 relu(bn1(W1 x))))))`, a 1x1, a 3x3 and a 1x1
/// convolution, of which the middle one has the stride.
///
/// # Deviation
/// He et al. (arXiv 1512.03385) have the stride in the first convolution, as have networks that were turned
/// from Caffe, whose tensors have the same names and are not told from these; torchvision and timm have it
/// in the second.
#[derive(Module, Debug)]
pub struct Bottleneck {
    /// 1x1 convolution to the inner width.
    pub conv1: Conv2d,
    /// Its norm, before ReLU.
    pub bn1: BatchNorm,
    /// 3x3 convolution.
    pub conv2: Conv2d,
    /// Its norm, before ReLU.
    pub bn2: BatchNorm,
    /// 1x1 convolution to four times the inner width.
    pub conv3: Conv2d,
    /// Its norm.
    pub bn3: BatchNorm,
    /// The shortcut, where input and output differ.
    pub downsample: Option<Downsample>,
}

/// A shortcut between maps of different shapes: a 1x1 convolution with a norm.
#[derive(Module, Debug)]
pub struct Downsample {
    /// The convolution, of the block's stride.
    pub conv: Conv2d,
    /// Its norm.
    pub norm: BatchNorm,
}

impl Bottleneck {
    /// A block from `input` channels, of the inner `width`.
    pub(super) fn new(input: usize, width: usize, stride: usize, layers: &Layers) -> Self {
        let output = EXPANSION * width;
        Self {
            conv1: layers.conv([input, width], 1, 1),
            bn1: layers.norm(width),
            conv2: layers.conv([width, width], 3, stride),
            bn2: layers.norm(width),
            conv3: layers.conv([width, output], 1, 1),
            bn3: layers.norm(output),
            downsample: (stride != 1 || input != output).then(|| Downsample {
                conv: layers.conv([input, output], 1, stride),
                norm: layers.norm(output),
            }),
        }
    }

    /// # Shapes
    /// - input: `[batch, input, height, width]`
    /// - output: `[batch, 4 * inner, height / stride, width / stride]`, the sizes rounded up
    ///
    /// # Panics
    /// If the input has other channels than the block's.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let inner = relu(normalised(&self.conv1, &self.bn1, input.clone()));
        let inner = relu(normalised(&self.conv2, &self.bn2, inner));
        let branch = normalised(&self.conv3, &self.bn3, inner);
        let shortcut = match &self.downsample {
            None => input,
            Some(Downsample { conv, norm }) => normalised(conv, norm, input),
        };
        relu(branch + shortcut)
    }
}
