//! Squeeze-and-excitation on the means of a batch, forward and backward.

use crate::cpu::memory::Workers;

/// Weights of both layers, `[reduced, channels]` and `[channels, reduced]`, each with its bias.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub reduce: &'a [f32],
    pub reduce_bias: &'a [f32],
    pub expand: &'a [f32],
    pub expand_bias: &'a [f32],
}

/// What one image's forward pass leaves.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// The mean of every channel.
    mean: Vec<f32>,
    /// The bottleneck before SiLU.
    hidden: Vec<f32>,
    /// The gate of every channel.
    pub gate: Vec<f32>,
}

/// Gradients of the weights, in the order of [`Weights`].
pub(super) type Gradients = [Vec<f32>; 4];

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

impl Weights<'_> {
    /// The gates of one image.
    pub fn forward(&self, mean: Vec<f32>) -> Trace {
        let dense = |weight: &[f32], bias: &[f32], input: &[f32]| -> Vec<f32> {
            let rows = weight.chunks_exact(input.len());
            rows.zip(bias)
                .map(|(row, bias)| dot(row, input) + bias)
                .collect()
        };
        let hidden = dense(self.reduce, self.reduce_bias, &mean);
        let active: Vec<f32> = hidden.iter().map(|&value| value * sigmoid(value)).collect();
        let gate = dense(self.expand, self.expand_bias, &active);
        Trace {
            mean,
            hidden,
            gate: gate.into_iter().map(sigmoid).collect(),
        }
    }

    /// The gradients of the means of every image, and of the weights, from those of the gates.
    pub fn backward(
        &self,
        workers: Workers,
        traces: &[Trace],
        gates: &[Vec<f32>],
    ) -> (Vec<Vec<f32>>, Gradients) {
        let (reduced, channels) = (self.reduce_bias.len(), self.expand_bias.len());
        // What the layers put out before their activations, image by image.
        let mut ways = vec![(Vec::new(), Vec::new(), Vec::new()); traces.len()];
        let tasks: Vec<_> = ways.iter_mut().zip(traces.iter().zip(gates)).collect();
        workers.each(tasks, |(way, (trace, gates)), _| {
            let pairs = trace.gate.iter().zip(gates);
            let expand: Vec<f32> = pairs.map(|(g, slope)| slope * g * (1.0 - g)).collect();
            let mut reduce = product(self.expand, &expand, reduced);
            for (slope, &value) in reduce.iter_mut().zip(&trace.hidden) {
                let s = sigmoid(value);
                *slope *= s * (1.0 + value * (1.0 - s));
            }
            let mean = product(self.reduce, &reduce, channels);
            *way = (expand, reduce, mean);
        });
        let mut gradients = [
            vec![0.0; self.reduce.len()],
            vec![0.0; reduced],
            vec![0.0; self.expand.len()],
            vec![0.0; channels],
        ];
        let [reduce, reduce_bias, expand, expand_bias] = &mut gradients;
        let actives: Vec<Vec<f32>> = traces
            .iter()
            .map(|trace| trace.hidden.iter().map(|&v| v * sigmoid(v)).collect())
            .collect();
        let tasks: Vec<_> = expand.chunks_exact_mut(reduced).enumerate().collect();
        workers.each(split(tasks), |rows, _| {
            for (channel, row) in rows {
                for ((way, _, _), active) in ways.iter().zip(&actives) {
                    add(row, way[channel], active);
                }
            }
        });
        let tasks: Vec<_> = reduce.chunks_exact_mut(channels).enumerate().collect();
        workers.each(split(tasks), |rows, _| {
            for (index, row) in rows {
                for ((_, way, _), trace) in ways.iter().zip(traces) {
                    add(row, way[index], &trace.mean);
                }
            }
        });
        for (expand, reduce, _) in &ways {
            add(expand_bias, 1.0, expand);
            add(reduce_bias, 1.0, reduce);
        }
        let means = ways.into_iter().map(|(_, _, mean)| mean).collect();
        (means, gradients)
    }
}

/// Rows in runs that are worth a task.
fn split<T>(mut rows: Vec<T>) -> Vec<Vec<T>> {
    let mut runs = Vec::new();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(64));
        runs.push(std::mem::replace(&mut rows, rest));
    }
    runs
}

/// The product of a row of numbers with a matrix of rows of `width`.
fn product(matrix: &[f32], factors: &[f32], width: usize) -> Vec<f32> {
    let mut sum = vec![0.0; width];
    for (row, &factor) in matrix.chunks_exact(width).zip(factors) {
        add(&mut sum, factor, row);
    }
    sum
}

/// Adds `factor * values`.
fn add(sum: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}

/// The sum of products, in sixteen sums that the compiler can keep side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    let (a_runs, b_runs) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_runs
        .remainder()
        .iter()
        .zip(b_runs.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a_runs.zip(b_runs) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
