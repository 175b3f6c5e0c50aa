//! Eq. 1 in training: dropout, the maps of all nodes, their batch norm and ReLU.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::dropout::Mask;
use super::statistics::apply_normed;
use crate::cpu::autograd::{Forward, MeanAndVariance, Operand, Operation, relu};
use crate::cpu::matmul::{Matrix, Output, Product, Start, run};
use crate::cpu::memory::{Array, Buffer};
use crate::cpu::view::NodeFeatures;

/// One feature vector per node, the running statistics moved; nothing unless the norm is in training
/// and everything is in the memory of burn's CPU backend.
pub(crate) fn node_features(layer: &NodeFeatures<'_>, features: &Tensor<2>) -> Option<Tensor<3>> {
    let norm = layer.norm?;
    let device = features.device();
    if !(norm.training.is_enabled() && device.is_autodiff()) {
        return None;
    }
    let operands = [
        Operand::of(features.clone())?,
        Operand::of(layer.weight.val())?,
        Operand::of(layer.bias.val())?,
        Operand::of(norm.gamma.val())?,
        Operand::of(norm.beta.val())?,
    ];
    let operation = Nodes {
        mask: Mask::draw(layer.dropout, &device),
        epsilon: norm.epsilon,
    };
    Some(apply_normed(operation, operands, &[norm]))
}

/// `[batch, width]`, `[nodes, width, width]`, `[nodes, width]` and twice `[nodes * width]` to
/// `[batch, nodes, width]`.
#[derive(Debug)]
struct Nodes {
    mask: Option<Mask>,
    epsilon: f64,
}

/// What backward needs.
#[derive(Clone, Debug)]
struct Saved {
    inputs: [Array; 5],
    /// The nodes before their norm, `[batch, nodes, width]`.
    mapped: Array,
    norm: Norm,
}

/// A norm of the batch, per channel: `(x - mean) scale + shift`, `scale = gamma / deviation`.
#[derive(Clone, Debug)]
struct Norm {
    mean: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// `1 / deviation`.
    inverse: Vec<f32>,
}

/// Batch, nodes and width.
type Sizes = [usize; 3];

impl Nodes {
    /// The inputs of each node's map, `[nodes, batch, width]`; nothing without dropout.
    fn dropped(&self, features: &[f32], [batch, nodes, width]: Sizes) -> Option<Buffer> {
        let mask = self.mask.as_ref()?;
        let mut dropped = Buffer::room(nodes * batch * width);
        let rows = dropped.par_chunks_mut(width).enumerate();
        rows.for_each(|(row, to)| mask.apply(row, &features[row % batch * width..][..width], to));
        Some(dropped)
    }

    /// The norm of `mapped`, and its statistics.
    fn norm(&self, mapped: &[f32], inputs: &[Array; 5]) -> (Norm, MeanAndVariance) {
        let [features, .., gamma, beta] = inputs;
        let batch = features.shape()[0];
        let (mean, variance) = moments(mapped, batch, gamma.len());
        let inverse = |variance: &f32| (1.0 / (f64::from(*variance) + self.epsilon).sqrt()) as f32;
        let inverse: Vec<f32> = variance.iter().map(inverse).collect();
        let scale = gamma.iter().zip(&inverse);
        let norm = Norm {
            mean: mean.clone(),
            scale: scale.map(|(gamma, inverse)| gamma * inverse).collect(),
            shift: beta.to_vec(),
            inverse,
        };
        (norm, [mean, variance])
    }
}

fn sizes([features, weight, ..]: &[Array; 5]) -> Sizes {
    [features.shape()[0], weight.shape()[0], weight.shape()[1]]
}

/// The part of `of` that belongs to a node.
fn part(of: &[f32], node: usize, length: usize) -> &[f32] {
    &of[node * length..][..length]
}

impl Operation<5> for Nodes {
    type Saved = Saved;

