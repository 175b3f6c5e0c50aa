//! The operations of a whole network, one after another.

use burn::module::Param;
use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use super::super::statistics::apply_normed;
use super::block::Block;
use super::grid::Grid;
use super::head::Head;
use super::layer::NormKind;
use super::part::{Fused, Part};
use super::stem::Stem;
use crate::cpu::autograd::Operand;
use crate::cpu::convolution::Shape;
use crate::cpu::simd::Isa;
use crate::cpu::view::{Backbone, Normalised};

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
    let (stem, blocks, head) = steps(network, images.dims())?;
    let operand = Operand::of(images.clone())?;
    let device = images.device();
    let mut map = stem.run::<4, 3>(isa, operand);
    for (mut step, block) in blocks.into_iter().zip(&network.blocks) {
        // Random numbers are drawn only now that it is certain that the operations are taken.
        if step.part.shape.is_residual() {
            let factors = (block.drop_path)(images.dims()[0], &device);
            step.part.keep = factors.and_then(|factors| factors.into_data().try_to_vec().ok());
        }
        let map_operand = Operand::of(map)?;
        map = match block.expand {
            None => step.run::<11, 3>(isa, map_operand),
            Some(_) => step.run::<14, 3>(isa, map_operand),
        };
    }
    Some(head.run::<4, 2>(isa, Operand::of(map)?))
}

/// A part of the network, its parameters in the order of its inputs, and its norms.
pub(super) struct Step<'a, P> {
    pub part: P,
    parameters: Vec<Operand>,
    norms: Vec<&'a BatchNorm>,
}

type Steps<'a> = (Step<'a, Stem>, Vec<Step<'a, Block>>, Step<'a, Head>);

/// The parts of a network for images of the given shape, which keep all of every path; nothing if a
/// layer is not of a kind that the kernels know, or not of 32-bit floats on burn's CPU backend.
pub(super) fn steps<'a>(network: &Backbone<'a>, images: [usize; 4]) -> Option<Steps<'a>> {
    let [batch, colours, height, width] = images;
    let shape = Shape::of(network).filter(|shape| shape.colours == colours)?;
    let geometry = shape.stem.over([height, width]);
    let mut grid = Grid {
        batch,
        channels: shape.width,
        size: geometry.output,
    };
    let stem = Step::of(Stem {
        colours,
        geometry,
        output: grid,
        norm: NormKind::of(network.stem.norm)?,
    });
    let mut blocks = Vec::with_capacity(shape.blocks.len());
    for (block, shape) in network.blocks.iter().zip(shape.blocks) {
        let norms = block.normalised().map(|layer| NormKind::of(layer.norm));
        let mut step = Step::of(Block {
            shape,
            input: grid,
            norms: norms.collect::<Option<_>>()?,
            keep: None,
        });
        grid = step.part.output();
        for layer in block.expand.into_iter().chain([block.depthwise]) {
            step = step.with(layer)?;
        }
        for conv in block.dense() {
            let parameters = [operand(&conv.weight)?, operand(conv.bias.as_ref()?)?];
            step.parameters.extend(parameters);
        }
        blocks.push(step.with(block.project)?);
    }
    let head = Step::of(Head {
        input: grid,
        outputs: shape.feature,
        norm: NormKind::of(network.head.norm)?,
    });
    Some((stem.with(network.stem)?, blocks, head.with(network.head)?))
}

impl<'a, P: Part> Step<'a, P> {
    fn of(part: P) -> Self {
        Self {
            part,
            parameters: Vec::new(),
            norms: Vec::new(),
        }
    }

    fn with(mut self, Normalised { conv, norm }: Normalised<'a>) -> Option<Self> {
        let norms = [operand(&norm.gamma)?, operand(&norm.beta)?];
        self.parameters.push(operand(&conv.weight)?);
        self.parameters.extend(norms);
        self.norms.push(norm);
        Some(self)
    }

    /// Computes the part, and moves the running statistics of its norms.
    fn run<const N: usize, const D: usize>(self, isa: Isa, map: Operand) -> Tensor<D> {
        let part = self.part;
        let operands: Vec<_> = std::iter::once(map).chain(self.parameters).collect();
        match <[Operand; N]>::try_from(operands) {
            Ok(operands) => apply_normed(Fused { isa, part }, operands, &self.norms),
            Err(_) => unreachable!("a part of this kind has {N} inputs"),
        }
    }
}

fn operand<const D: usize>(parameter: &Param<Tensor<D>>) -> Option<Operand> {
    Operand::of(parameter.val())
}
