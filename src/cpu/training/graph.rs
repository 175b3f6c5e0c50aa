//! Eq. 2 in training, fused for CPUs: the maps, the exchange with the neighbours, the norm per
//! node, the residual connection and ReLU.
//!
//! The neighbours are gathered before their map, not after it, `(A V) W_v` instead of `A (V W_v)`:
//! the same sum, whose two maps then add up in one output.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::statistics::apply_normed;
use crate::cpu::autograd::{Forward, MeanAndVariance, Operand, Operation, relu};
use crate::cpu::matmul::{Matrix, Output, Product, Start, run};
use crate::cpu::memory::{Array, Buffer};
use crate::cpu::simd::lane_sums;
use crate::cpu::view::GraphConvolution;

/// The nodes after one exchange with their neighbours, the running statistics moved; nothing unless
/// the norm is in training, everything is in the memory of burn's CPU backend, and nobody asks for
/// the adjacency's gradient.
pub(crate) fn graph_convolution(
    layer: &GraphConvolution<'_>,
    nodes: &Tensor<3>,
    adjacency: &Tensor<3>,
) -> Option<Tensor<3>> {
    let device = nodes.device();
    if !(layer.norm.training.is_enabled() && device.is_autodiff()) {
        return None;
    }
    let operands = [
        Operand::of(nodes.clone())?,
        Operand::constant(adjacency.clone())?,
        Operand::of(layer.own.weight.val())?,
        Operand::of(layer.own.bias.as_ref()?.val())?,
        Operand::of(layer.neighbours.weight.val())?,
        Operand::of(layer.neighbours.bias.as_ref()?.val())?,
        Operand::of(layer.norm.gamma.val())?,
        Operand::of(layer.norm.beta.val())?,
    ];
    let epsilon = layer.norm.epsilon;
    Some(apply_normed(Graph { epsilon }, operands, &[layer.norm]))
}

/// `[batch, nodes, width]`, `[batch, nodes, nodes]`, `[width, width]`, `[width]`, once more, and
/// twice `[nodes]` to `[batch, nodes, width]`. The adjacency gets no gradient.
#[derive(Debug)]
struct Graph {
    epsilon: f64,
}

/// What backward needs.
#[derive(Clone, Debug)]
struct Saved {
    inputs: [Array; 8],
    /// `A V`.
    gathered: Array,
    /// What the norm reads.
    update: Array,
    output: Array,
    norm: Norm,
}

/// The norm of each node: `(x - mean) inverse gamma + beta`.
#[derive(Clone, Debug)]
struct Norm {
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

impl Operation<8> for Graph {
    type Saved = Saved;

    fn forward(&self, inputs: &[Array; 8]) -> Forward<Saved> {
        let [v, adjacency, own, own_bias, other, other_bias, gamma, beta] =
            inputs.each_ref().map(Array::values);
        let shape = inputs[0].shape();
        let [nodes, width] = [shape[1], shape[2]];
        let (lines, square) = ([v.len() / width, width], [width; 2]);

        let gathered = exchange(v, adjacency, [nodes, width], [nodes, 1]);
        let mut update = Buffer::room(v.len());
        let map = |rows, weight, start, out: &mut [f32]| {
            let [rows, weight] = [Matrix::new(rows, lines), Matrix::new(weight, square)];
            run([Product::new(rows, weight, Output::new(out, lines)).from(start)]);
        };
        map(v, own, Start::Bias(own_bias), &mut update);
        // The bias of a neighbour counts as often as the neighbours do.
        let each = update
            .par_chunks_mut(width)
            .zip(adjacency.par_chunks(nodes));
        each.for_each(|(line, neighbours)| {
            let weight: f32 = neighbours.iter().sum();
            for (x, bias) in line.iter_mut().zip(other_bias) {
                *x += weight * bias;
            }
        });
        map(&gathered, other, Start::Output, &mut update);

        let (norm, found) = self.norm(&update, nodes, width);
        let mut output = Buffer::room(v.len());
        output
            .par_chunks_mut(width)
            .zip(v.par_chunks(width))
            .zip(update.par_chunks(width))
            .enumerate()
            .for_each(|(row, ((out, v), x))| {
                let node = row % nodes;
                let (mean, scale) = (norm.mean[node], norm.inverse[node] * gamma[node]);
                for ((out, v), x) in out.iter_mut().zip(v).zip(x) {
                    *out = relu(v + (x - mean) * scale + beta[node]);
                }
            });
        let output = Array::new(output, shape.clone());
        Forward {
            output: output.clone(),
            saved: Saved {
                inputs: inputs.clone(),
                gathered: Array::new(gathered, shape.clone()),
                update: Array::new(update, shape),
                output,
                norm,
            },
            statistics: vec![Some(found)],
        }
    }