    fn forward(&self, inputs: &[Array; 5]) -> Forward<Saved> {
        let sizes = sizes(inputs);
        let [batch, nodes, width] = sizes;
        let [features, weight, bias, ..] = inputs.each_ref().map(Array::values);

        let dropped = self.dropped(features, sizes);
        let mut mapped = Buffer::room(batch * nodes * width);
        let outputs = Output::interleaved(&mut mapped, sizes).enumerate();
        let products = outputs.map(|(node, out)| {
            let rows = dropped.as_deref();
            let rows = rows.map_or(features, |rows| part(rows, node, batch * width));
            let map = Matrix::new(part(weight, node, width * width), [width; 2]);
            Product::new(Matrix::new(rows, [batch, width]), map, out)
                .from(Start::Bias(part(bias, node, width)))
        });
        run(products);
        drop(dropped);

        let (norm, found) = self.norm(&mapped, inputs);
        let mut output = Buffer::room(mapped.len());
        let channels = nodes * width;
        let rows = output
            .par_chunks_mut(channels)
            .zip(mapped.par_chunks(channels));
        rows.for_each(|(out, row)| {
            let norms = norm.mean.iter().zip(&norm.scale).zip(&norm.shift);
            for ((out, x), ((mean, scale), shift)) in out.iter_mut().zip(row).zip(norms) {
                *out = relu((x - mean) * scale + shift);
            }
        });
        Forward {
            output: Array::new(output, sizes),
            saved: Saved {
                inputs: inputs.clone(),
                mapped: Array::new(mapped, sizes),
                norm,
            },
            statistics: vec![Some(found)],
        }
    }

    fn backward(&self, saved: Saved, gradient: Array, wanted: [bool; 5]) -> [Option<Array>; 5] {
        let Saved {
            inputs,
            mapped,
            norm,
        } = saved;
        let sizes = sizes(&inputs);
        let [batch, nodes, width] = sizes;
        let channels = nodes * width;
        let [features, weight, ..] = inputs.each_ref().map(Array::values);
        let mut gradient = gradient.into_values();
        let (of_beta, of_gamma) = norm.backward(mapped.values(), &mut gradient, batch);
        drop(mapped);

        // The gradient of what one node's map puts out.
        let of_node =
            |node| Matrix::strided(&gradient[node * width..], [batch, width], [channels, 1]);
        let of_features = wanted[0].then(|| {
            let mut rows = Buffer::room(nodes * batch * width);
            let outputs = rows.chunks_mut(batch * width).enumerate();
            let products = outputs.map(|(node, out)| {
                let map = Matrix::new(part(weight, node, width * width), [width; 2]);
                let out = Output::new(out, [batch, width]);
                Product::new(of_node(node), map.transposed(), out)
            });
            run(products);
            Array::new(self.gathered(&rows, sizes), [batch, width])
        });
        let of_weight = wanted[1].then(|| {
            let dropped = self.dropped(features, sizes);
            let mut of_weight = Buffer::room(nodes * width * width);
            let outputs = of_weight.chunks_mut(width * width).enumerate();
            let products = outputs.map(|(node, out)| {
                let rows = dropped.as_deref();
                let rows = rows.map_or(features, |rows| part(rows, node, batch * width));
                let rows = Matrix::new(rows, [batch, width]).transposed();
                Product::new(rows, of_node(node), Output::new(out, [width; 2]))
            });
            run(products);
            Array::new(of_weight, [nodes, width, width])
        });
        [
            of_features,
            of_weight,
            // The norm takes away whatever shift is the same in the whole batch.
            wanted[2].then(|| Array::new(vec![0.0; channels], [nodes, width])),
            wanted[3].then(|| Array::new(of_gamma, [channels])),
            wanted[4].then(|| Array::new(of_beta, [channels])),
        ]
    }
}

