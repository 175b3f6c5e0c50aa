//! One gated graph layer, on nodes and on the edges between every two of them.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Tensor};

use super::normal_linear;

/// Where the ReLU of a node's update stands.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum NodeUpdate {
    /// Around the sum, `relu(v + norm(...))`: ME-GraphAU's.
    AroundSum,
    /// Before the sum, `v + relu(norm(...))`: OpenGraphAU's.
    BeforeSum,
}

/// Configuration of [`GatedGraphLayer`].
#[derive(Config, Debug)]
pub struct GatedGraphLayerConfig {
    /// Number of nodes of the graph; positive.
    pub nodes: usize,
    /// Number of features of a node and of an edge; positive.
    pub width: usize,
    /// Where the ReLU of a node's update stands. Default: [`NodeUpdate::AroundSum`].
    #[config(default = "NodeUpdate::AroundSum")]
    pub update: NodeUpdate,
}

/// A residual gated graph layer: edges learn from their two nodes, nodes from all of them through gates
/// that the edges hold (Bresson and Laurent, arXiv 1711.07553; Luo et al., arXiv 2205.01782).
///
/// Of nodes `v_i` and edges `e_ij`, where the edge ends at i and starts at j:
///
/// ```text
/// e'_ij = e_ij + relu(norm_e(v_i A + v_j B + e_ij E))
/// g_ij  = exp(sigmoid(e'_ij)) / sum_k exp(sigmoid(e'_ik))     for each feature
/// v'_i  = relu(v_i + norm_v(v_i U + 1/N sum_j g_ij (v_j V)))
/// ```
///
/// `norm_e` has one mean and variance per edge and `norm_v` one per node, over the batch and the features.
///
/// # Deviation
/// The running variances move by the batch's population variance, as [`GraphConvolution`](super::GraphConvolution)'s does.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct GatedGraphLayer {
    /// The map of the node itself, `U`.
    pub u: Linear,
    /// The map of the nodes where edges start, `V`.
    pub v: Linear,
    /// What an edge learns of the node where it ends, `A`.
    pub a: Linear,
    /// What an edge learns of the node where it starts, `B`.
    pub b: Linear,
    /// What an edge keeps of itself, `E`.
    pub e: Linear,
    /// The norm over the node axis.
    pub node_norm: BatchNorm,
    /// The norm over all pairs of nodes.
    pub edge_norm: BatchNorm,
    /// Where the ReLU of a node's update stands.
    #[module(skip)]
    pub update: NodeUpdate,
}

impl GatedGraphLayerConfig {
    /// Builds the layer: weights from `N(0, 2 / width)`, no biases, the norms' scales one and shifts zero.
    ///
    /// # Panics
    /// If `nodes` or `width` is zero.
    pub fn init(&self, device: &Device) -> GatedGraphLayer {
        let std = (2.0 / self.width as f64).sqrt();
        let map = || Linear {
            bias: None,
            ..normal_linear(self.width, self.width, std, device)
        };
        GatedGraphLayer {
            u: map(),
            v: map(),
            a: map(),
            b: map(),
            e: map(),
            node_norm: BatchNormConfig::new(self.nodes).init(device),
            edge_norm: BatchNormConfig::new(self.nodes * self.nodes).init(device),
            update: self.update,
        }
    }
}

impl ModuleDisplay for GatedGraphLayer {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [nodes] = self.node_norm.gamma.shape().dims();
        let [width, _] = self.u.weight.shape().dims();
        content
            .add("nodes", &nodes)
            .add("width", &width)
            .add_debug_attribute("update", &self.update)
            .optional()
    }
}

