//! Action units from a backbone's map: a map of its own for each unit, and what the units say of each other
//! (ME-GraphAU: Luo et al., arXiv 2205.01782).
//!
//! The map comes as tokens, `[batch, height * width, channels]`: its pixels in any order, each with all its
//! channels.

mod attention;
mod block;
mod config;
mod norm;
mod pair;

pub use attention::{TokenAttention, TokenAttentionConfig};
pub use block::{LinearBlock, LinearBlockConfig};
pub use config::{MapHeadConfig, Relation};
pub use pair::{PairFeatures, PairFeaturesConfig};

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Int, Tensor};

use super::action_unit::anchor_similarity;
use super::node::NodeFeatures;
use crate::graph::{GatedGraphLayer, GraphConvolution, adjacency, normalise, similarity};

/// Action units from the tokens of a map.
///
/// 1. `X = block(tokens)`, fewer features for each token ([`LinearBlock`]);
/// 2. the tokens of each unit, `U_i = relu(norm_i(W_i X + b_i))` ([`NodeFeatures`], Eq. 1 for every token),
///    and its node `v_i`, their mean;
/// 3. what the nodes learn of each other, in one of two ways ([`Relation`]): a graph convolution between
///    nearest neighbours (Eq. 2), ME-GraphAU's first half, which the paper takes; or edge features from
///    the units' tokens ([`PairFeatures`]) and two [`GatedGraphLayer`]s, its second half;
/// 4. `p_i`, the cosine of `relu(v'_i)` and `relu(s_i)` (Eq. 3), [`anchor_similarity`]; a half of the face
///    has an anchor of its own and the node of a whole unit.
///
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use countenance::head::{MapHeadConfig, Relation};
///
/// let device = Device::default();
/// let config = MapHeadConfig::new(32, 8).with_nodes(5).with_relation(Relation::edges());
/// let head = config.init(&device);
/// // Two images with maps of 7 x 7.
/// let tokens = Tensor::<3>::random([2, 49, 32], Distribution::Default, &device);
/// let output = head.forward(tokens);
/// assert_eq!(output.action_units.dims(), [2, 5]);
/// assert_eq!(output.edge_logits.unwrap().dims(), [2, 5, 5, 4]);
/// ```
#[derive(Module, Debug)]
pub struct MapHead {
    /// Tokens of the map to those of the face.
    pub block: LinearBlock,
    /// Tokens of the face to those of each unit.
    pub nodes: NodeFeatures,
    /// The convolution of nearest neighbours, in [`Relation::Nearest`].
    pub graph: Option<GraphConvolution>,
    /// The features of the edges, in [`Relation::Edges`].
    pub edges: Option<PairFeatures>,
    /// The two layers on nodes and edges, in [`Relation::Edges`].
    pub gates: Vec<GatedGraphLayer>,
    /// What the edges are told apart by in training, where there is such a classifier.
    pub edge_classifier: Option<Linear>,
    /// The anchors `s_i` of Eq. 3, `[nodes, width]`.
    pub anchors: Param<Tensor<2>>,
    /// The anchors of the halves, `[halves, width]`, where there are any.
    pub half_anchors: Option<Param<Tensor<2>>>,
    /// What the head was made from.
    #[module(skip)]
    pub config: MapHeadConfig,
}

/// What a [`MapHead`] says.
#[derive(Clone, Debug)]
pub struct MapHeadOutput {
    /// `[batch, nodes + halves]`, each in [0, 1]: the units, then the halves.
    pub action_units: Tensor<2>,
    /// `[batch, nodes, nodes, 4]`: of each pair (i, j), logits of the class `2 y_i + y_j` of its labels;
    /// what an [`EdgeLoss`](crate::loss::EdgeLoss) is given.
    pub edge_logits: Option<Tensor<4>>,
}

/// Images that inference takes at once: every pair of units of every one of them has as many shares as
/// tokens squared. In training the norms tie a batch together.
const AT_ONCE: usize = 32;

