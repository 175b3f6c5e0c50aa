//! From layers to packed weights: norms folded into the convolutions before them.

use burn::nn::conv::Conv2d;

use super::block::{Block, Depthwise, Opening, Stem};
use super::compiled::Compiled;
use super::kernel::{STEM_COLOURS, STEM_KERNEL, STEM_STRIDE};
use crate::cpu::convolution::Shape;
use crate::cpu::inference::fold::fold;
use crate::cpu::matmul::{Pointwise, gather};
use crate::cpu::memory::{Array, Pool};
use crate::cpu::simd::Isa;
use crate::cpu::view::{Backbone, Normalised};

/// Compiles `network` with its present weights for an instruction set; nothing if the network has a
/// layer that no kernel knows, or numbers that are not 32-bit floats in the memory of burn's CPU
/// backend, off autodiff.
pub(super) fn compile(network: &Backbone<'_>, isa: Isa) -> Option<Compiled> {
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
        let (weight, bias) = fold(block.depthwise.conv, Some(block.depthwise.norm))?;
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
    Some(Compiled {
        isa,
        blocks,
        head,
        buffers: Pool::new(),
    })
}

fn dense(conv: &Conv2d) -> Option<Pointwise> {
    let weight = Array::of_tensor(conv.weight.val())?;
    let bias = Array::of_tensor(conv.bias.as_ref()?.val())?;
    Some(Pointwise::new(&weight, &bias))
}

fn folded(layer: Normalised<'_>) -> Option<Pointwise> {
    let (weight, bias) = fold(layer.conv, Some(layer.norm))?;
    Some(Pointwise::new(&weight, &bias))
}
