//! The three networks. None of their convolutions has a border; every map is followed by a PReLU.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{Linear, LinearConfig, PRelu, PReluConfig};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use crate::cpu;

/// The side and stride of the maximum behind each convolution.
pub(super) type Pools<const N: usize> = [Option<[usize; 2]>; N];
pub(super) const PROPOSAL: Pools<3> = [Some([2, 2]), None, None];
pub(super) const REFINE: Pools<3> = [Some([3, 2]), Some([3, 2]), None];
pub(super) const OUTPUT: Pools<4> = [Some([3, 2]), Some([3, 2]), Some([2, 2]), None];

/// Proposes boxes: reads 12x12 pixels around every second pixel of a picture of any size.
#[derive(Module, Debug)]
pub struct ProposalNet {
    /// 3 to 10 channels, then 10 to 16 and 16 to 32, each 3x3; a 2x2 maximum behind the first.
    pub convolutions: Vec<Conv2d>,
    /// Behind each of them.
    pub activations: Vec<PRelu>,
    /// Two logits: no face, a face.
    pub class: Conv2d,
    /// By how much of its side each edge of the box moves: left, top, right, bottom.
    pub offsets: Conv2d,
    /// The weights as the CPU engine has prepared them, kept between calls.
    #[module(skip)]
    pub(crate) cache: cpu::PatchCache,
}

/// Refines boxes: reads 24x24 pixels.
#[derive(Module, Debug)]
pub struct RefineNet {
    /// 3 to 28 and 28 to 48 channels, 3x3 each, a 3x3 maximum of stride 2 behind both; 48 to 64, 2x2.
    pub convolutions: Vec<Conv2d>,
    /// Behind each of them, then behind the hidden layer.
    pub activations: Vec<PRelu>,
    /// 576 to 128.
    pub hidden: Linear,
    /// Two logits: no face, a face.
    pub class: Linear,
    /// By how much of its side each edge of the box moves.
    pub offsets: Linear,
    /// The weights as the CPU engine has prepared them, kept between calls.
    #[module(skip)]
    pub(crate) cache: cpu::PatchCache,
}

/// Refines boxes once more and finds landmarks: reads 48x48 pixels.
#[derive(Module, Debug)]
pub struct OutputNet {
    /// 3 to 32 and 32 to 64 channels, 3x3 each, a 3x3 maximum of stride 2 behind both; 64 to 64, 3x3, a
    /// 2x2 maximum of stride 2 behind it; 64 to 128, 2x2.
    pub convolutions: Vec<Conv2d>,
    /// Behind each of them, then behind the hidden layer.
    pub activations: Vec<PRelu>,
    /// 1152 to 256.
    pub hidden: Linear,
    /// Two logits: no face, a face.
    pub class: Linear,
    /// By how much of its side each edge of the box moves.
    pub offsets: Linear,
    /// Where in the box five points are, in shares of its sides: five x, then five y.
    pub landmarks: Linear,
    /// The weights as the CPU engine has prepared them, kept between calls.
    #[module(skip)]
    pub(crate) cache: cpu::PatchCache,
}

impl ProposalNet {
    /// A network whose weights are drawn, with the published one's channels.
    pub fn new(device: &Device) -> Self {
        Self::with_channels([10, 16, 32], device)
    }

    /// A network with other channels behind its convolutions, each at least 1.
    pub fn with_channels(channels: [usize; 3], device: &Device) -> Self {
        let last = channels[2];
        Self {
            convolutions: convolutions(&channels, &[3, 3, 3], device),
            activations: activations(&channels, device),
            class: convolution((last, 2, 1), device),
            offsets: convolution((last, 4, 1), device),
            cache: cpu::PatchCache::default(),
        }
    }

    /// The probability of a face and the four offsets for every 12x12 window; window (r, c) begins at
    /// pixel (2r, 2c).
    ///
    /// # Shapes
    /// - `pictures`: `[batch, 3, height, width]`: red, green and blue as `(level - 127.5) / 128`, both
    ///   sides at least 12
    /// - probability: `[batch, 1, rows, columns]`, rows = ceil((height - 2) / 2) - 4, and so for columns
    /// - offsets: `[batch, 4, rows, columns]`
    pub fn forward(&self, pictures: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let map = maps(pictures, &self.convolutions, &self.activations, &PROPOSAL);
        let probability = softmax(self.class.forward(map.clone()), 1).narrow(1, 1, 1);
        (probability, self.offsets.forward(map))
    }
}

impl RefineNet {
    /// A network whose weights are drawn, with the published one's channels.
    pub fn new(device: &Device) -> Self {
        Self::with_channels([28, 48, 64], 128, device)
    }

