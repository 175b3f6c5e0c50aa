//! The action-unit head: node features (Eq. 1), their graph (Eq. 2), and similarity to a trained
//! anchor per unit (Eq. 3).

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay, Param};
use burn::nn::Initializer;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::node::{NodeFeatures, NodeFeaturesConfig, NodeMap};
use crate::cpu;
use crate::graph::{
    GraphConvolution, GraphConvolutionConfig, Similarity, adjacency, assert_neighbours, normalise,
    similarity,
};

/// Configuration of [`ActionUnitHead`].
#[derive(Config, Debug)]
pub struct ActionUnitHeadConfig {
    /// Width of the image feature; positive.
    pub feature_width: usize,
    /// Number of action units; positive. Default: 12.
    #[config(default = 12)]
    pub nodes: usize,
    /// Number of nearest neighbours of a node, itself included; 1 to `nodes`. Default: 4.
    #[config(default = 4)]
    pub neighbours: usize,
    /// How neighbours are found. Default: [`Similarity::Dot`].
    #[config(default = "Similarity::Dot")]
    pub similarity: Similarity,
    /// Dropout of the node maps' inputs in training, in [0, 1). Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// What maps the image feature to a node. Default: [`NodeMap::Normalised`].
    #[config(default = "NodeMap::Normalised")]
    pub node_map: NodeMap,
}

/// Action units from an image feature, by node features on a graph of nearest neighbours.
///
/// 1. `v_i = relu(norm_i(W_i dropout(X) + b_i))` (Eq. 1), [`NodeFeatures`];
/// 2. the graph of `V`, built for each image and constant for the gradient ([`adjacency`]), and one
///    graph convolution on it (Eq. 2), [`GraphConvolution`];
/// 3. `p_i`, the cosine of `relu(v'_i)` and `relu(s_i)` (Eq. 3), [`anchor_similarity`].
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct ActionUnitHead {
    /// The node features of Eq. 1.
    pub nodes: NodeFeatures,
    /// The graph convolution of Eq. 2.
    pub graph: GraphConvolution,
    /// The anchors `s_i` of Eq. 3, `[nodes, width]`.
    pub anchors: Param<Tensor<2>>,
    /// Number of nearest neighbours of a node.
    pub neighbours: usize,
    /// How neighbours are found.
    #[module(skip)]
    pub similarity: Similarity,
}

impl ActionUnitHeadConfig {
    /// Builds the head; anchors are drawn Xavier-uniform, the parts as their own configs say.
    ///
    /// # Panics
    /// If a width or count is zero, `neighbours` is not 1 to `nodes`, or `dropout` is not in
    /// [0, 1).
    pub fn init(&self, device: &Device) -> ActionUnitHead {
        let Self {
            feature_width,
            nodes,
            neighbours,
            ..
        } = *self;
        assert_neighbours(neighbours, nodes);
        // As PyTorch counts the fans of a matrix: the columns in, the rows out.
        let anchors = Initializer::XavierUniform { gain: 1.0 }.init_with(
            [nodes, feature_width],
            Some(feature_width),
            Some(nodes),
            device,
        );
        ActionUnitHead {
            nodes: NodeFeaturesConfig::new(nodes, feature_width)
                .with_map(self.node_map)
                .with_dropout(self.dropout)
                .init(device),
            graph: GraphConvolutionConfig::new(nodes, feature_width).init(device),
            anchors,
            neighbours,
            similarity: self.similarity,
        }
    }
}

impl ModuleDisplay for ActionUnitHead {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [units, width] = self.anchors.shape().dims();
        content
            .add("units", &units)
            .add("feature_width", &width)
            .add("neighbours", &self.neighbours)
            .add_debug_attribute("similarity", &self.similarity)
            .add("nodes", &self.nodes)
            .add("graph", &self.graph)
            .add("anchors", &self.anchors)
            .optional()
    }
}

impl ActionUnitHead {
    /// The probability of each action unit.
    ///
    /// In inference on burn's CPU backend the whole head runs fused.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    /// - output: `[batch, nodes]`, each in [0, 1]
    ///
    /// # Panics
    /// If the width of `features` is not `feature_width`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        if let Some(probabilities) = cpu::action_units(&self.view(), &features) {
            return probabilities;
        }
        let nodes = self.nodes.forward(features);
        let constant = nodes.clone().without_autodiff();
        let topology = adjacency(similarity(constant, self.similarity), self.neighbours);
        let nodes = self.graph.forward(nodes, normalise(topology));
        anchor_similarity(nodes, self.anchors.val())
    }
}

/// The lower bound on the length that a vector is divided by in Eq. 3.
pub(super) const LEAST_NORM: f64 = 1e-12;

