//! The whole network fused for training on a CPU.
//!
//! [`EfficientNet::forward_features`](super::EfficientNet::forward_features) takes the tape by
//! itself, in training on burn's CPU backend, for 32-bit floats. Everywhere else the network runs
//! layer by layer in burn's own operations, which the tests compare the tape with.
//!
//! # How it works
//! - The stem, every block and the head are one [`Operation`](crate::processor::operation) each:
//!   burn's graph sees some twenty steps, and asks for the gradients that somebody wants.
//! - Between operations a map is a tensor `[planes, batch * height * width, 16]`: sixteen channels of
//!   a pixel lie together, as in the [`plan`](super::plan).
//! - A norm needs the whole batch before anything can go on, so a pass ends at every convolution: it
//!   reads what the one before was given, does norm and SiLU again on the way, convolves, writes the
//!   sum, and takes its moments while it is in a register. Doing SiLU three times costs less than
//!   writing it to memory and reading it once.
//! - What a block keeps is its input and what its convolutions put out, nothing else. Backward goes
//!   the same way: the gradient of a convolution's output is made where it is read, from that of the
//!   norm's output and two sums.
//! - With `o` the gradient of the projection's weights that one image gives without its gate, the
//!   weights' gradient is the sum of `o gate`, and a gate's gradient the sum of `o` times the weights:
//!   so the gates' gradients are known before the widest map is touched, which then is touched once.
//! - The depthwise convolution and its gradients work on some rows of one plane of one image at a
//!   time, padded, in the cache; its input's gradient is the convolution of the output's gradient,
//!   spread by the stride, with the kernel turned around.
//! - Work is divided into bands of pixels, planes and images; every sum is taken in parts that depend
//!   on the shapes alone, so a step is the same bit for bit for any number of threads.
//! - Memory is kept from step to step, in large pages.
//!
//! | file | holds |
//! |---|---|
//! | `compile` | network to operations, and which layers are known |
//! | `stem`, `block`, `head` | the operations: **a new kind of layer goes here** |
//! | `pointwise`, `excite`, `layer`, `norm` | what they are made of |
//! | `kernel` | the loops, written once over 16 lanes |
//! | `grid`, `workspace` | how maps lie in memory, their division among tasks, where the memory comes from |
//!
//! # What bounds it
//! A step of B0 at 224x224 with batch 16, two cores of an EPYC (Zen 4) with AVX-512: 649 ms with SGD,
//! 0.65 of PyTorch's with channels last and 0.38 of its default layout's, at a third of the memory
//! (`benches/compare_finetuning.py`). The arithmetic alone, 37 GFLOP, would take some 190 ms at the
//! rate of a large matrix product. Operation by operation, all gradients asked for, medians of 5:
//!
//! | operations | GFLOP | forward, ms | GFLOP/s | backward, ms | GFLOP/s | probably bound by |
//! |---|---|---|---|---|---|---|
//! | stem | 0.35 | 16 | 22 | 60 | 12 | gathering the pixels one by one; the images' gradient, which no training asks for |
//! | block 0 | 0.32 | 17 | 19 | 40 | 16 | memory: the map between operations is new memory, and little is done with it |
//! | blocks 1-2 | 1.75 | 37 | 47 | 78 | 45 | memory: maps of 77 MB, each read or written six times |
//! | blocks 3-4 | 1.21 | 14 | 86 | 34 | 72 | memory, depthwise loads |
//! | blocks 5-7 | 1.39 | 22 | 63 | 37 | 75 | arithmetic, SiLU |
//! | blocks 8-10 | 2.75 | 41 | 67 | 90 | 61 | arithmetic |
//! | blocks 11-14 | 2.92 | 48 | 61 | 108 | 54 | weights: each is used for 49 pixels of an image, and its gradient is summed in eight parts |
//! | block 15 | 0.94 | 15 | 61 | 37 | 51 | weights |
//! | head | 0.64 | 9 | 70 | 20 | 64 | weights |
//!
//! Each operation was timed alone, on random numbers. The GFLOP are those of the convolutions forward;
//! backward has twice as many.

mod block;
mod compile;
mod excite;
mod grid;
mod head;
mod kernel;
mod layer;
mod norm;
mod pointwise;
mod stem;
mod workspace;

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor, TensorData};

use super::{EfficientNet, MbConv};
use crate::processor::isa::Isa;
use crate::processor::operation::{Operand, apply};
use layer::Found;
pub(super) use workspace::Workspace;

/// The pooled feature of each image, or nothing where only burn's own operations will do: without
/// autodiff, on another device than burn's CPU backend, with gradient checkpointing, for numbers
/// that are not 32-bit floats, for a layer that no kernel knows.
pub(super) fn features(network: &EfficientNet, images: Tensor<4>) -> Option<Tensor<2>> {
    let best = *Isa::available().first()?;
    features_with(network, images, best)
}