    fn backward(&self, saved: Saved, gradient: Array, wanted: [bool; 8]) -> [Option<Array>; 8] {
        let Saved {
            inputs,
            gathered,
            update,
            output,
            norm,
        } = saved;
        let [v, adjacency, own, _, other, _, gamma, _] = inputs.each_ref().map(Array::values);
        let shape = inputs[0].shape();
        let [nodes, width] = [shape[1], shape[2]];

        // From here on `gradient` is that of the sum before the ReLU, and so of the nodes along the
        // residual connection; `update` becomes the gradient of what the norm reads.
        let mut gradient = gradient.into_values();
        let mut update = update.into_values();
        let [of_beta, of_gamma] = norm.sums(&mut gradient, &output, &update, nodes, width);
        drop(output);
        norm.backward(&gradient, &mut update, gamma, [&of_beta, &of_gamma], width);
        let of_update = update;
        let [of_own_bias, of_other_bias] = of_biases(&of_update, adjacency, nodes, width);

        let (lines, square) = ([v.len() / width, width], [width; 2]);
        let mut of_own = Buffer::room(width * width);
        let mut of_other = Buffer::room(width * width);
        let both = [(v, &mut of_own), (gathered.values(), &mut of_other)];
        run(both.map(|(rows, out)| {
            let out = Output::new(out, square);
            let rows = Matrix::new(rows, lines).transposed();
            Product::new(rows, Matrix::new(&of_update, lines), out)
        }));
        drop(gathered);
        let of_nodes = wanted[0].then(|| {
            let scattered = exchange(&of_update, adjacency, [nodes, width], [1, nodes]);
            for (rows, map) in [(&of_update, own), (&scattered, other)] {
                let out = Output::new(&mut gradient, lines);
                let map = Matrix::new(map, square).transposed();
                let product = Product::new(Matrix::new(rows, lines), map, out);
                run([product.from(Start::Output)]);
            }
            Array::new(gradient, shape)
        });
        [
            of_nodes,
            None,
            Some(Array::new(of_own, [width; 2])),
            Some(Array::new(of_own_bias, [width])),
            Some(Array::new(of_other, [width; 2])),
            Some(Array::new(of_other_bias, [width])),
            Some(Array::new(of_gamma, [nodes])),
            Some(Array::new(of_beta, [nodes])),
        ]
    }
}

impl Graph {
    fn norm(&self, update: &[f32], nodes: usize, width: usize) -> (Norm, MeanAndVariance) {
        // Of each line its mean and its sum of squares around that, which then are put together.
        let lines: Vec<[f64; 2]> = update.par_chunks(width).map(mean_and_squares).collect();
        let count = (lines.len() / nodes) as f64;
        let of_node = |node: usize| lines[node..].iter().step_by(nodes);
        let moments = (0..nodes).map(|node| {
            let centre = of_node(node).map(|[mean, _]| mean).sum::<f64>() / count;
            let squares = of_node(node)
                .map(|[mean, squares]| squares + width as f64 * (mean - centre).powi(2))
                .sum::<f64>();
            (centre as f32, squares / (count * width as f64))
        });
        let (mean, variance): (Vec<f32>, Vec<f64>) = moments.unzip();
        let inverse = |variance: &f64| (1.0 / (variance + self.epsilon).sqrt()) as f32;
        let norm = Norm {
            inverse: variance.iter().map(inverse).collect(),
            mean: mean.clone(),
        };
        let variance = variance.into_iter().map(|variance| variance as f32);
        (norm, [mean, variance.collect()])
    }
}

impl Norm {
    /// Takes the gradient away where the ReLU gave nothing; the gradients of the shift and of gamma,
    /// `[nodes]` each.
    fn sums(
        &self,
        gradient: &mut [f32],
        output: &[f32],
        update: &[f32],
        nodes: usize,
        width: usize,
    ) -> [Vec<f32>; 2] {
        let lines = gradient
            .par_chunks_mut(width)
            .zip(output.par_chunks(width))
            .zip(update.par_chunks(width));
        let lines = lines.enumerate().map(|(row, ((g, out), x))| {
            let (mean, inverse) = (self.mean[row % nodes], self.inverse[row % nodes]);
            for (g, out) in g.iter_mut().zip(out) {
                *g = if *out > 0.0 { *g } else { 0.0 };
            }
            sums(g, x, |g, x| [g, g * ((x - mean) * inverse)])
        });
        let lines: Vec<[f64; 2]> = lines.collect();
        [0, 1].map(|which| {
            let of_node = |node: usize| lines[node..].iter().step_by(nodes);
            (0..nodes)
                .map(|node| of_node(node).map(|sums| sums[which]).sum::<f64>() as f32)
                .collect()
        })
    }

