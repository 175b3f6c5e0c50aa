//! The sizes of a network's layers, and whether the kernels know them all.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::DType;

use crate::cpu::view::{Backbone, Block, Normalised};

/// What a convolution with a square kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Side of the kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// Whether there are as many zeros around the map as make an output of `ceil(size / stride)`, the
    /// odd one after the map, and not half a kernel of them on every side.
    pub same: bool,
}

/// The shape of a convolution over a map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// Side of the kernel.
    pub kernel: usize,
    /// Step between outputs.
    pub stride: usize,
    /// Padding above and left.
    pub pad: [usize; 2],
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
}

/// The sizes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockShape {
    /// Channels that the block takes.
    pub inputs: usize,
    /// Channels between expansion and projection.
    pub inner: usize,
    /// Channels that the block puts out.
    pub outputs: usize,
    /// The depthwise convolution, 3x3 or 5x5, of stride 1 or 2.
    pub window: Window,
}

/// The sizes of a whole network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Channels of an image.
    pub colours: usize,
    /// The stem's convolution.
    pub stem: Window,
    /// Channels that the stem puts out.
    pub width: usize,
    pub blocks: Vec<BlockShape>,
    /// Width of the feature.
    pub feature: usize,
    /// What each norm adds to the variance.
    epsilons: Vec<f64>,
}

impl Window {
    /// Nothing for a convolution that no kernel knows: one of which an output may see no pixel, for
    /// instance. So every output also has a size of at least 1.
    fn of(conv: &Conv2d) -> Option<Self> {
        let ([kernel, kernel_width], [stride, stride_width]) = (conv.kernel_size, conv.stride);
        let same = match conv.padding {
            PaddingConfig2d::Same => true,
            PaddingConfig2d::Explicit(top, left, bottom, right) => {
                ([top, left, bottom, right] == [kernel / 2; 4]).then_some(false)?
            }
            PaddingConfig2d::Valid => return None,
        };
        let known = [kernel, stride] == [kernel_width, stride_width] && conv.dilation == [1, 1];
        known.then_some(Self {
            kernel,
            stride,
            same,
        })
    }

    /// The convolution of an input of a height and a width.
    pub fn over(self, input: [usize; 2]) -> Geometry {
        let Self { kernel, stride, .. } = self;
        let [(height, top), (width, left)] = input.map(|side| match self.same {
            true => {
                let out = side.div_ceil(stride);
                let total = ((out - 1) * stride + kernel).saturating_sub(side);
                (out, total / 2)
            }
            false => ((side + 2 * (kernel / 2) - kernel) / stride + 1, kernel / 2),
        });
        Geometry {
            kernel,
            stride,
            pad: [top, left],
            input,
            output: [height, width],
        }
    }
}

impl Geometry {
    /// Height and width of the padded input.
    pub fn padded(&self) -> [usize; 2] {
        std::array::from_fn(|side| {
            let covered = (self.output[side] - 1) * self.stride + self.kernel;
            covered.max(self.pad[side] + self.input[side])
        })
    }

    /// Height and width of the gradient of the output, dilated by the stride and padded so that its
    /// convolution is as large as the input.
    pub fn dilated(&self) -> [usize; 2] {
        self.input.map(|side| side + self.kernel - 1)
    }
}

impl BlockShape {
    fn of(block: &Block<'_>, inputs: usize) -> Option<Self> {
        let inner = match block.expand {
            Some(expand) => normalised(expand).filter(|_| is_pointwise(expand.conv, inputs))?,
            None => inputs,
        };
        let conv = block.depthwise.conv;
        let window = Window::of(conv)?;
        let depthwise = normalised(block.depthwise)? == inner
            && conv.groups == inner
            && conv.weight.dims()[1] == 1
            && matches!((window.kernel, window.stride), (3 | 5, 1 | 2));
        let [reduced, excited] = block.dense().map(|conv| conv.weight.dims()[0]);
        let excite = is_pointwise(block.reduce, inner)
            && is_pointwise(block.excite, reduced)
            && excited == inner
            && block.dense().iter().all(|conv| {
                let bias = conv.bias.as_ref();
                bias.is_some_and(|bias| bias.dtype() == DType::F32)
            });
        let outputs = normalised(block.project)?;
        (depthwise && excite && is_pointwise(block.project.conv, inner)).then_some(Self {
            inputs,
            inner,
            outputs,
            window,
        })
    }

    /// Whether the input is added to the output.
    pub fn is_residual(&self) -> bool {
        self.inputs == self.outputs && self.window.stride == 1
    }
}

impl Shape {
    /// The sizes of `network`; nothing if it has a layer that no kernel knows.
    pub fn of(network: &Backbone<'_>) -> Option<Self> {
        let stem = network.stem.conv;
        let width = normalised(network.stem).filter(|_| stem.groups == 1)?;
        let mut channels = width;
        let mut blocks = Vec::with_capacity(network.blocks.len());
        for block in &network.blocks {
            let shape = BlockShape::of(block, channels)?;
            channels = shape.outputs;
            blocks.push(shape);
        }
        let feature = normalised(network.head)?;
        is_pointwise(network.head.conv, channels).then_some(Self {
            colours: stem.weight.dims()[1],
            stem: Window::of(stem)?,
            width,
            blocks,
            feature,
            epsilons: network
                .normalised()
                .map(|layer| layer.norm.epsilon)
                .collect(),
        })
    }
}

/// The outputs of a convolution without bias and the norm behind it.
fn normalised(Normalised { conv, norm }: Normalised<'_>) -> Option<usize> {
    let outputs = conv.weight.dims()[0];
    let parameters = [&norm.gamma, &norm.beta];
    let known = conv.bias.is_none()
        && conv.weight.dtype() == DType::F32
        && parameters
            .iter()
            .all(|parameter| parameter.dims() == [outputs] && parameter.dtype() == DType::F32);
    known.then_some(outputs)
}

/// Whether a convolution is a matrix product over every pixel's `inputs` channels.
fn is_pointwise(conv: &Conv2d, inputs: usize) -> bool {
    conv.kernel_size == [1, 1]
        && conv.stride == [1, 1]
        && conv.dilation == [1, 1]
        && conv.groups == 1
        && !matches!(conv.padding, PaddingConfig2d::Explicit(..))
        && conv.weight.dims()[1] == inputs
        && conv.weight.dtype() == DType::F32
}