impl MapHead {
    /// The probability of each unit, and what the edges say.
    ///
    /// # Shapes
    /// - `tokens`: `[batch, tokens, channels]`
    ///
    /// # Panics
    /// If the width of `tokens` is not `channels`.
    pub fn forward(&self, tokens: Tensor<3>) -> MapHeadOutput {
        let [batch, ..] = tokens.dims();
        if batch <= AT_ONCE || tokens.device().is_autodiff() {
            return self.at_once(tokens);
        }
        let parts = tokens.split(AT_ONCE, 0).into_iter();
        let parts = parts.map(|part| self.at_once(part));
        let (units, edges): (Vec<_>, Vec<_>) = parts
            .map(|output| (output.action_units, output.edge_logits))
            .unzip();
        let edges: Option<Vec<_>> = edges.into_iter().collect();
        MapHeadOutput {
            action_units: Tensor::cat(units, 0),
            edge_logits: edges.map(|edges| Tensor::cat(edges, 0)),
        }
    }

    fn at_once(&self, tokens: Tensor<3>) -> MapHeadOutput {
        let (nodes, edges) = self.related(tokens);
        let edge_logits = edges.zip(self.edge_classifier.as_ref());
        let edge_logits = edge_logits.map(|(edges, classifier)| {
            let [batch, count, _, width] = edges.dims();
            let rows = edges.reshape([batch * count * count, width]);
            let logits = classifier.forward(rows);
            logits.reshape([batch, count, count, Self::EDGE_CLASSES])
        });
        MapHeadOutput {
            action_units: self.scores(nodes),
            edge_logits,
        }
    }

    /// As [`forward`](Self::forward), of features as [`FeatureKind::Maps`](crate::network::FeatureKind::Maps)
    /// has them.
    ///
    /// # Shapes
    /// - `features`: `[batch, tokens * channels]`
    ///
    /// # Panics
    /// If the width of `features` is no multiple of `channels`.
    pub fn forward_flat(&self, features: Tensor<2>) -> MapHeadOutput {
        self.forward(tokens(features, self.config.channels))
    }

    /// The mean of the tokens of such features, `[batch, channels]`: what heads on features read.
    ///
    /// # Panics
    /// As [`forward_flat`](Self::forward_flat).
    pub fn mean(&self, features: Tensor<2>) -> Tensor<2> {
        let tokens = tokens(features, self.config.channels);
        tokens.mean_dim(1).squeeze_dim(1)
    }

    /// The classes of an edge: neither unit, the second alone, the first alone, both.
    pub const EDGE_CLASSES: usize = 4;

    /// The nodes when they have learnt of each other, and the edges if those are features.
    fn related(&self, tokens: Tensor<3>) -> (Tensor<3>, Option<Tensor<4>>) {
        let face = self.block.forward(tokens);
        let [batch, length, width] = face.dims();
        let [count, _] = self.anchors.dims();
        // Every token of every image is a row to the maps of the units.
        let units = self
            .nodes
            .forward(face.clone().reshape([batch * length, width]));
        let units = units.reshape([batch, length, count, width]);
        let nodes = units.clone().mean_dim(1).squeeze_dim::<3>(1);
        let (Some(edges), false) = (&self.edges, self.gates.is_empty()) else {
            return (self.convolved(nodes), None);
        };
        let mut nodes = nodes;
        let mut edges = edges.forward(units.swap_dims(1, 2), face);
        for layer in &self.gates {
            (nodes, edges) = layer.forward(nodes, edges);
        }
        (nodes, Some(edges))
    }

    /// The graph convolution between the nearest neighbours of `nodes`.
    fn convolved(&self, nodes: Tensor<3>) -> Tensor<3> {
        let (
            Some(graph),
            Relation::Nearest {
                neighbours,
                similarity: kind,
            },
        ) = (&self.graph, &self.config.relation)
        else {
            return nodes;
        };
        let constant = nodes.clone().without_autodiff();
        let topology = adjacency(similarity(constant, *kind), *neighbours);
        graph.forward(nodes, normalise(topology))
    }

    fn scores(&self, nodes: Tensor<3>) -> Tensor<2> {
        let whole = anchor_similarity(nodes.clone(), self.anchors.val());
        let Some(anchors) = &self.half_anchors else {
            return whole;
        };
        let of = places(&self.config.halves, &nodes.device());
        let halves = anchor_similarity(nodes.select(1, of), anchors.val());
        Tensor::cat(vec![whole, halves], 1)
    }