    /// Makes `update` its own gradient.
    fn backward(
        &self,
        gradient: &[f32],
        update: &mut [f32],
        gamma: &[f32],
        [of_beta, of_gamma]: [&[f32]; 2],
        width: usize,
    ) {
        let nodes = gamma.len();
        let share = nodes as f32 / update.len() as f32;
        let lines = update.par_chunks_mut(width).zip(gradient.par_chunks(width));
        lines.enumerate().for_each(|(row, (x, g))| {
            let node = row % nodes;
            let (mean, inverse) = (self.mean[node], self.inverse[node]);
            let scale = inverse * gamma[node];
            let (drift, slope) = (share * of_beta[node], share * of_gamma[node]);
            for (x, g) in x.iter_mut().zip(g) {
                *x = scale * (g - drift - (*x - mean) * inverse * slope);
            }
        });
    }
}

/// The nodes of each image exchanged along its graph, whose weight of a way to one node from another
/// stands where the `strides` of the two say.
fn exchange(
    from: &[f32],
    adjacency: &[f32],
    [nodes, width]: [usize; 2],
    strides: [usize; 2],
) -> Buffer {
    let mut to = Buffer::room(from.len());
    let image = nodes * width;
    to.par_chunks_mut(image)
        .zip(from.par_chunks(image))
        .zip(adjacency.par_chunks(nodes * nodes))
        .for_each(|((to, from), weights)| {
            for (node, to) in to.chunks_mut(width).enumerate() {
                to.fill(0.0);
                for (neighbour, from) in from.chunks(width).enumerate() {
                    let weight = weights[node * strides[0] + neighbour * strides[1]];
                    // Most nodes are not neighbours.
                    if weight != 0.0 {
                        for (to, from) in to.iter_mut().zip(from) {
                            *to += weight * from;
                        }
                    }
                }
            }
        });
    to
}

/// The gradients of the two biases: the sum of all lines, and that weighted by each line's number
/// of neighbours.
fn of_biases(of_update: &[f32], adjacency: &[f32], nodes: usize, width: usize) -> [Vec<f32>; 2] {
    /// Lines that are summed on their own: not the number of threads, so that the sums are the same
    /// on any.
    const LINES: usize = 96;
    let parts = of_update
        .par_chunks(LINES * width)
        .zip(adjacency.par_chunks(LINES * nodes));
    let parts = parts.map(|(lines, neighbours)| {
        let mut sums = vec![0.0; 2 * width];
        let (plain, weighted) = sums.split_at_mut(width);
        for (line, neighbours) in lines.chunks(width).zip(neighbours.chunks(nodes)) {
            let weight: f32 = neighbours.iter().sum();
            for ((plain, weighted), x) in plain.iter_mut().zip(&mut *weighted).zip(line) {
                *plain += x;
                *weighted += weight * x;
            }
        }
        sums
    });
    let mut plain = vec![0.0; 2 * width];
    for part in parts.collect::<Vec<_>>() {
        for (total, sum) in plain.iter_mut().zip(part) {
            *total += sum;
        }
    }
    let weighted = plain.split_off(width);
    [plain, weighted]
}

/// As [`lane_sums`], each then summed in double precision.
fn sums<const N: usize>(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> [f32; N]) -> [f64; N] {
    lane_sums(a, b, of).map(|lanes| lanes.iter().map(|lane| f64::from(*lane)).sum())
}

/// The mean, and the sum of squares around it.
fn mean_and_squares(line: &[f32]) -> [f64; 2] {
    let [sum] = sums(line, line, |x, _| [x]);
    let mean = sum / line.len() as f64;
    let centre = mean as f32;
    let [drift, squares] = sums(line, line, |x, _| [x - centre, (x - centre) * (x - centre)]);
    // What rounding the mean to 32 bits has left over.
    let rest = drift / line.len() as f64;
    [f64::from(centre) + rest, squares - drift * rest]
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::{Device, Tolerance};

    use super::*;
    use crate::graph::GraphConvolutionConfig;
    use crate::testing::{Draw, drawn};

    /// Lines of any sum, unlike those of a normalised graph without ties, which are all 1.
    #[test]
    fn any_adjacency_gives_the_values_and_gradients_of_burns_operations() {
        let device = Device::flex().autodiff();
        let [batch, nodes, width] = [7, 5, 33];
        let layer = GraphConvolutionConfig::new(nodes, width).init(&device);
        let layer = layer.map(&mut Draw(0));
        let adjacency = drawn::<3>([batch, nodes, nodes], 50, &device).clamp_min(0.0);
        let probe = drawn::<3>([batch, nodes, width], 51, &device);
        let values = |fused: bool| {
            let layer = layer.valid().train();
            let input = drawn([batch, nodes, width], 52, &device).require_grad();
            let output = match fused {
                true => graph_convolution(&layer.view(), &input, &adjacency).expect("this backend"),
                false => layer.forward_in_steps(input.clone(), adjacency.clone()),
            };
            let gradients = (output.clone() * probe.clone()).sum().backward();
            let flat = |gradient: Option<Tensor<1>>| gradient.expect("a gradient").into_data();
            let [u, v] = [&layer.u, &layer.v];
            let squares = [&u.weight, &v.weight];
            let lines = [
                u.bias.as_ref().expect("a bias"),
                v.bias.as_ref().expect("a bias"),
                &layer.norm.gamma,
                &layer.norm.beta,
            ];
            let mut all = vec![
                output.into_data(),
                input.grad(&gradients).expect("a gradient").into_data(),
            ];
            all.extend(squares.map(|square| {
                let gradient = square.val().grad(&gradients);
                flat(gradient.map(|gradient| gradient.flatten(0, 1)))
            }));
            all.extend(lines.map(|line| flat(line.val().grad(&gradients))));
            all
        };
        for (found, expected) in values(true).iter().zip(&values(false)) {
            found.assert_approx_eq::<f32>(expected, Tolerance::rel_abs(1e-4, 1e-4));
        }
    }
}
