//! From layers to packed weights: norms folded into the convolutions before them.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;

use crate::cpu::convolution::pack;
use crate::cpu::inference::fold::fold;
use crate::cpu::inference::kept::Layers;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::Array;
use crate::cpu::simd::{Lanes, vectors};
use crate::cpu::view::{CellLevel, CellNetwork, Separable};

/// Pixels on a side of every kernel.
pub(super) const KERNEL: usize = 3;
/// Weights of a depthwise kernel.
pub(super) const TAPS: usize = KERNEL * KERNEL;
/// Colours of a picture.
pub(super) const COLOURS: usize = 3;

/// A 1x1 convolution, a depthwise one, and ReLU or nothing.
#[derive(Debug)]
pub(super) struct Unit {
    pub pointwise: Pointwise,
    /// `[planes, TAPS]`.
    pub weight: Vec<Lanes>,
    /// `[planes]`.
    pub bias: Vec<Lanes>,
    pub activated: bool,
}

/// Every layer of a network.
pub(super) fn layers<'a>(network: &CellNetwork<'a>) -> Layers<'a> {
    let units: Vec<Separable<'a>> = network.units().collect();
    let convolutions = units
        .iter()
        .flat_map(|unit| [unit.pointwise, unit.depthwise]);
    let norms = units.iter().filter_map(|unit| unit.norm);
    Layers {
        convolutions: [network.stem.conv]
            .into_iter()
            .chain(convolutions)
            .collect(),
        norms: [network.stem.norm].into_iter().chain(norms).collect(),
        ..Layers::default()
    }
}

/// The convolution on the picture, whose terms are in the order of the picture's bytes: rows, columns,
/// and red, green, blue, which the network has the other way round.
pub(super) fn stem(network: &CellNetwork<'_>) -> Option<Pointwise> {
    let conv = network.stem.conv;
    let [outputs, colours, ..] = conv.weight.dims();
    let known = colours == COLOURS && conv.groups == 1 && is_square(conv, KERNEL, 2);
    let (weight, bias) = known.then(|| fold(conv, Some(network.stem.norm)))??;
    let mut turned = Vec::with_capacity(weight.len());
    for output in 0..outputs {
        for tap in 0..TAPS {
            for colour in (0..COLOURS).rev() {
                turned.push(weight[(output * COLOURS + colour) * TAPS + tap]);
            }
        }
    }
    Some(Pointwise::new(&turned, &bias))
}

/// Units one after another, the first of which reads `channels`; that number is then that of the last.
pub(super) fn units<'a>(
    units: impl IntoIterator<Item = Separable<'a>>,
    channels: &mut usize,
) -> Option<Vec<Unit>> {
    let unit = |unit| {
        let inputs = std::mem::replace(channels, outputs(unit));
        together(&[unit], inputs)
    };
    units.into_iter().map(unit).collect()
}

/// A level's shared unit, and its outputs as one.
pub(super) fn level(level: &CellLevel<'_>, mut channels: usize) -> Option<Vec<Unit>> {
    let mut all = units([level.shared], &mut channels)?;
    all.push(together(&level.outputs, channels)?);
    Some(all)
}

fn outputs(unit: Separable<'_>) -> usize {
    unit.pointwise.weight.dims()[0]
}

/// Units that read the same map as one unit with the channels of all; nothing if one of them is not of
/// a kind that the kernels know.
fn together(units: &[Separable<'_>], inputs: usize) -> Option<Unit> {
    let activated = units.first()?.norm.is_some();
    let (mut mixed, mut mixed_bias) = (Vec::new(), Vec::new());
    let (mut weight, mut bias) = (Vec::new(), Vec::new());
    for unit in units {
        let channels = outputs(*unit);
        let known = is_square(unit.pointwise, 1, 1)
            && unit.pointwise.groups == 1
            && unit.pointwise.weight.dims()[1] == inputs
            && is_square(unit.depthwise, KERNEL, 1)
            && unit.depthwise.groups == channels
            && unit.depthwise.weight.dims()[..2] == [channels, 1]
            && unit.norm.is_some() == activated;
        let (pointwise, pointwise_bias) = known.then(|| fold(unit.pointwise, None))??;
        mixed.extend(pointwise);
        mixed_bias.extend(pointwise_bias);
        let (depthwise, depthwise_bias) = fold(unit.depthwise, unit.norm)?;
        weight.extend(depthwise);
        bias.extend(depthwise_bias);
    }
    Some(Unit {
        pointwise: Pointwise::new(&mixed, &mixed_bias),
        weight: pack(&weight, bias.len(), TAPS),
        bias: vectors(&bias),
        activated,
    })
}

/// Whether a convolution has a kernel of this side and a step of `stride`, with half a kernel of zeros
/// on every side.
fn is_square(conv: &Conv2d, kernel: usize, stride: usize) -> bool {
    let padded = match &conv.padding {
        PaddingConfig2d::Explicit(top, left, bottom, right) => {
            [top, left, bottom, right].map(|&zeros| zeros) == [kernel / 2; 4]
        }
        PaddingConfig2d::Same => stride == 1,
        PaddingConfig2d::Valid => kernel == 1,
    };
    padded
        && conv.kernel_size == [kernel; 2]
        && conv.stride == [stride; 2]
        && conv.dilation == [1, 1]
        && Array::of_tensor(conv.weight.val()).is_some()
}
