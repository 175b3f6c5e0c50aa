//! From layers to packed weights.

use burn::nn::conv::Conv2d;
use burn::nn::{Linear, PRelu, PaddingConfig2d};

use super::dense::Dense;
use super::stage::{COLOURS, Stage};
use crate::cpu::inference::fold::fold;
use crate::cpu::inference::kept::Layers;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::Array;
use crate::cpu::simd::{LANES, Lanes, planes, vectors};
use crate::cpu::view::{PatchEnd, PatchNetwork, PatchStage};

/// Every layer of a network.
pub(super) fn layers<'a>(network: &PatchNetwork<'a>) -> Layers<'a> {
    let mut layers = Layers::default();
    for stage in &network.stages {
        layers.convolutions.push(stage.conv);
        layers.activations.push(stage.activation);
    }
    match &network.end {
        PatchEnd::Cells(outputs) => layers.convolutions.extend(outputs),
        PatchEnd::Whole {
            hidden,
            activation,
            outputs,
        } => {
            layers.linear.push(hidden);
            layers.linear.extend(outputs);
            layers.activations.push(activation);
        }
    }
    layers
}

/// The convolutions one after another, 1x1 ones at the end together as one; nothing if one of them is
/// not of a kind that the kernels know.
pub(super) fn stages(network: &PatchNetwork<'_>) -> Option<Vec<Stage>> {
    let mut inputs = COLOURS;
    let mut stages = Vec::new();
    for (
        place,
        &PatchStage {
            conv,
            activation,
            pool,
        },
    ) in network.stages.iter().enumerate()
    {
        let known = pool.is_none_or(|[side, stride]| (1..=side).contains(&stride));
        let (weight, bias) = known.then(|| turned(conv, inputs))??;
        inputs = bias.len();
        stages.push(Stage {
            coloured: place == 0,
            kernel: conv.kernel_size[0],
            channels: conv.weight.dims()[1],
            product: Pointwise::new(&weight, &bias),
            slope: slope(activation, inputs)?,
            pool,
        });
    }
    if let PatchEnd::Cells(outputs) = &network.end {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for conv in outputs {
            let known = conv.kernel_size == [1, 1];
            let (more, more_bias) = known.then(|| turned(conv, inputs))??;
            weight.extend(more);
            bias.extend(more_bias);
        }
        stages.push(Stage {
            coloured: false,
            kernel: 1,
            channels: inputs,
            product: Pointwise::new(&weight, &bias),
            // Nothing is done to the numbers that are given out.
            slope: vectors(&vec![1.0; bias.len()]),
            pool: None,
        });
    }
    // The cells are those of the last map, whose numbers are one vector each.
    let cells = matches!(network.end, PatchEnd::Cells(_));
    let whole = !stages.is_empty() && (!cells || stages.last()?.product.planes() == 1);
    whole.then_some(stages)
}

/// The linear layers behind the last map of `channels`, and the map's side; none where it is given out.
pub(super) fn end(
    network: &PatchNetwork<'_>,
    channels: usize,
) -> Option<Option<(usize, [Dense; 2])>> {
    let PatchEnd::Whole {
        hidden,
        activation,
        outputs,
    } = &network.end
    else {
        return Some(None);
    };
    let [inputs, width] = hidden.weight.dims();
    let side = (inputs / channels).isqrt();
    if side * side * channels != inputs || outputs.is_empty() {
        return None;
    }
    let (weight, bias) = dense(hidden)?;
    // From the order width, height, channels to that of a map: row, plane, column, and 16 channels.
    let places = side * planes(channels) * side * LANES;
    let mut turned = vec![0.0; places * width];
    for (output, turned) in turned.chunks_exact_mut(places).enumerate() {
        for (place, value) in turned.iter_mut().enumerate() {
            let (lane, place) = (place % LANES, place / LANES);
            let (column, place) = (place % side, place / side);
            let (plane, row) = (place % planes(channels), place / planes(channels));
            let channel = plane * LANES + lane;
            if channel < channels {
                *value = weight[((column * side + row) * channels + channel) * width + output];
            }
        }
    }
    let hidden = Dense {
        product: Pointwise::new(&turned, &bias),
        slope: slope(activation, width)?,
    };
    let (mut turned, mut biases) = (Vec::new(), Vec::new());
    for layer in outputs {
        let (weight, bias) = dense(layer)?;
        if weight.len() != width * bias.len() {
            return None;
        }
        for output in 0..bias.len() {
            turned.extend((0..width).map(|input| weight[input * bias.len() + output]));
        }
        biases.extend(bias);
    }
    let outputs = Dense {
        product: Pointwise::new(&turned, &biases),
        slope: vectors(&vec![1.0; biases.len()]),
    };
    (outputs.product.planes() == 1).then_some(Some((side, [hidden, outputs])))
}

/// The weights `[inputs, outputs]` and bias of a linear layer.
fn dense(layer: &Linear) -> Option<(Vec<f32>, Vec<f32>)> {
    let weight = Array::of_tensor(layer.weight.val())?.to_vec();
    let bias = match &layer.bias {
        Some(bias) => Array::of_tensor(bias.val())?.to_vec(),
        None => vec![0.0; layer.weight.dims()[1]],
    };
    Some((weight, bias))
}

/// The weights of a convolution as `[outputs, rows, columns, inputs]`, and its bias.
fn turned(conv: &Conv2d, inputs: usize) -> Option<(Vec<f32>, Vec<f32>)> {
    let [outputs, channels, height, width] = conv.weight.dims();
    let borderless = match &conv.padding {
        PaddingConfig2d::Explicit(top, left, bottom, right) => {
            [top, left, bottom, right].iter().all(|&&zeros| zeros == 0)
        }
        PaddingConfig2d::Same => false,
        PaddingConfig2d::Valid => true,
    };
    let known = borderless
        && channels == inputs
        && height == width
        && conv.stride == [1, 1]
        && conv.dilation == [1, 1]
        && conv.groups == 1;
    let (weight, bias) = known.then(|| fold(conv, None))??;
    let mut turned = Vec::with_capacity(weight.len());
    for output in 0..outputs {
        for tap in 0..height * width {
            let channel = |channel| weight[(output * channels + channel) * height * width + tap];
            turned.extend((0..channels).map(channel));
        }
    }
    Some((turned, bias))
}

/// What negative numbers of each channel are multiplied by.
fn slope(activation: &PRelu, channels: usize) -> Option<Vec<Lanes>> {
    let slope = Array::of_tensor(activation.alpha.val())?.to_vec();
    match slope.len() {
        1 => Some(vectors(&vec![slope[0]; channels])),
        length => (length == channels).then(|| vectors(&slope)),
    }
}