/// As [`features`], for an instruction set of choice.
fn features_with(network: &EfficientNet, images: Tensor<4>, isa: Isa) -> Option<Tensor<2>> {
    let shape = images.dims();
    let device = images.device();
    if !images.is_autodiff() || shape.contains(&0) || !Isa::available().contains(&isa) {
        return None;
    }
    let stem_operands = [
        Operand::of(images)?,
        weight(&network.conv_stem)?,
        Operand::of(network.bn1.gamma.val())?,
        Operand::of(network.bn1.beta.val())?,
    ];
    let head_parameters = [
        weight(&network.conv_head)?,
        Operand::of(network.bn2.gamma.val())?,
        Operand::of(network.bn2.beta.val())?,
    ];
    let blocks: Vec<&MbConv> = network.blocks.iter().flatten().collect();
    let parameters = blocks
        .iter()
        .map(|block| parameters(block))
        .collect::<Option<Vec<_>>>()?;
    let operations = compile::operations(network, isa, shape, &device)?;

    let found = operations.stem.found.clone();
    let mut map: Tensor<3> = apply(operations.stem, stem_operands);
    follow(&found, &[&network.bn1], &device);
    let all = operations.blocks.into_iter().zip(parameters).zip(blocks);
    for ((operation, parameters), block) in all {
        let found = operation.found.clone();
        let mut operands = vec![Operand::of(map)?];
        operands.extend(parameters);
        map = match block {
            MbConv::DepthwiseSeparable(_) => apply(operation, exact::<11>(operands)),
            MbConv::InvertedResidual(_) => apply(operation, exact::<14>(operands)),
        };
        follow(&found, &norms(block), &device);
    }
    let found = operations.head.found.clone();
    let [conv, gamma, beta] = head_parameters;
    let operands = [Operand::of(map)?, conv, gamma, beta];
    let features = apply(operations.head, operands);
    follow(&found, &[&network.bn2], &device);
    Some(features)
}

fn weight(conv: &Conv2d) -> Option<Operand> {
    Operand::of(conv.weight.val())
}

/// The parameters of a block, in the order of its operation.
fn parameters(block: &MbConv) -> Option<Vec<Operand>> {
    let layer = |conv: &Conv2d, norm: &BatchNorm| {
        let [gamma, beta] = [&norm.gamma, &norm.beta].map(|parameter| parameter.val());
        Some([weight(conv)?, Operand::of(gamma)?, Operand::of(beta)?])
    };
    let dense = |conv: &Conv2d| {
        let bias = conv.bias.as_ref()?.val();
        Some([weight(conv)?, Operand::of(bias)?])
    };
    let mut all = Vec::new();
    let excite = match block {
        MbConv::DepthwiseSeparable(block) => {
            all.extend(layer(&block.conv_dw, &block.bn1)?);
            &block.se
        }
        MbConv::InvertedResidual(block) => {
            all.extend(layer(&block.conv_pw, &block.bn1)?);
            all.extend(layer(&block.conv_dw, &block.bn2)?);
            &block.se
        }
    };
    all.extend(dense(&excite.conv_reduce)?);
    all.extend(dense(&excite.conv_expand)?);
    all.extend(match block {
        MbConv::DepthwiseSeparable(block) => layer(&block.conv_pw, &block.bn2)?,
        MbConv::InvertedResidual(block) => layer(&block.conv_pwl, &block.bn3)?,
    });
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

fn norms(block: &MbConv) -> Vec<&BatchNorm> {
    match block {
        MbConv::DepthwiseSeparable(block) => vec![&block.bn1, &block.bn2],
        MbConv::InvertedResidual(block) => vec![&block.bn1, &block.bn2, &block.bn3],
    }
}

/// Moves the running statistics of the norms that an operation has found new ones for, exactly as
/// burn's [`BatchNorm`] does.
fn follow(found: &Found, norms: &[&BatchNorm], device: &Device) {
    let found = found.get().into_iter().flatten();
    for (statistics, norm) in found.zip(norms) {
        let Some([mean, variance]) = statistics else {
            continue;
        };
        let pairs = [(&norm.running_mean, mean), (&norm.running_var, variance)];
        for (running, values) in pairs {
            let new = TensorData::new(values.clone(), [values.len()]);
            let new = Tensor::<1>::from_data(new, device).mul_scalar(norm.momentum);
            let old = running.value_sync().to_device(device);
            let moved = old.mul_scalar(1.0 - norm.momentum).add(new);
            running.update(moved.detach());
        }
    }
}

#[cfg(test)]
mod tests;
