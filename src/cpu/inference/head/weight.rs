//! The head's weights, as the kernels read them.

use burn::module::Param;
use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use crate::cpu::memory::Array;
use crate::cpu::view::ActionUnitHead;

/// The weights of an [`ActionUnitHead`], not copied but for what is small.
pub(super) struct Weights<'a> {
    pub head: &'a ActionUnitHead<'a>,
    pub nodes: usize,
    pub width: usize,
    /// The node maps, `[nodes, input, output]`.
    pub maps: Array,
    /// What follows a node map.
    pub affine: Affine,
    /// The graph's map of the node itself, `[input, output]`.
    pub u: Array,
    /// The graph's map of the neighbours, `[input, output]`.
    pub v: Array,
    /// The biases of the two.
    pub bias_u: Vec<f32>,
    pub bias_v: Vec<f32>,
    /// The graph's norm, per node.
    pub norm: Affine,
    /// The least length that a vector is divided by.
    pub least_norm: f32,
    /// `relu(s) / |relu(s)|` of each anchor, `[nodes, width]`.
    pub anchors: Vec<f32>,
}

/// `scale x + shift`.
pub(super) struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl<'a> Weights<'a> {
    /// The weights of `head`, or nothing if they are not 32-bit floats in this processor's memory.
    pub fn of(head: &'a ActionUnitHead<'a>) -> Option<Self> {
        let [nodes, width, _] = head.nodes.weight.shape().dims();
        let maps = Array::of_tensor(head.nodes.weight.val())?;
        let bias = Array::of_tensor(head.nodes.bias.val())?;
        let affine = match head.nodes.norm {
            Some(norm) => Affine::of(norm)?.after(&bias),
            None => Affine {
                scale: vec![1.0; nodes * width],
                shift: bias.to_vec(),
            },
        };
        let graph = &head.graph;
        let least_norm = head.least_norm as f32;
        Some(Self {
            head,
            nodes,
            width,
            maps,
            affine,
            u: Array::of_tensor(graph.own.weight.val())?,
            v: Array::of_tensor(graph.neighbours.weight.val())?,
            bias_u: bias_of(&graph.own.bias, width)?,
            bias_v: bias_of(&graph.neighbours.bias, width)?,
            norm: Affine::of(graph.norm)?,
            anchors: anchors(&Array::of_tensor(head.anchors.val())?, width, least_norm),
            least_norm,
        })
    }
}

impl Affine {
    /// A norm in inference: `(x - mean) gamma / sqrt(variance + epsilon) + beta`.
    fn of(norm: &BatchNorm) -> Option<Self> {
        let gamma = Array::of_tensor(norm.gamma.val())?;
        let beta = Array::of_tensor(norm.beta.val())?;
        let mean = Array::of_tensor(norm.running_mean.value())?;
        let variance = Array::of_tensor(norm.running_var.value())?;
        let scale: Vec<f32> = gamma
            .iter()
            .zip(variance.iter())
            .map(|(gamma, variance)| gamma / (variance + norm.epsilon as f32).sqrt())
            .collect();
        let shift = scale.iter().zip(mean.iter()).zip(beta.iter());
        let shift = shift.map(|((scale, mean), beta)| beta - mean * scale);
        Some(Self {
            shift: shift.collect(),
            scale,
        })
    }

    /// The same, of `x + bias`.
    fn after(mut self, bias: &[f32]) -> Self {
        for ((shift, scale), bias) in self.shift.iter_mut().zip(&self.scale).zip(bias) {
            *shift += scale * bias;
        }
        self
    }
}

fn bias_of(bias: &Option<Param<Tensor<1>>>, width: usize) -> Option<Vec<f32>> {
    match bias {
        Some(bias) => Array::of_tensor(bias.val()).map(|bias| bias.to_vec()),
        None => Some(vec![0.0; width]),
    }
}

fn anchors(anchors: &[f32], width: usize, least_norm: f32) -> Vec<f32> {
    let mut all: Vec<f32> = anchors.iter().map(|value| value.max(0.0)).collect();
    for anchor in all.chunks_exact_mut(width) {
        let squares: f32 = anchor.iter().map(|value| value * value).sum();
        let length = length(squares, least_norm);
        anchor.iter_mut().for_each(|value| *value /= length);
    }
    all
}

/// The length of a vector from the sum of its squares, at least `least`.
pub(super) fn length(squares: f32, least: f32) -> f32 {
    squares.max(least * least).sqrt()
}
