//! From a network and a batch to operations.

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Device};

use super::block::Block;
use super::grid::Grid;
use super::head::Head;
use super::kernel::Window;
use super::layer::NormKind;
use super::stem::Stem;
use crate::cpu::convolution::Padding;
use crate::cpu::memory::Workspace;
use crate::cpu::simd::Isa;
use crate::cpu::view::{self, Backbone, DropPath, Normalised};

/// The operations of a whole network.
pub(super) struct Operations {
    pub stem: Stem,
    pub blocks: Vec<Block>,
    pub head: Head,
}

/// The operations for images of the given shape, or nothing if a layer is not of a kind that the
/// kernels know.
pub(super) fn operations(
    network: &Backbone<'_>,
    workspace: &Workspace,
    isa: Isa,
    images: [usize; 4],
    device: &Device,
) -> Option<Operations> {
    let stem = stem(network.stem, workspace, isa, images)?;
    let mut grid = stem.output;
    let mut blocks = Vec::new();
    for block in &network.blocks {
        let block = self::block(block, workspace, isa, grid)?;
        grid = block.output();
        blocks.push(block);
    }
    let [outputs, inputs] = pointwise(network.head.conv)?;
    (inputs == grid.channels).then_some(())?;
    let head = Head {
        isa,
        input: grid,
        outputs,
        norm: norm(network.head.norm, outputs)?,
        workspace: workspace.clone(),
        statistics: Default::default(),
    };
    // Random numbers are drawn only once it is certain that the operations are taken.
    for (operation, block) in blocks.iter_mut().zip(&network.blocks) {
        if operation.residual {
            operation.keep = keep(&block.drop_path, images[0], device);
        }
    }
    Some(Operations { stem, blocks, head })
}

fn stem(
    Normalised { conv, norm }: Normalised<'_>,
    workspace: &Workspace,
    isa: Isa,
    images: [usize; 4],
) -> Option<Stem> {
    let [batch, colours, height, width] = images;
    let [outputs, inputs, ..] = conv.weight.dims();
    let ([kernel, kernel_width], [stride, stride_width]) = (conv.kernel_size, conv.stride);
    let known = plain(conv)
        && conv.groups == 1
        && inputs == colours
        && [kernel, stride] == [kernel_width, stride_width];
    let padding = Padding::of(conv).filter(|_| known)?;
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
        norm: self::norm(norm, outputs)?,
        workspace: workspace.clone(),
        statistics: Default::default(),
    })
}

fn block(block: &view::Block<'_>, workspace: &Workspace, isa: Isa, input: Grid) -> Option<Block> {
    let conv = block.depthwise.conv;
    let [inner, 1, ..] = conv.weight.dims() else {
        return None;
    };
    let ([kernel, kernel_width], [stride, stride_width]) = (conv.kernel_size, conv.stride);
    let known = plain(conv)
        && conv.groups == inner
        && [kernel, stride] == [kernel_width, stride_width]
        && matches!(kernel, 3 | 5)
        && matches!(stride, 1 | 2);
    let padding = Padding::of(conv).filter(|_| known)?;
    let [size, pad] = padding.around(input.size, kernel, stride);
    excites(block.dense(), inner).then_some(())?;
    let [outputs, projected] = pointwise(block.project.conv)?;
    let opens = match block.expand {
        Some(expand) => pointwise(expand.conv)? == [inner, input.channels],
        None => inner == input.channels,
    };
    let channels = match block.expand {
        Some(_) => vec![inner, inner, outputs],
        None => vec![inner, outputs],
    };
    let norms = block.normalised().zip(channels);
    let norms = norms.map(|(layer, channels)| norm(layer.norm, channels));
    let norms = norms.collect::<Option<Vec<_>>>()?;
    (opens && projected == inner).then_some(Block {
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
        workspace: workspace.clone(),
        statistics: Default::default(),
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
fn excites(layers: [&Conv2d; 2], inner: usize) -> bool {
    let [[reduced, inputs, ..], [outputs, width, ..]] = layers.map(|conv| conv.weight.dims());
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

fn keep(drop_path: &DropPath<'_>, batch: usize, device: &Device) -> Option<Vec<f32>> {
    let factors = drop_path(batch, device)?;
    factors.into_data().try_to_vec().ok()
}
