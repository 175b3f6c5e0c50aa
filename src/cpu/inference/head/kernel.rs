//! What is done to the nodes of one image, while they are in the cache.

use super::weight::{Weights, length};
use crate::cpu::simd::{Kernel, LANES, Vector};
use crate::cpu::view::Similarity;

/// From the node maps' products to the nodes and what they hear of each other.
pub(super) struct Exchange<'a> {
    pub weights: &'a Weights<'a>,
    /// The products, which become the nodes `V`.
    pub own: &'a mut [f32],
    /// `A_hat V`.
    pub mixed: &'a mut [f32],
    /// The sum of each row of `A_hat`.
    pub degrees: &'a mut [f32],
}

impl Kernel for Exchange<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let Weights { nodes, width, .. } = *self.weights;
        let affine = &self.weights.affine;
        for vector in vectors(self.own.len()) {
            let [value, scale, shift] =
                [&*self.own, &affine.scale, &affine.shift].map(|all| load(zero, all, vector));
            let value = value.mul_add(scale, shift);
            let value = match self.weights.head.nodes.norm.is_some() {
                true => value.at_least(zero),
                false => value,
            };
            store(value, self.own, vector);
        }
        let graph = graph(zero, self.weights, self.own);
        for (node, row) in graph.chunks_exact(nodes).enumerate() {
            self.degrees[node] = row.iter().sum();
            let mixed = &mut self.mixed[node * width..][..width];
            for vector in vectors(width) {
                let mut sum = zero;
                for (other, &weight) in row.iter().enumerate() {
                    if weight != 0.0 {
                        let other = &self.own[other * width..][..width];
                        sum = load(zero, other, vector).mul_add(zero.splat(weight), sum);
                    }
                }
                store(sum, mixed, vector);
            }
        }
    }
}

/// From the graph's two products to the probabilities.
pub(super) struct Score<'a> {
    pub weights: &'a Weights<'a>,
    /// The nodes `V`.
    pub own: &'a [f32],
    /// `V W_u + A_hat V W_v`.
    pub update: &'a [f32],
    /// The sum of each row of `A_hat`.
    pub degrees: &'a [f32],
    pub scores: &'a mut [f32],
}

impl Kernel for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let weights = self.weights;
        let width = weights.width;
        for (node, score) in self.scores.iter_mut().enumerate() {
            let [own, update, anchor] = [self.own, self.update, &weights.anchors[..]]
                .map(|all| &all[node * width..][..width]);
            let degree = zero.splat(self.degrees[node]);
            let scale = zero.splat(weights.norm.scale[node]);
            let shift = zero.splat(weights.norm.shift[node]);
            let (mut product, mut squares) = (zero, zero);
            for vector in vectors(width) {
                let load = |values: &[f32]| load(zero, values, vector);
                let bias = load(&weights.bias_v).mul_add(degree, load(&weights.bias_u));
                let update = load(update).add(bias).mul_add(scale, shift);
                let value = load(own).add(update).at_least(zero);
                // Behind the end of a node its scale and shift still stand.
                let value = keep(value, width - vector);
                product = value.mul_add(load(anchor), product);
                squares = value.mul_add(value, squares);
            }
            *score = total(product) / length(total(squares), weights.least_norm);
        }
    }
}

/// `A_hat` of the nodes.
#[inline(always)]
fn graph<V: Vector>(zero: V, weights: &Weights<'_>, own: &[f32]) -> Vec<f32> {
    let Weights { nodes, width, .. } = *weights;
    let node = |index: usize| &own[index * width..][..width];
    let mut alike = vec![0.0; nodes * nodes];
    for i in 0..nodes {
        for j in i..nodes {
            let value = match weights.head.similarity {
                Similarity::Dot | Similarity::Cosine => {
                    over_pairs(zero, node(i), node(j), |sum, a, b| a.mul_add(b, sum))
                }
                Similarity::L1 => -over_pairs(zero, node(i), node(j), |sum, a, b| {
                    sum.add(a.sub(b).at_least(b.sub(a)))
                }),
            };
            alike[i * nodes + j] = value;
            alike[j * nodes + i] = value;
        }
    }
    if let Similarity::Cosine = weights.head.similarity {
        let lengths: Vec<f32> = (0..nodes)
            .map(|i| length(alike[i * nodes + i], weights.least_norm))
            .collect();
        for (i, row) in alike.chunks_exact_mut(nodes).enumerate() {
            for (value, length) in row.iter_mut().zip(&lengths) {
                *value /= lengths[i] * length;
            }
        }
    }
    // All that are at least as alike as the k-th.
    let mut sorted = Vec::with_capacity(nodes);
    let mut roots = Vec::with_capacity(nodes);
    for row in alike.chunks_exact_mut(nodes) {
        sorted.clear();
        sorted.extend_from_slice(row);
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let least = sorted[weights.head.neighbours - 1];
        for value in row.iter_mut() {
            *value = if *value >= least { 1.0 } else { 0.0 };
        }
        let degree: f32 = row.iter().sum();
        roots.push(if degree > 0.0 {
            degree.sqrt().recip()
        } else {
            0.0
        });
    }
    for (row, scale) in alike.chunks_exact_mut(nodes).zip(&roots) {
        for (value, other) in row.iter_mut().zip(&roots) {
            *value *= scale * other;
        }
    }
    alike
}

/// The sum of what `add` makes of pairs of vectors.
#[inline(always)]
fn over_pairs<V: Vector>(zero: V, a: &[f32], b: &[f32], add: impl Fn(V, V, V) -> V) -> f32 {
    let mut sum = zero;
    for vector in vectors(a.len()) {
        sum = add(sum, load(zero, a, vector), load(zero, b, vector));
    }
    total(sum)
}

/// Where the vectors of `length` numbers start.
fn vectors(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(LANES)
}

/// A vector of `values`, filled up with 0 behind their end.
#[inline(always)]
fn load<V: Vector>(zero: V, values: &[f32], start: usize) -> V {
    let values = &values[start..];
    match values.first_chunk() {
        Some(numbers) => zero.read(numbers),
        None => {
            let mut numbers = [0.0; LANES];
            numbers[..values.len()].copy_from_slice(values);
            zero.read(&numbers)
        }
    }
}

/// Writes a vector into `values`, up to their end.
#[inline(always)]
fn store<V: Vector>(value: V, values: &mut [f32], start: usize) {
    let values = &mut values[start..];
    match values.first_chunk_mut() {
        Some(numbers) => value.write(numbers),
        None => values.copy_from_slice(&value.array()[..values.len()]),
    }
}

/// `value` with 0 in the lanes from `count` on.
#[inline(always)]
fn keep<V: Vector>(value: V, count: usize) -> V {
    if count >= LANES {
        return value;
    }
    let mut lanes = value.array();
    lanes[count..].fill(0.0);
    value.read(&lanes)
}

/// The sum of the lanes, in their order.
#[inline(always)]
fn total<V: Vector>(value: V) -> f32 {
    value.array().iter().sum()
}