    /// A network with other channels behind its convolutions, and another width of its hidden layer.
    pub fn with_channels(channels: [usize; 3], hidden: usize, device: &Device) -> Self {
        let linear = |input, output| LinearConfig::new(input, output).init(device);
        let [first, second, third] = channels;
        Self {
            convolutions: convolutions(&channels, &[3, 3, 2], device),
            activations: activations(&[first, second, third, hidden], device),
            // The last map has 3x3 pixels.
            hidden: linear(9 * third, hidden),
            class: linear(hidden, 2),
            offsets: linear(hidden, 4),
            cache: cpu::PatchCache::default(),
        }
    }

    /// The probability of a face and the four offsets of every crop.
    ///
    /// # Shapes
    /// - `crops`: `[batch, 3, 24, 24]`: red, green and blue as `(level - 127.5) / 128`
    /// - probability: `[batch, 1]`; offsets: `[batch, 4]`
    pub fn forward(&self, crops: Tensor<4>) -> (Tensor<2>, Tensor<2>) {
        let map = maps(crops, &self.convolutions, &self.activations, &REFINE);
        let hidden = self.activations[3].forward(self.hidden.forward(flat(map)));
        (
            face(self.class.forward(hidden.clone())),
            self.offsets.forward(hidden),
        )
    }
}

impl OutputNet {
    /// A network whose weights are drawn, with the published one's channels.
    pub fn new(device: &Device) -> Self {
        Self::with_channels([32, 64, 64, 128], 256, device)
    }

    /// A network with other channels behind its convolutions, and another width of its hidden layer.
    pub fn with_channels(channels: [usize; 4], hidden: usize, device: &Device) -> Self {
        let linear = |input, output| LinearConfig::new(input, output).init(device);
        let [first, second, third, fourth] = channels;
        Self {
            convolutions: convolutions(&channels, &[3, 3, 3, 2], device),
            activations: activations(&[first, second, third, fourth, hidden], device),
            // The last map has 3x3 pixels.
            hidden: linear(9 * fourth, hidden),
            class: linear(hidden, 2),
            offsets: linear(hidden, 4),
            landmarks: linear(hidden, 10),
            cache: cpu::PatchCache::default(),
        }
    }

    /// The probability of a face, the four offsets and the ten coordinates of every crop.
    ///
    /// # Shapes
    /// - `crops`: `[batch, 3, 48, 48]`: red, green and blue as `(level - 127.5) / 128`
    /// - probability: `[batch, 1]`; offsets: `[batch, 4]`; landmarks: `[batch, 10]`
    pub fn forward(&self, crops: Tensor<4>) -> (Tensor<2>, Tensor<2>, Tensor<2>) {
        let map = maps(crops, &self.convolutions, &self.activations, &OUTPUT);
        let hidden = self.activations[4].forward(self.hidden.forward(flat(map)));
        (
            face(self.class.forward(hidden.clone())),
            self.offsets.forward(hidden.clone()),
            self.landmarks.forward(hidden),
        )
    }
}

/// A convolution of (channels in, channels out, side of the kernel).
fn convolution((input, output, kernel): (usize, usize, usize), device: &Device) -> Conv2d {
    Conv2dConfig::new([input, output], [kernel, kernel]).init(device)
}

/// Convolutions one behind the other, from the three colours to each of `channels`.
fn convolutions(channels: &[usize], kernels: &[usize], device: &Device) -> Vec<Conv2d> {
    let before = [3].into_iter().chain(channels.iter().copied());
    let sizes = before.zip(channels).zip(kernels);
    sizes
        .map(|((input, &output), &kernel)| convolution((input, output, kernel), device))
        .collect()
}

fn activations(widths: &[usize], device: &Device) -> Vec<PRelu> {
    let activation = |&width: &usize| {
        PReluConfig::new()
            .with_num_parameters(width)
            .with_alpha(0.25)
            .init(device)
    };
    widths.iter().map(activation).collect()
}

/// Convolutions, each with its PReLU and the maximum of (side, stride) behind it; what does not fill the
/// last window counts too.
fn maps(
    input: Tensor<4>,
    convolutions: &[Conv2d],
    activations: &[PRelu],
    pools: &[Option<[usize; 2]>],
) -> Tensor<4> {
    let layers = convolutions.iter().zip(activations).zip(pools);
    layers.fold(input, |map, ((convolution, activation), pool)| {
        let map = activation.forward(convolution.forward(map));
        match *pool {
            Some([side, stride]) => MaxPool2dConfig::new([side, side])
                .with_strides([stride, stride])
                .with_ceil_mode(true)
                .init()
                .forward(map),
            None => map,
        }
    })
}

/// `[batch, channels, height, width]` to one row each, in the order width, height, channels.
fn flat(map: Tensor<4>) -> Tensor<2> {
    map.permute([0, 3, 2, 1]).flatten(1, 3)
}

/// The second of two logits as a probability.
fn face(logits: Tensor<2>) -> Tensor<2> {
    softmax(logits, 1).narrow(1, 1, 1)
}