impl GatedGraphLayer {
    /// The nodes and the edges after one exchange.
    ///
    /// # Shapes
    /// - `nodes`: `[batch, nodes, width]`
    /// - `edges`: `[batch, nodes, nodes, width]`, the node where an edge ends before the one where it starts
    /// - outputs: the same
    ///
    /// # Panics
    /// If the shapes do not fit the config or each other.
    ///
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use countenance::graph::GatedGraphLayerConfig;
    ///
    /// let device = Device::default();
    /// let layer = GatedGraphLayerConfig::new(3, 8).init(&device);
    /// let nodes = Tensor::<3>::ones([2, 3, 8], &device);
    /// let edges = Tensor::<4>::ones([2, 3, 3, 8], &device);
    /// let (nodes, edges) = layer.forward(nodes, edges);
    /// assert_eq!((nodes.dims(), edges.dims()), ([2, 3, 8], [2, 3, 3, 8]));
    /// ```
    pub fn forward(&self, nodes: Tensor<3>, edges: Tensor<4>) -> (Tensor<3>, Tensor<4>) {
        let [batch, count, width] = nodes.dims();
        assert_eq!(
            edges.dims(),
            [batch, count, count, width],
            "shape of the edges"
        );
        let of_node = |map: &Linear| {
            let rows = nodes.clone().reshape([batch * count, width]);
            map.forward(rows).reshape([batch, count, width])
        };
        let pairs = [batch, count, count, width];
        let own = edges.clone().reshape([batch * count * count, width]);
        let own = self.e.forward(own).reshape(pairs);
        let ends = of_node(&self.a).unsqueeze_dim::<4>(2);
        let starts = of_node(&self.b).unsqueeze_dim::<4>(1);
        let learnt = (own + ends + starts).reshape([batch, count * count, width]);
        let edges = edges + relu(self.edge_norm.forward(learnt).reshape(pairs));

        // What a sigmoid gives needs no largest taken off before the exponential.
        let gates = sigmoid(edges.clone()).exp();
        let sources = of_node(&self.v).unsqueeze_dim::<4>(1);
        // The gates of a node share one divisor, so the sum is divided and not each gate.
        let gathered = (gates.clone() * sources).sum_dim(2) / gates.sum_dim(2);
        let gathered = gathered.squeeze_dim::<3>(2).div_scalar(count as f64);
        let update = self.node_norm.forward(of_node(&self.u) + gathered);
        let nodes = match self.update {
            NodeUpdate::AroundSum => relu(nodes + update),
            NodeUpdate::BeforeSum => nodes + relu(update),
        };
        (nodes, edges)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Tolerance;

    use super::*;
    use crate::testing::{Draw, drawn};

    #[test]
    fn permuting_the_nodes_permutes_nodes_and_edges() {
        let device = Device::default();
        let layer = GatedGraphLayerConfig::new(4, 6).init(&device);
        let nodes = drawn([2, 4, 6], 1, &device);
        let edges = drawn([2, 4, 4, 6], 2, &device);
        let order = Tensor::from_data([2, 0, 3, 1], &device);
        let both = |edges: Tensor<4>| edges.select(1, order.clone()).select(2, order.clone());
        let expected = layer.forward(nodes.clone(), edges.clone());
        let found = layer.forward(nodes.select(1, order.clone()), both(edges));
        let alike = Tolerance::absolute(1e-5);
        let nodes = expected.0.select(1, order.clone()).into_data();
        found.0.into_data().assert_approx_eq::<f32>(&nodes, alike);
        let edges = both(expected.1).into_data();
        found.1.into_data().assert_approx_eq::<f32>(&edges, alike);
    }

    #[test]
    fn an_edge_learns_more_of_its_end_than_of_its_start_where_the_map_of_starts_is_nothing() {
        let device = Device::default();
        let mut layer = GatedGraphLayerConfig::new(3, 5)
            .init(&device)
            .map(&mut Draw(4));
        layer.b.weight = layer.b.weight.map(|weight| weight.zeros_like());
        let nodes = drawn([1, 3, 5], 1, &device);
        let edges = drawn([1, 3, 3, 5], 2, &device);
        let before = layer.forward(nodes.clone(), edges.clone()).1;
        let moved = nodes.slice_assign([0..1, 1..2, 0..5], drawn([1, 1, 5], 7, &device));
        let change = (layer.forward(moved, edges).1 - before).abs();
        let change = change.sum_dim(3).reshape([9]).into_data();
        let change: Vec<f32> = change.iter().collect();
        for (pair, change) in change.into_iter().enumerate() {
            assert_eq!(change > 0.0, pair / 3 == 1, "pair {pair}: {change}");
        }
    }
}
