//! Eq. 3 in training: the cosine of each node and its anchor after ReLU.

use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::cpu::autograd::{Forward, Operand, Operation, apply, relu};
use crate::cpu::memory::{Array, Buffer};
use crate::cpu::simd::lane_sums;

/// The cosine of each node and its anchor after ReLU, no length taken for less than `least_norm`;
/// nothing unless a gradient may be asked for and everything is in the memory of burn's CPU backend.
pub(crate) fn anchor_similarity(
    nodes: &Tensor<3>,
    anchors: &Tensor<2>,
    least_norm: f64,
) -> Option<Tensor<2>> {
    if !nodes.device().is_autodiff() {
        return None;
    }
    let operands = [Operand::of(nodes.clone())?, Operand::of(anchors.clone())?];
    let least_norm = least_norm as f32;
    Some(apply(Anchors { least_norm }, operands).0)
}

/// `[batch, nodes, width]` and `[nodes, width]` to `[batch, nodes]`.
#[derive(Debug)]
struct Anchors {
    least_norm: f32,
}

/// What backward needs.
#[derive(Clone, Debug)]
struct Saved {
    inputs: [Array; 2],
    /// The anchors after ReLU, at unit length.
    units: Vec<f32>,
    /// Of each anchor, its length.
    lengths: Vec<f32>,
    /// Of each line of the nodes, its cosine and its length.
    lines: Vec<[f32; 2]>,
}

impl Operation<2> for Anchors {
    type Saved = Saved;

    fn forward(&self, inputs: &[Array; 2]) -> Forward<Saved> {
        let [nodes, anchors] = inputs.each_ref().map(Array::values);
        let shape = inputs[0].shape();
        let [count, width] = [shape[1], shape[2]];
        let mut units: Vec<f32> = anchors.iter().map(|value| relu(*value)).collect();
        let lengths: Vec<f32> = units
            .chunks_mut(width)
            .map(|unit| {
                let [_, length] = dot(unit, unit, self.least_norm);
                unit.iter_mut().for_each(|value| *value /= length);
                length
            })
            .collect();
        let lines: Vec<[f32; 2]> = nodes
            .par_chunks(width)
            .enumerate()
            .map(|(row, line)| {
                let [product, length] = dot(
                    line,
                    &units[row % count * width..][..width],
                    self.least_norm,
                );
                [product / length, length]
            })
            .collect();
        let cosines: Vec<f32> = lines.iter().map(|[cosine, _]| *cosine).collect();
        Forward {
            output: Array::new(cosines, [shape[0], count]),
            saved: Saved {
                inputs: inputs.clone(),
                units,
                lengths,
                lines,
            },
            statistics: Vec::new(),
        }
    }

    fn backward(&self, saved: Saved, gradient: Array, wanted: [bool; 2]) -> [Option<Array>; 2] {
        let [nodes, anchors] = saved.inputs.each_ref().map(Array::values);
        let shape = saved.inputs[0].shape();
        let [count, width] = [shape[1], shape[2]];
        let gradient = gradient.values();
        let of_nodes = wanted[0].then(|| {
            let mut of_nodes = Buffer::room(nodes.len());
            of_nodes
                .par_chunks_mut(width)
                .zip(nodes.par_chunks(width))
                .zip(gradient.par_iter().zip(&saved.lines))
                .enumerate()
                .for_each(|(row, ((out, line), (gradient, [cosine, length])))| {
                    let unit = &saved.units[row % count * width..][..width];
                    let along = gradient / length;
                    let back = match *length > self.least_norm {
                        true => along * cosine / length,
                        false => 0.0,
                    };
                    for ((out, x), unit) in out.iter_mut().zip(line).zip(unit) {
                        *out = if *x > 0.0 {
                            along * unit - back * x
                        } else {
                            0.0
                        };
                    }
                });
            Array::new(of_nodes, shape.clone())
        });
        let of_anchors = wanted[1].then(|| {
            let mut of_anchors = vec![0.0; anchors.len()];
            let each = of_anchors
                .par_chunks_mut(width)
                .zip(anchors.par_chunks(width));
            each.enumerate().for_each(|(node, (out, anchor))| {
                for row in (node..saved.lines.len()).step_by(count) {
                    let along = gradient[row] / saved.lines[row][1];
                    for (out, x) in out.iter_mut().zip(&nodes[row * width..][..width]) {
                        *out += along * relu(*x);
                    }
                }
                let unit = &saved.units[node * width..][..width];
                let length = saved.lengths[node];
                let back = match length > self.least_norm {
                    true => out.iter().zip(unit).map(|(out, unit)| out * unit).sum(),
                    false => 0.0,
                };
                for ((out, anchor), unit) in out.iter_mut().zip(anchor).zip(unit) {
                    let slope = (*out - back * unit) / length;
                    *out = if *anchor > 0.0 { slope } else { 0.0 };
                }
            });
            Array::new(of_anchors, [count, width])
        });
        [of_nodes, of_anchors]
    }
}

/// The product of `line` after ReLU and `unit`, and the length of `line` after ReLU, at least
/// the least one.
fn dot(line: &[f32], unit: &[f32], least_norm: f32) -> [f32; 2] {
    let terms = |x: f32, unit: f32| [relu(x) * unit, relu(x) * relu(x)];
    let [product, square] = lane_sums(line, unit, terms).map(|lanes| lanes.iter().sum::<f32>());
    [product, square.sqrt().max(least_norm)]
}