impl Nodes {
    /// The gradient of the features from those of each node's inputs, `[nodes, batch, width]`.
    fn gathered(&self, rows: &[f32], [batch, nodes, width]: Sizes) -> Vec<f32> {
        let mut sums = vec![0.0; batch * width];
        sums.par_chunks_mut(width)
            .enumerate()
            .for_each(|(row, sums)| {
                let mut kept = vec![0.0; width];
                for node in 0..nodes {
                    let row = node * batch + row;
                    let from = part(rows, row, width);
                    match &self.mask {
                        Some(mask) => mask.apply(row, from, &mut kept),
                        None => kept.copy_from_slice(from),
                    }
                    for (sum, kept) in sums.iter_mut().zip(&kept) {
                        *sum += kept;
                    }
                }
            });
        sums
    }
}

impl Norm {
    /// Makes the gradient after the ReLU that of `mapped`; returns those of the shift and of gamma.
    fn backward(&self, mapped: &[f32], gradient: &mut [f32], batch: usize) -> (Vec<f32>, Vec<f32>) {
        let channels = self.mean.len();
        let mut of_beta = vec![0.0; channels];
        let mut of_gamma = vec![0.0; channels];
        let shared = &*gradient;
        let parts = of_beta
            .par_chunks_mut(ACROSS)
            .zip(of_gamma.par_chunks_mut(ACROSS));
        parts.enumerate().for_each(|(part, (of_beta, of_gamma))| {
            let across = part * ACROSS..part * ACROSS + of_beta.len();
            let [mean, scale, shift, inverse] = self.channels(across.clone());
            for row in 0..batch {
                let [x, g] = [mapped, shared].map(|all| &all[row * channels..][across.clone()]);
                for channel in 0..x.len() {
                    let centred = x[channel] - mean[channel];
                    let y = centred * scale[channel] + shift[channel];
                    let g = if y > 0.0 { g[channel] } else { 0.0 };
                    of_beta[channel] += g;
                    of_gamma[channel] += g * (centred * inverse[channel]);
                }
            }
        });
        let share = 1.0 / batch as f32;
        let rows = gradient
            .par_chunks_mut(channels)
            .zip(mapped.par_chunks(channels));
        rows.for_each(|(g, x)| {
            let [mean, scale, shift, inverse] = self.channels(0..channels);
            let sums = of_beta.iter().zip(&of_gamma);
            for (channel, ((g, x), (of_beta, of_gamma))) in
                g.iter_mut().zip(x).zip(sums).enumerate()
            {
                let centred = x - mean[channel];
                let y = centred * scale[channel] + shift[channel];
                let gate = if y > 0.0 { *g } else { 0.0 };
                let drift = of_beta + centred * inverse[channel] * of_gamma;
                *g = scale[channel] * (gate - share * drift);
            }
        });
        (of_beta, of_gamma)
    }

    /// Mean, scale, shift and inverse of some channels, in slices of one length.
    fn channels(&self, range: std::ops::Range<usize>) -> [&[f32]; 4] {
        [&self.mean, &self.scale, &self.shift, &self.inverse].map(|all| &all[range.clone()])
    }
}

/// Channels that a task takes through the whole batch: its rows stay in a core's second cache.
const ACROSS: usize = 512;

/// The mean and the population variance of each channel of `[batch, channels]`.
fn moments(values: &[f32], batch: usize, channels: usize) -> (Vec<f32>, Vec<f32>) {
    let mut mean = vec![0.0f32; channels];
    let mut variance = vec![0.0f32; channels];
    let parts = mean
        .par_chunks_mut(ACROSS)
        .zip(variance.par_chunks_mut(ACROSS));
    parts.enumerate().for_each(|(part, (mean, variance))| {
        let length = mean.len();
        let rows = || (0..batch).map(|row| &values[row * channels + part * ACROSS..][..length]);
        let share = 1.0 / batch as f32;
        for row in rows() {
            for (sum, x) in mean.iter_mut().zip(row) {
                *sum += x;
            }
        }
        mean.iter_mut().for_each(|mean| *mean *= share);
        for row in rows() {
            for ((sum, x), mean) in variance.iter_mut().zip(row).zip(&*mean) {
                *sum += (x - mean) * (x - mean);
            }
        }
        variance.iter_mut().for_each(|variance| *variance *= share);
    });
    (mean, variance)
}
