//! From layers to packed weights: norms folded into the convolutions before them.

use burn::nn::conv::Conv2d;

use super::block::{Block, Depthwise, Opening, Stem};
use super::kernel::{STEM_COLOURS, STEM_KERNEL, STEM_STRIDE};
use crate::cpu::convolution::Shape;
use crate::cpu::matmul::{Pointwise, gather};
use crate::cpu::memory::Array;
use crate::cpu::view::{Backbone, Normalised};

/// The blocks of a network, the first one with the stem inside, and its head; nothing if a layer is
/// not of a kind that the kernels know.
pub(super) fn layers(network: &Backbone<'_>) -> Option<(Vec<Block>, Pointwise)> {
    let shape = Shape::of(network)?;
    let first = shape.blocks.first()?;
    let known = (shape.stem.kernel, shape.stem.stride) == (STEM_KERNEL, STEM_STRIDE)
        && shape.colours == STEM_COLOURS
        // The first block takes the stem's rows as they are made, and so only once.
        && network.blocks[0].expand.is_none()
        && !first.is_residual();
    let mut stem = known.then_some(Stem {
        layer: folded(network.stem)?,
        window: shape.stem,
    });
    stem.as_ref()?;
    let mut blocks = Vec::with_capacity(shape.blocks.len());
    for (block, shape) in network.blocks.iter().zip(&shape.blocks) {
        let opening = match (block.expand, stem.take()) {
            (_, Some(stem)) => Opening::Stem(stem),
            (Some(expand), None) => Opening::Expand(folded(expand)?),
            (None, None) => Opening::Map,
        };
        let (weight, bias) = fold(block.depthwise)?;
        blocks.push(Block {
            opening,
            depthwise: Depthwise::new(&weight, &bias, shape.window),
            reduce: dense(block.reduce)?,
            expand: dense(block.excite)?,
            project: folded(block.project)?,
            residual: shape.is_residual(),
        });
    }
    let mut head = folded(network.head)?;
    let products = blocks.iter_mut().flat_map(Block::products);
    gather(products.chain([&mut head]).collect());
    Some((blocks, head))
}

fn dense(conv: &Conv2d) -> Option<Pointwise> {
    let weight = Array::of_tensor(conv.weight.val())?;
    let bias = Array::of_tensor(conv.bias.as_ref()?.val())?;
    Some(Pointwise::new(&weight, &bias))
}

fn folded(layer: Normalised<'_>) -> Option<Pointwise> {
    let (weight, bias) = fold(layer)?;
    Some(Pointwise::new(&weight, &bias))
}

/// A convolution's weights and bias with its norm folded in:
/// `w' = w gamma / sqrt(variance + epsilon)`, `b' = beta - mean gamma / sqrt(...)`.
fn fold(Normalised { conv, norm }: Normalised<'_>) -> Option<(Vec<f32>, Vec<f32>)> {
    let mut weight = Array::of_tensor(conv.weight.val())?.to_vec();
    let gamma = Array::of_tensor(norm.gamma.val())?;
    let mut bias = Array::of_tensor(norm.beta.val())?.to_vec();
    let mean = Array::of_tensor(norm.running_mean.value())?;
    let variance = Array::of_tensor(norm.running_var.value())?;
    let each = weight.len() / bias.len();
    let channels = weight.chunks_exact_mut(each).zip(&mut bias);
    for (channel, (weight, bias)) in channels.enumerate() {
        let deviation = (f64::from(variance[channel]) + norm.epsilon).sqrt();
        let scale = f64::from(gamma[channel]) / deviation;
        for weight in weight {
            *weight = (f64::from(*weight) * scale) as f32;
        }
        *bias = (f64::from(*bias) - f64::from(mean[channel]) * scale) as f32;
    }
    Some((weight, bias))
}