/// The cosine of each node and its anchor after ReLU.
///
/// Eq. 3: `p_i = <relu(v_i), relu(s_i)> / (max(|relu(v_i)|, 1e-12) max(|relu(s_i)|, 1e-12))`
///
/// Where a vector has no positive element, the lower bound on its length makes `p_i = 0`, and its
/// gradient 0.
///
/// # Shapes
/// - `nodes`: `[batch, nodes, width]`
/// - `anchors`: `[nodes, width]`
/// - output: `[batch, nodes]`, each in [0, 1] up to rounding
///
/// # Panics
/// If the shapes do not fit each other.
pub fn anchor_similarity(nodes: Tensor<3>, anchors: Tensor<2>) -> Tensor<2> {
    match cpu::anchor_similarity(&nodes, &anchors, LEAST_NORM) {
        Some(similarity) => similarity,
        None => anchor_similarity_in_steps(nodes, anchors),
    }
}

/// As [`anchor_similarity`], by burn's own operations.
pub(crate) fn anchor_similarity_in_steps(nodes: Tensor<3>, anchors: Tensor<2>) -> Tensor<2> {
    let anchors = relu(anchors);
    let anchors = anchors.clone() / norm(anchors);
    let nodes = relu(nodes);
    // The product of both norms as one divisor would underflow: the gradient of a division squares
    // the divisor, and (1e-12 * 1e-12)^2 is no float32.
    let products = (nodes.clone() * anchors.unsqueeze::<3>()).sum_dim(2);
    (products / norm(nodes)).squeeze_dim(2)
}

/// The length of the vectors along the last axis, at least [`LEAST_NORM`].
fn norm<const D: usize>(vectors: Tensor<D>) -> Tensor<D> {
    // The square is clamped and not the root, whose gradient at zero is infinite.
    let squares = vectors.square().sum_dim(D - 1);
    squares.clamp_min(LEAST_NORM * LEAST_NORM).sqrt()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData, Tolerance};

    use super::*;

    fn head(device: &Device) -> ActionUnitHead {
        ActionUnitHeadConfig::new(16).init(device)
    }

    fn features(batch: usize, device: &Device) -> Tensor<2> {
        Tensor::random([batch, 16], Distribution::Normal(0.0, 1.0), device)
    }

    #[test]
    fn probabilities_lie_between_zero_and_one() {
        let device = Device::default();
        let head = head(&device);
        let values = head.forward(features(64, &device)).into_data();
        for value in values.try_to_vec::<f32>().expect("float32") {
            assert!((0.0..=1.0 + 1e-6).contains(&value), "{value}");
        }
    }

    #[test]
    fn permuting_the_units_permutes_the_probabilities() {
        let device = Device::default();
        let head = head(&device);
        let order: [i64; 12] = [7, 2, 11, 0, 5, 1, 9, 3, 10, 4, 8, 6];
        let order = Tensor::from_data(order, &device);
        let select = |p: Param<Tensor<2>>| p.map(|t| t.select(0, order.clone()));

        let mut permuted = head.clone();
        permuted.nodes.weight = permuted.nodes.weight.map(|t| t.select(0, order.clone()));
        permuted.nodes.bias = select(permuted.nodes.bias);
        permuted.anchors = select(permuted.anchors);

        let features = features(5, &device);
        let expected = head.forward(features.clone()).select(1, order.clone());
        permuted
            .forward(features)
            .into_data()
            .assert_approx_eq::<f32>(&expected.into_data(), Tolerance::default());
    }

    #[test]
    fn a_row_alone_scores_as_it_does_in_a_batch() {
        let device = Device::default();
        let head = head(&device);
        let features = features(9, &device);
        let together = head.forward(features.clone());
        for row in 0..9 {
            let alone = head.forward(features.clone().narrow(0, row, 1));
            let expected = together.clone().narrow(0, row, 1).into_data();
            alone
                .into_data()
                .assert_approx_eq::<f32>(&expected, Tolerance::absolute(1e-6));
        }
    }

    #[test]
    fn vectors_without_a_positive_element_give_zero_and_a_zero_gradient() {
        let device = Device::default().autodiff();
        let nodes = Tensor::<3>::from_data([[[0., 0.], [-1., -2.], [1., 2.]]], &device);
        let anchors = Tensor::<2>::from_data([[-1., 0.], [0., 0.], [-1., -1.]], &device);
        let (nodes, anchors) = (nodes.require_grad(), anchors.require_grad());
        let p = anchor_similarity(nodes.clone(), anchors.clone());
        let gradients = p.clone().sum().backward();
        let zeros = |shape: &[usize]| TensorData::zeros::<f32, _>(shape.to_vec());
        p.into_data().assert_eq(&zeros(&[1, 3]), true);
        let gradient = nodes.grad(&gradients).expect("a gradient");
        gradient.into_data().assert_eq(&zeros(&[1, 3, 2]), true);
        let gradient = anchors.grad(&gradients).expect("a gradient");
        gradient.into_data().assert_eq(&zeros(&[3, 2]), true);
    }

    #[test]
    #[should_panic(expected = "the number of neighbours is 1 to 12, not 13")]
    fn too_many_neighbours_are_refused() {
        ActionUnitHeadConfig::new(16)
            .with_neighbours(13)
            .init(&Device::default());
    }
}
