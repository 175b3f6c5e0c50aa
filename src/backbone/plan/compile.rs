//! From a trained network to a plan: norms folded into the convolutions before them.

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};

use super::super::{EfficientNet, MbConv, SqueezeExcite};
use super::block::{Block, Opening, Stem};
use super::kernel::{STEM_COLOURS, STEM_KERNEL, STEM_STRIDE};
use super::weight::{Depthwise, Padding, Pointwise, gather};
use crate::processor::tensor::Numbers;

/// The layers of a whole network, in order.
pub(super) struct Layers {
    /// The stem, where it is not inside the first block.
    pub stem: Option<Stem>,
    pub blocks: Vec<Block>,
    pub head: Pointwise,
}

/// Compiles `network`, or nothing if a layer is not of a kind that the kernels know.
pub(super) fn layers(network: &EfficientNet) -> Option<Layers> {
    let stem = stem(network)?;
    let mut width = stem.layer.outputs();
    let mut blocks = network
        .blocks
        .iter()
        .flatten()
        .map(|block| {
            let block = match block {
                MbConv::DepthwiseSeparable(block) => self::block(
                    Opening::Map,
                    depthwise(&block.conv_dw, &block.bn1)?,
                    &block.se,
                    pointwise(&block.conv_pw, Some(&block.bn2))?,
                )?,
                MbConv::InvertedResidual(block) => self::block(
                    Opening::Expand(pointwise(&block.conv_pw, Some(&block.bn1))?),
                    depthwise(&block.conv_dw, &block.bn2)?,
                    &block.se,
                    pointwise(&block.conv_pwl, Some(&block.bn3))?,
                )?,
            };
            let fits = block.inputs() == width;
            width = block.outputs();
            fits.then_some(block)
        })
        .collect::<Option<Vec<_>>>()?;
    let mut head = pointwise(&network.conv_head, Some(&network.bn2))?;
    (head.inputs() == width).then_some(())?;

    // A first block that reads its input once takes the stem's rows as they are made.
    let stem = match blocks.first_mut() {
        Some(first) if first.is_plain() && first.inputs() != first.outputs() => {
            first.opening = Opening::Stem(stem);
            None
        }
        _ => Some(stem),
    };
    let mut all: Vec<_> = blocks.iter_mut().flat_map(Block::products).collect();
    all.push(&mut head);
    gather(all);
    Some(Layers { stem, blocks, head })
}

fn block(
    opening: Opening,
    depthwise: Depthwise,
    se: &SqueezeExcite,
    project: Pointwise,
) -> Option<Block> {
    let reduce = pointwise(&se.conv_reduce, None)?;
    let expand = pointwise(&se.conv_expand, None)?;
    let inner = depthwise.channels();
    let source = match &opening {
        Opening::Expand(expand) => expand.outputs(),
        _ => inner,
    };
    let fits = source == inner
        && reduce.inputs() == inner
        && reduce.outputs() == expand.inputs()
        && expand.outputs() == inner
        && project.inputs() == inner;
    fits.then_some(Block {
        opening,
        depthwise,
        reduce,
        expand,
        project,
    })
}

fn stem(network: &EfficientNet) -> Option<Stem> {
    let conv = &network.conv_stem;
    let padding = padding(conv)?;
    let known = conv.kernel_size == [STEM_KERNEL; 2]
        && conv.stride == [STEM_STRIDE; 2]
        && conv.groups == 1
        && conv.weight.dims()[1] == STEM_COLOURS;
    let (weight, bias) = fold(conv, Some(&network.bn1)).filter(|_| known)?;
    Some(Stem {
        layer: Pointwise::new(&weight, &bias),
        padding,
    })
}

fn pointwise(conv: &Conv2d, norm: Option<&BatchNorm>) -> Option<Pointwise> {
    let known = conv.kernel_size == [1, 1]
        && conv.stride == [1, 1]
        && conv.groups == 1
        && !matches!(conv.padding, PaddingConfig2d::Explicit(..));
    let (weight, bias) = fold(conv, norm).filter(|_| known)?;
    Some(Pointwise::new(&weight, &bias))
}

fn depthwise(conv: &Conv2d, norm: &BatchNorm) -> Option<Depthwise> {
    let [outputs, inputs, ..] = conv.weight.dims();
    let [kernel, kernel_width] = conv.kernel_size;
    let [stride, stride_width] = conv.stride;
    let padding = padding(conv)?;
    let known = [kernel, stride] == [kernel_width, stride_width]
        && matches!(kernel, 3 | 5)
        && matches!(stride, 1 | 2)
        && inputs == 1
        && conv.groups == outputs;
    let (weight, bias) = fold(conv, Some(norm)).filter(|_| known)?;
    Some(Depthwise::new(&weight, &bias, kernel, stride, padding))
}

/// The padding, if the kernels know it: never so much that an output sees no pixel, which also
/// keeps every output at a size of at least 1.
pub(in crate::backbone) fn padding(conv: &Conv2d) -> Option<Padding> {
    let pad = conv.kernel_size[0] / 2;
    match conv.padding {
        PaddingConfig2d::Same => Some(Padding::Same),
        PaddingConfig2d::Explicit(top, left, bottom, right) => {
            ([top, left, bottom, right] == [pad; 4]).then_some(Padding::Equal(pad))
        }
        PaddingConfig2d::Valid => None,
    }
}

/// A convolution's weights and bias with its norm folded in:
/// `w' = w gamma / sqrt(variance + epsilon)`, `b' = beta + (b - mean) gamma / sqrt(...)`.
fn fold(conv: &Conv2d, norm: Option<&BatchNorm>) -> Option<(Vec<f32>, Vec<f32>)> {
    if conv.dilation != [1, 1] {
        return None;
    }
    let outputs = conv.weight.dims()[0];
    let mut weight = Numbers::of(conv.weight.val())?.to_vec();
    let mut bias = match &conv.bias {
        Some(bias) => Numbers::of(bias.val())?.to_vec(),
        None => vec![0.0; outputs],
    };
    if let Some(norm) = norm {
        let gamma = Numbers::of(norm.gamma.val())?;
        let beta = Numbers::of(norm.beta.val())?;
        let mean = Numbers::of(norm.running_mean.value())?;
        let variance = Numbers::of(norm.running_var.value())?;
        let each = weight.len() / outputs;
        let channels = weight.chunks_exact_mut(each).zip(&mut bias);
        for (channel, (weight, bias)) in channels.enumerate() {
            let deviation = (f64::from(variance[channel]) + norm.epsilon).sqrt();
            let scale = f64::from(gamma[channel]) / deviation;
            for weight in weight {
                *weight = (f64::from(*weight) * scale) as f32;
            }
            let shift = (f64::from(*bias) - f64::from(mean[channel])) * scale;
            *bias = (f64::from(beta[channel]) + shift) as f32;
        }
    }
    Some((weight, bias))
}
