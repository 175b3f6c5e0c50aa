//! From layers to packed weights: norms folded into the convolutions before them.

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};

use super::block::{Block, Opening, Stem};
use super::kernel::{STEM_COLOURS, STEM_KERNEL, STEM_STRIDE};
use super::weight::Depthwise;
use crate::cpu::convolution::Padding;
use crate::cpu::matmul::{Pointwise, gather};
use crate::cpu::memory::Array;
use crate::cpu::view::{self, Backbone, Normalised};

/// The layers of a whole network, in order.
pub(super) struct Layers {
    /// The stem, where it is not inside the first block.
    pub stem: Option<Stem>,
    pub blocks: Vec<Block>,
    pub head: Pointwise,
}

/// Compiles `network`, or nothing if a layer is not of a kind that the kernels know.
pub(super) fn layers(network: &Backbone<'_>) -> Option<Layers> {
    let stem = stem(network.stem)?;
    let mut width = stem.layer.outputs();
    let mut blocks = network
        .blocks
        .iter()
        .map(|block| {
            let block = self::block(block)?;
            let fits = block.inputs() == width;
            width = block.outputs();
            fits.then_some(block)
        })
        .collect::<Option<Vec<_>>>()?;
    let mut head = pointwise(network.head.conv, Some(network.head.norm))?;
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

fn block(block: &view::Block<'_>) -> Option<Block> {
    let opening = match block.expand {
        Some(expand) => Opening::Expand(pointwise(expand.conv, Some(expand.norm))?),
        None => Opening::Map,
    };
    let depthwise = depthwise(block.depthwise)?;
    let [reduce, expand] = block.dense().map(|conv| pointwise(conv, None));
    let (reduce, expand) = (reduce?, expand?);
    let project = pointwise(block.project.conv, Some(block.project.norm))?;
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

fn stem(Normalised { conv, norm }: Normalised<'_>) -> Option<Stem> {
    let padding = Padding::of(conv)?;
    let known = conv.kernel_size == [STEM_KERNEL; 2]
        && conv.stride == [STEM_STRIDE; 2]
        && conv.groups == 1
        && conv.weight.dims()[1] == STEM_COLOURS;
    let (weight, bias) = fold(conv, Some(norm)).filter(|_| known)?;
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

fn depthwise(Normalised { conv, norm }: Normalised<'_>) -> Option<Depthwise> {
    let [outputs, inputs, ..] = conv.weight.dims();
    let [kernel, kernel_width] = conv.kernel_size;
    let [stride, stride_width] = conv.stride;
    let padding = Padding::of(conv)?;
    let known = [kernel, stride] == [kernel_width, stride_width]
        && matches!(kernel, 3 | 5)
        && matches!(stride, 1 | 2)
        && inputs == 1
        && conv.groups == outputs;
    let (weight, bias) = fold(conv, Some(norm)).filter(|_| known)?;
    Some(Depthwise::new(&weight, &bias, kernel, stride, padding))
}

/// A convolution's weights and bias with its norm folded in:
/// `w' = w gamma / sqrt(variance + epsilon)`, `b' = beta + (b - mean) gamma / sqrt(...)`.
fn fold(conv: &Conv2d, norm: Option<&BatchNorm>) -> Option<(Vec<f32>, Vec<f32>)> {
    if conv.dilation != [1, 1] {
        return None;
    }
    let outputs = conv.weight.dims()[0];
    let mut weight = Array::of_tensor(conv.weight.val())?.to_vec();
    let mut bias = match &conv.bias {
        Some(bias) => Array::of_tensor(bias.val())?.to_vec(),
        None => vec![0.0; outputs],
    };
    if let Some(norm) = norm {
        let gamma = Array::of_tensor(norm.gamma.val())?;
        let beta = Array::of_tensor(norm.beta.val())?;
        let mean = Array::of_tensor(norm.running_mean.value())?;
        let variance = Array::of_tensor(norm.running_var.value())?;
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
