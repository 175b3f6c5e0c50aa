//! Squeeze-and-excitation on the means of a batch, forward and backward.

use crate::cpu::matmul::{Matrix, Output, Product, run};
use crate::cpu::simd::{Lanes, lane_sums, numbers, vectors};

/// Weights of both layers, `[reduced, channels]` and `[channels, reduced]`, each with its bias.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub reduce: &'a [f32],
    pub reduce_bias: &'a [f32],
    pub expand: &'a [f32],
    pub expand_bias: &'a [f32],
}

/// What one image's forward pass leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// The mean of every channel.
    mean: Vec<f32>,
    /// The bottleneck before SiLU.
    hidden: Vec<f32>,
    /// The gate of every channel.
    pub gate: Vec<Lanes>,
}

/// The gradients of one image.
#[derive(Clone, Debug, Default)]
pub(super) struct Gradients {
    /// Of what the two layers put out before their activations.
    expand: Vec<f32>,
    reduce: Vec<f32>,
    /// Of the means.
    pub mean: Vec<f32>,
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

impl Weights<'_> {
    /// The gates of one image.
    pub fn forward(&self, mean: Vec<f32>) -> Trace {
        let dense = |weight: &[f32], bias: &[f32], input: &[f32]| -> Vec<f32> {
            let rows = weight.chunks_exact(input.len());
            rows.zip(bias)
                .map(|(row, bias)| {
                    let [sums] = lane_sums(row, input, |weight, value| [weight * value]);
                    sums.iter().sum::<f32>() + bias
                })
                .collect()
        };
        let hidden = dense(self.reduce, self.reduce_bias, &mean);
        let gate = dense(self.expand, self.expand_bias, &silu(&hidden));
        let gate: Vec<f32> = gate.into_iter().map(sigmoid).collect();
        Trace {
            mean,
            hidden,
            gate: vectors(&gate),
        }
    }

    /// The gradients of one image from those of its gates.
    pub fn backward(&self, trace: &Trace, gates: &[f32]) -> Gradients {
        let pairs = numbers(&trace.gate).iter().zip(gates);
        let expand = pairs.map(|(g, slope)| slope * g * (1.0 - g));
        let expand: Vec<f32> = expand.take(self.expand_bias.len()).collect();
        let mut reduce = sum_of_rows(self.expand, &expand, self.reduce_bias.len());
        for (slope, &value) in reduce.iter_mut().zip(&trace.hidden) {
            let s = sigmoid(value);
            *slope *= s * (1.0 + value * (1.0 - s));
        }
        let mean = sum_of_rows(self.reduce, &reduce, expand.len());
        Gradients {
            expand,
            reduce,
            mean,
        }
    }
}

/// The gradients of the weights, in the order of [`Weights`], from those of every image.
pub(super) fn weight_gradients(traces: &[Trace], images: &[Gradients]) -> [Vec<f32>; 4] {
    let batch = traces.len();
    let actives: Vec<Vec<f32>> = traces.iter().map(|trace| silu(&trace.hidden)).collect();
    let rows = |of: fn(&Gradients) -> &Vec<f32>| images.iter().flat_map(of).copied().collect();
    let means: Vec<f32> = traces.iter().flat_map(|t| &t.mean).copied().collect();
    let (expand, reduce): (Vec<f32>, Vec<f32>) = (rows(|s| &s.expand), rows(|s| &s.reduce));
    let outer = |slopes: &[f32], inputs: &[f32]| {
        let [outputs, width] = [slopes.len() / batch, inputs.len() / batch];
        let mut out = vec![0.0; outputs * width];
        let slopes = Matrix::new(slopes, [batch, outputs]).transposed();
        let inputs = Matrix::new(inputs, [batch, width]);
        run([Product::new(
            slopes,
            inputs,
            Output::new(&mut out, [outputs, width]),
        )]);
        out
    };
    let sum = |slopes: &[f32]| sum_of_rows(slopes, &vec![1.0; batch], slopes.len() / batch);
    [
        outer(&reduce, &means),
        sum(&reduce),
        outer(&expand, &actives.concat()),
        sum(&expand),
    ]
}

fn silu(values: &[f32]) -> Vec<f32> {
    values.iter().map(|&value| value * sigmoid(value)).collect()
}

/// The sum of a matrix's rows of `width`, each times a factor.
fn sum_of_rows(matrix: &[f32], factors: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for (row, factor) in matrix.chunks_exact(width).zip(factors) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += factor * value;
        }
    }
    sums
}