    /// The head with the parts of `other` that both have before the units learn of each other, and its
    /// anchors: how a head on edges goes on from one on nearest neighbours.
    ///
    /// # Panics
    /// If `other` has other widths, nodes or halves.
    pub fn going_on_from(mut self, other: &Self) -> Self {
        let sizes = |head: &Self| {
            let MapHeadConfig {
                channels,
                width,
                nodes,
                ..
            } = head.config;
            (channels, width, nodes, head.config.halves.clone())
        };
        assert_eq!(sizes(&self), sizes(other), "sizes of the two heads");
        self.block = other.block.clone();
        self.nodes = other.nodes.clone();
        self.anchors = other.anchors.clone();
        self.half_anchors = other.half_anchors.clone();
        self
    }
}

/// Flattened maps as their tokens.
fn tokens(features: Tensor<2>, channels: usize) -> Tensor<3> {
    let [batch, width] = features.dims();
    assert_eq!(width % channels, 0, "whole tokens of {channels} channels");
    features.reshape([batch, width / channels, channels])
}

/// Places as indices on `device`.
fn places(places: &[usize], device: &Device) -> Tensor<1, Int> {
    let places: Vec<i32> = places.iter().map(|&place| place as i32).collect();
    Tensor::from_data(places.as_slice(), device)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tolerance;

    use super::*;
    use crate::testing::{Draw, drawn};

    fn head(relation: Relation) -> MapHead {
        let config = MapHeadConfig::new(6, 4)
            .with_nodes(3)
            .with_halves(vec![2, 0])
            .with_relation(relation);
        config.init(&Device::default()).map(&mut Draw(3))
    }

    #[test]
    fn images_score_alone_as_they_do_in_a_batch_larger_than_what_is_taken_at_once() {
        let tokens = drawn([AT_ONCE + 5, 4, 6], 5, &Device::default());
        for relation in [Relation::nearest(2), Relation::edges()] {
            let head = head(relation);
            let together = head.forward(tokens.clone());
            for row in [0, AT_ONCE - 1, AT_ONCE, AT_ONCE + 4] {
                let alone = head.forward(tokens.clone().narrow(0, row, 1));
                let units = together.action_units.clone().narrow(0, row, 1);
                let close = Tolerance::absolute(1e-5);
                let found = alone.action_units.into_data();
                found.assert_approx_eq::<f32>(&units.into_data(), close);
                if let (Some(alone), Some(together)) = (alone.edge_logits, &together.edge_logits) {
                    let edges = together.clone().narrow(0, row, 1).into_data();
                    alone.into_data().assert_approx_eq::<f32>(&edges, close);
                }
            }
        }
    }

    #[test]
    fn the_second_half_goes_on_from_the_blocks_and_anchors_of_the_first() {
        let first = head(Relation::nearest(3));
        let second = MapHeadConfig::new(6, 4)
            .with_nodes(3)
            .with_halves(vec![2, 0])
            .with_relation(Relation::edges())
            .init(&Device::default())
            .map(&mut Draw(90))
            .going_on_from(&first);
        let [first, second] = [&first, &second].map(crate::weights::collect);
        for (name, data) in second {
            let other = first.iter().find(|(other, _)| *other == name);
            match name.split('.').next() {
                Some("edges" | "gates" | "edge_classifier") => assert!(other.is_none(), "{name}"),
                _ => assert_eq!(other.map(|(_, data)| data), Some(&data), "{name}"),
            }
        }
    }

    #[test]
    fn the_order_of_the_tokens_does_not_matter() {
        let tokens = drawn([2, 5, 6], 5, &Device::default());
        let order = Tensor::from_data([3, 0, 4, 2, 1], &Device::default());
        for relation in [Relation::nearest(2), Relation::edges()] {
            let head = head(relation);
            let expected = head.forward(tokens.clone()).action_units.into_data();
            let turned = head.forward(tokens.clone().select(1, order.clone()));
            let close = Tolerance::absolute(1e-5);
            let found = turned.action_units.into_data();
            found.assert_approx_eq::<f32>(&expected, close);
        }
    }
}
