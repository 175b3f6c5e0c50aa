//! From a network and a batch to the operations of its tape.

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Device};

use super::block::Block;
use super::grid::Grid;
use super::head::Head;
use super::kernel::Window;
use super::layer::NormKind;
use super::stem::Stem;
use crate::backbone::plan::padding;
use crate::backbone::{DropPath, EfficientNet, MbConv, SqueezeExcite};
use crate::processor::isa::Isa;

/// The operations of a whole network.
pub(super) struct Operations {
    pub stem: Stem,
    pub blocks: Vec<Block>,
    pub head: Head,
}

/// The operations for images of the given shape, or nothing if a layer is not of a kind that the
/// kernels know.
pub(super) fn operations(
    network: &EfficientNet,
    isa: Isa,
    images: [usize; 4],
    device: &Device,
) -> Option<Operations> {
    let stem = stem(network, isa, images)?;
    let mut grid = stem.output;
    let mut blocks = Vec::new();
    for block in network.blocks.iter().flatten() {
        let block = self::block(network, isa, block, grid)?;
        grid = block.output();
        blocks.push(block);
    }
    let [outputs, inputs] = pointwise(&network.conv_head)?;
    (inputs == grid.channels).then_some(())?;
    let head = Head {
        isa,
        input: grid,
        outputs,
        norm: norm(&network.bn2, outputs)?,
        workspace: network.workspace.clone(),
        found: Default::default(),
    };
    // Random numbers are drawn only once it is certain that the tape is taken.
    for (operation, block) in blocks.iter_mut().zip(network.blocks.iter().flatten()) {
        if operation.residual {
            operation.keep = keep(drop_path(block), images[0], device);
        }
    }
    Some(Operations { stem, blocks, head })
}

fn stem(network: &EfficientNet, isa: Isa, images: [usize; 4]) -> Option<Stem> {
    let conv = &network.conv_stem;
    let [batch, colours, height, width] = images;
    let [outputs, inputs, ..] = conv.weight.dims();
    let ([kernel, kernel_width], [stride, stride_width]) = (conv.kernel_size, conv.stride);
    let known = plain(conv)
        && conv.groups == 1
        && inputs == colours
        && [kernel, stride] == [kernel_width, stride_width];
    let padding = padding(conv).filter(|_| known)?;
    let [size, pad] = padding.around([height, width], kernel, stride);
    Some(Stem {
        isa,
        images,
        kernel,
        stride,
        pad,
        output: Grid {
            batch,
            channels: outputs,
            size,
        },
        norm: norm(&network.bn1, outputs)?,
        workspace: network.workspace.clone(),
        found: Default::default(),
    })
}

fn block(network: &EfficientNet, isa: Isa, block: &MbConv, input: Grid) -> Option<Block> {
    let (conv, excite, project) = match block {
        MbConv::DepthwiseSeparable(block) => (&block.conv_dw, &block.se, &block.conv_pw),
        MbConv::InvertedResidual(block) => (&block.conv_dw, &block.se, &block.conv_pwl),
    };
    let [inner, 1, ..] = conv.weight.dims() else {
        return None;
    };
    let ([kernel, kernel_width], [stride, stride_width]) = (conv.kernel_size, conv.stride);
    let known = plain(conv)
        && conv.groups == inner
        && [kernel, stride] == [kernel_width, stride_width]
        && matches!(kernel, 3 | 5)
        && matches!(stride, 1 | 2);
    let padding = padding(conv).filter(|_| known)?;
    let [size, pad] = padding.around(input.size, kernel, stride);
    excites(excite, inner).then_some(())?;
    let [outputs, projected] = pointwise(project)?;
    let norms = match block {
        MbConv::DepthwiseSeparable(block) => {
            (inner == input.channels).then_some(())?;
            vec![norm(&block.bn1, inner)?, norm(&block.bn2, outputs)?]
        }
        MbConv::InvertedResidual(block) => {
            (pointwise(&block.conv_pw)? == [inner, input.channels]).then_some(())?;
            vec![
                norm(&block.bn1, inner)?,
                norm(&block.bn2, inner)?,
                norm(&block.bn3, outputs)?,
            ]
        }
    };
    (projected == inner).then_some(Block {
        isa,
        input,
        inner,
        outputs,
        window: Window {
            kernel,
            stride,
            pad,
            input: input.size,
            output: size,
        },
        norms,
        keep: None,
        residual: outputs == input.channels && size == input.size,
        workspace: network.workspace.clone(),
        found: Default::default(),
    })
}

/// What the kernels ask of every convolution.
fn plain(conv: &Conv2d) -> bool {
    conv.dilation == [1, 1] && conv.bias.is_none() && conv.weight.dtype() == DType::F32
}

/// Outputs and inputs of a 1x1 convolution.
fn pointwise(conv: &Conv2d) -> Option<[usize; 2]> {
    let [outputs, inputs, ..] = conv.weight.dims();
    let known =
        plain(conv) && conv.kernel_size == [1, 1] && conv.stride == [1, 1] && conv.groups == 1;
    known.then_some([outputs, inputs])
}

/// Whether squeeze-excite is of a kind that the kernels know.
fn excites(excite: &SqueezeExcite, inner: usize) -> bool {
    let [reduced, inputs, ..] = excite.conv_reduce.weight.dims();
    let [outputs, width, ..] = excite.conv_expand.weight.dims();
    let layers = [&excite.conv_reduce, &excite.conv_expand];
    let known = layers.iter().all(|conv| {
        let bias = conv.bias.as_ref();
        conv.kernel_size == [1, 1]
            && conv.groups == 1
            && conv.weight.dtype() == DType::F32
            && bias.is_some_and(|bias| bias.dtype() == DType::F32)
    });
    known && [inputs, outputs, width] == [inner, inner, reduced]
}

fn norm(norm: &BatchNorm, channels: usize) -> Option<NormKind> {
    let parameters = [&norm.gamma, &norm.beta];
    let known = parameters
        .iter()
        .all(|parameter| parameter.dims() == [channels] && parameter.dtype() == DType::F32);
    let values = |tensor: burn::tensor::Tensor<1>| tensor.into_data().try_to_vec::<f32>().ok();
    let given = if norm.training.is_enabled() {
        None
    } else {
        let mean = values(norm.running_mean.value())?;
        Some([mean, values(norm.running_var.value())?])
    };
    known.then_some(NormKind {
        epsilon: norm.epsilon,
        given,
    })
}

pub(super) fn drop_path(block: &MbConv) -> &DropPath {
    match block {
        MbConv::DepthwiseSeparable(block) => &block.drop_path,
        MbConv::InvertedResidual(block) => &block.drop_path,
    }
}

fn keep(drop_path: &DropPath, batch: usize, device: &Device) -> Option<Vec<f32>> {
    let factors = drop_path.factors(batch, device)?;
    factors.into_data().try_to_vec().ok()
}
