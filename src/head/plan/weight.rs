//! The head's weights, as the plan reads them.

use burn::module::Param;
use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use super::super::ActionUnitHead;
use crate::graph::Similarity;
use crate::processor::tensor::Numbers;

/// The weights of an [`ActionUnitHead`], not copied but for what is small.
pub(super) struct Weights {
    pub nodes: usize,
    pub width: usize,
    pub neighbours: usize,
    pub similarity: Similarity,
    /// The node maps, `[nodes, input, output]`.
    pub maps: Numbers,
    /// What follows a node map.
    pub affine: Affine,
    /// Whether ReLU follows.
    pub relu: bool,
    /// The graph's map of the node itself, `[input, output]`.
    pub u: Numbers,
    /// The graph's map of the neighbours, `[input, output]`.
    pub v: Numbers,
    /// The biases of the two.
    pub bias_u: Vec<f32>,
    pub bias_v: Vec<f32>,
    /// The graph's norm, per node.
    pub norm: Affine,
    /// `relu(s) / |relu(s)|` of each anchor, `[nodes, width]`.
    pub anchors: Vec<f32>,
}

/// `scale x + shift`.
pub(super) struct Affine {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

impl Weights {
    /// The weights of `head`, or nothing if they are not 32-bit floats in this processor's memory.
    pub fn of(head: &ActionUnitHead) -> Option<Self> {
        let [nodes, width, _] = head.nodes.weight.shape().dims();
        let maps = Numbers::shared(head.nodes.weight.val())?;
        let bias = Numbers::shared(head.nodes.bias.val())?;
        let affine = match &head.nodes.norm {
            Some(norm) => Affine::of(norm)?.after(&bias),
            None => Affine {
                scale: vec![1.0; nodes * width],
                shift: bias.to_vec(),
            },
        };
        let graph = &head.graph;
        Some(Self {
            nodes,
            width,
            neighbours: head.neighbours,
            similarity: head.similarity,
            maps,
            affine,
            relu: head.nodes.norm.is_some(),
            u: Numbers::shared(graph.u.weight.val())?,
            v: Numbers::shared(graph.v.weight.val())?,
            bias_u: bias_of(&graph.u.bias, width)?,
            bias_v: bias_of(&graph.v.bias, width)?,
            norm: Affine::of(&graph.norm)?,
            anchors: anchors(&Numbers::shared(head.anchors.val())?, width),
        })
    }
}

impl Affine {
    /// A norm in inference: `(x - mean) gamma / sqrt(variance + epsilon) + beta`.
    fn of(norm: &BatchNorm) -> Option<Self> {
        let gamma = Numbers::shared(norm.gamma.val())?;
        let beta = Numbers::shared(norm.beta.val())?;
        let mean = Numbers::shared(norm.running_mean.value())?;
        let variance = Numbers::shared(norm.running_var.value())?;
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
        Some(bias) => Numbers::shared(bias.val()).map(|bias| bias.to_vec()),
        None => Some(vec![0.0; width]),
    }
}

fn anchors(anchors: &[f32], width: usize) -> Vec<f32> {
    let mut all: Vec<f32> = anchors.iter().map(|value| value.max(0.0)).collect();
    for anchor in all.chunks_exact_mut(width) {
        let squares: f32 = anchor.iter().map(|value| value * value).sum();
        let length = super::kernel::length(squares);
        anchor.iter_mut().for_each(|value| *value /= length);
    }
    all
}
