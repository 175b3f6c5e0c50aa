//! The operations of a whole network, one after another.

use burn::module::Param;
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};

use super::super::statistics::Statistics;
use super::block::Block;
use super::grid::Grid;
use super::head::Head;
use super::layer::NormKind;
use super::part::{Fused, Part};
use super::stem::Stem;
use crate::cpu::autograd::{Operand, apply};
use crate::cpu::convolution::Shape;
use crate::cpu::simd::Isa;
use crate::cpu::view::{self, Backbone, Normalised};

/// The pooled feature of each image, or nothing where only burn's own operations will do: without
/// autodiff, on another device than burn's CPU backend, with gradient checkpointing, for numbers
/// that are not 32-bit floats, for a layer that no kernel knows.
pub(crate) fn features(network: &Backbone<'_>, images: &Tensor<4>) -> Option<Tensor<2>> {
    features_with(Isa::best(), network, images)
}

/// As [`features`], for an instruction set of choice.
pub(super) fn features_with(
    isa: Isa,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    if !images.is_autodiff() || images.dims().contains(&0) {
        return None;
    }
    let (stem, mut blocks, head) = parts(network, images.dims())?;
    let images_operand = Operand::of(images.clone())?;
    let stem_parameters = normalised(network.stem)?;
    let head_parameters = normalised(network.head)?;
    let parameters: Option<Vec<_>> = network.blocks.iter().map(parameters).collect();
    let parameters = parameters?;
    // Random numbers are drawn only once it is certain that the operations are taken.
    let device = images.device();
    for (part, block) in blocks.iter_mut().zip(&network.blocks) {
        if part.shape.is_residual() {
            let factors = (block.drop_path)(images.dims()[0], &device);
            part.keep = factors.and_then(|factors| factors.into_data().try_to_vec().ok());
        }
    }

    let norm = [network.stem.norm];
    let mut map = run::<_, 4, 3>(isa, stem, images_operand, stem_parameters, &norm, &device);
    let blocks = blocks.into_iter().zip(parameters);
    for ((part, parameters), block) in blocks.zip(&network.blocks) {
        let norms: Vec<&BatchNorm> = block.normalised().map(|layer| layer.norm).collect();
        let input = Operand::of(map)?;
        map = match block.expand {
            None => run::<_, 11, 3>(isa, part, input, parameters, &norms, &device),
            Some(_) => run::<_, 14, 3>(isa, part, input, parameters, &norms, &device),
        };
    }
    let (map, norm) = (Operand::of(map)?, [network.head.norm]);
    let features = run::<_, 4, 2>(isa, head, map, head_parameters, &norm, &device);
    Some(features)
}

/// The parts of a network for images of the given shape, which keep all of every path; nothing if a
/// layer is not of a kind that the kernels know.
pub(super) fn parts(
    network: &Backbone<'_>,
    images: [usize; 4],
) -> Option<(Stem, Vec<Block>, Head)> {
    let [batch, colours, height, width] = images;
    let shape = Shape::of(network).filter(|shape| shape.colours == colours)?;
    let [size, pad] = shape.stem.over([height, width]);
    let mut grid = Grid {
        batch,
        channels: shape.width,
        size,
    };
    let stem = Stem {
        images,
        kernel: shape.stem.kernel,
        stride: shape.stem.stride,
        pad,
        output: grid,
        norm: NormKind::of(network.stem.norm)?,
    };
    let mut blocks = Vec::with_capacity(shape.blocks.len());
    for (block, shape) in network.blocks.iter().zip(shape.blocks) {
        let norms = block.normalised().map(|layer| NormKind::of(layer.norm));
        let block = Block {
            shape,
            input: grid,
            norms: norms.collect::<Option<_>>()?,
            keep: None,
        };
        grid = block.output();
        blocks.push(block);
    }
    let head = Head {
        input: grid,
        outputs: shape.feature,
        norm: NormKind::of(network.head.norm)?,
    };
    Some((stem, blocks, head))
}

/// Computes a part, and moves the running statistics of its norms.
fn run<P: Part, const N: usize, const D: usize>(
    isa: Isa,
    part: P,
    map: Operand,
    parameters: Vec<Operand>,
    norms: &[&BatchNorm],
    device: &Device,
) -> Tensor<D> {
    let statistics = Statistics::default();
    let operation = Fused {
        isa,
        part,
        statistics: statistics.clone(),
    };
    let operands: Vec<_> = std::iter::once(map).chain(parameters).collect();
    let operands: [Operand; N] = match operands.try_into() {
        Ok(operands) => operands,
        Err(_) => unreachable!("a part of this kind has {N} inputs"),
    };
    let output = apply(operation, operands);
    statistics.move_running(norms, device);
    output
}

fn operand<const D: usize>(parameter: &Param<Tensor<D>>) -> Option<Operand> {
    Operand::of(parameter.val())
}

fn normalised(Normalised { conv, norm }: Normalised<'_>) -> Option<Vec<Operand>> {
    let all = [
        operand(&conv.weight),
        operand(&norm.gamma),
        operand(&norm.beta),
    ];
    all.into_iter().collect()
}

/// The parameters of a block, in the order of its inputs.
fn parameters(block: &view::Block<'_>) -> Option<Vec<Operand>> {
    let mut all = Vec::new();
    for layer in [block.expand, Some(block.depthwise)].into_iter().flatten() {
        all.extend(normalised(layer)?);
    }
    for conv in block.dense() {
        all.extend([operand(&conv.weight)?, operand(conv.bias.as_ref()?)?]);
    }
    all.extend(normalised(block.project)?);
    Some(all)
}
