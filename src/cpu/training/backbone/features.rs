//! The operations of a whole network, one after another.

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

use super::compile;
use crate::cpu::autograd::{Operand, apply};
use crate::cpu::memory::Workspace;
use crate::cpu::simd::Isa;
use crate::cpu::view::{Backbone, Block, Normalised};

/// The pooled feature of each image, or nothing where only burn's own operations will do: without
/// autodiff, on another device than burn's CPU backend, with gradient checkpointing, for numbers
/// that are not 32-bit floats, for a layer that no kernel knows.
pub(crate) fn features(
    workspace: &Workspace,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    features_with(Isa::best(), workspace, network, images)
}

/// As [`features`], for an instruction set of choice.
pub(super) fn features_with(
    isa: Isa,
    workspace: &Workspace,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    let shape = images.dims();
    let device = images.device();
    if !images.is_autodiff() || shape.contains(&0) {
        return None;
    }
    let [stem_weight, stem_gamma, stem_beta] = normalised(network.stem)?;
    let images = Operand::of(images.clone())?;
    let head = normalised(network.head)?;
    let parameters = network
        .blocks
        .iter()
        .map(parameters)
        .collect::<Option<Vec<_>>>()?;
    let operations = compile::operations(network, workspace, isa, shape, &device)?;

    let statistics = operations.stem.statistics.clone();
    let operands = [images, stem_weight, stem_gamma, stem_beta];
    let mut map: Tensor<3> = apply(operations.stem, operands);
    statistics.move_running(&[network.stem.norm], &device);
    let blocks = operations.blocks.into_iter().zip(parameters);
    for ((operation, parameters), block) in blocks.zip(&network.blocks) {
        let statistics = operation.statistics.clone();
        let mut operands = vec![Operand::of(map)?];
        operands.extend(parameters);
        map = match block.expand {
            None => apply(operation, exact::<11>(operands)),
            Some(_) => apply(operation, exact::<14>(operands)),
        };
        let norms: Vec<&BatchNorm> = block.normalised().map(|layer| layer.norm).collect();
        statistics.move_running(&norms, &device);
    }
    let statistics = operations.head.statistics.clone();
    let [weight, gamma, beta] = head;
    let features = apply(operations.head, [Operand::of(map)?, weight, gamma, beta]);
    statistics.move_running(&[network.head.norm], &device);
    Some(features)
}

fn normalised(Normalised { conv, norm }: Normalised<'_>) -> Option<[Operand; 3]> {
    let [gamma, beta] = [&norm.gamma, &norm.beta].map(|parameter| parameter.val());
    Some([
        Operand::of(conv.weight.val())?,
        Operand::of(gamma)?,
        Operand::of(beta)?,
    ])
}

fn dense(conv: &Conv2d) -> Option<[Operand; 2]> {
    let bias = conv.bias.as_ref()?.val();
    Some([Operand::of(conv.weight.val())?, Operand::of(bias)?])
}

/// The parameters of a block, in the order of its operation.
fn parameters(block: &Block<'_>) -> Option<Vec<Operand>> {
    let mut all = Vec::new();
    if let Some(expand) = block.expand {
        all.extend(normalised(expand)?);
    }
    all.extend(normalised(block.depthwise)?);
    for conv in block.dense() {
        all.extend(dense(conv)?);
    }
    all.extend(normalised(block.project)?);
    Some(all)
}

/// # Panics
/// If there are not `N`.
fn exact<const N: usize>(operands: Vec<Operand>) -> [Operand; N] {
    match operands.try_into() {
        Ok(operands) => operands,
        Err(_) => unreachable!("a block of this kind has {N} operands"),
    }
}
