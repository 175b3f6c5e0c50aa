//! One graph-convolution layer (Eq. 2).

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, Linear};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::cpu;

/// Configuration of [`GraphConvolution`].
#[derive(Config, Debug)]
pub struct GraphConvolutionConfig {
    /// Number of nodes of the graph; positive.
    pub nodes: usize,
    /// Number of features of a node; positive.
    pub width: usize,
}

/// Graph convolution with a residual connection and a norm per node.
///
/// The `f_FGG` of Eq. 2, for a normalised adjacency `A_hat`:
///
/// `V' = relu(V + norm(A_hat (V W_v + b_v) + (V W_u + b_u)))`
///
/// `norm` is a batch norm over the **node** axis: one mean and variance per node, over the batch
/// and the features. In training on an autodiff device it uses the batch's statistics, else its
/// running ones.
///
/// # Deviation
/// The running variance moves by the batch's population variance, as everywhere in burn. PyTorch
/// moves it by the sample variance, larger by `n / (n - 1)` with `n = batch * features`.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct GraphConvolution {
    /// The map of the node itself, `U`.
    pub u: Linear,
    /// The map of the node's neighbours, `V`.
    pub v: Linear,
    /// The norm over the node axis.
    pub norm: BatchNorm,
}

impl GraphConvolutionConfig {
    /// Builds the layer: weights from `N(0, 2 / width)`, biases from `U(-b, b)` with
    /// `b = 1 / sqrt(width)`, the norm's scale one and shift zero.
    ///
    /// # Panics
    /// If `nodes` or `width` is zero.
    pub fn init(&self, device: &Device) -> GraphConvolution {
        let std = (2.0 / self.width as f64).sqrt();
        GraphConvolution {
            u: normal_linear(self.width, self.width, std, device),
            v: normal_linear(self.width, self.width, std, device),
            norm: BatchNormConfig::new(self.nodes).init(device),
        }
    }
}

impl ModuleDisplay for GraphConvolution {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [nodes] = self.norm.gamma.shape().dims();
        let [width, _] = self.u.weight.shape().dims();
        content
            .add("nodes", &nodes)
            .add("width", &width)
            .add("u", &self.u)
            .add("v", &self.v)
            .add("norm", &self.norm)
            .optional()
    }
}

impl GraphConvolution {
    /// The nodes after one exchange with their neighbours.
    ///
    /// # Shapes
    /// - `nodes`: `[batch, nodes, width]`
    /// - `adjacency`: `[batch, nodes, nodes]`, normalised
    /// - output: `[batch, nodes, width]`, not negative
    ///
    /// # Panics
    /// If the shapes do not fit the config or each other.
    pub fn forward(&self, nodes: Tensor<3>, adjacency: Tensor<3>) -> Tensor<3> {
        match cpu::graph_convolution(&self.view(), &nodes, &adjacency) {
            Some(nodes) => nodes,
            None => self.forward_in_steps(nodes, adjacency),
        }
    }

    /// The parameters of the layer, as the CPU engine takes them.
    pub(crate) fn view(&self) -> cpu::view::GraphConvolution<'_> {
        cpu::view::GraphConvolution {
            own: &self.u,
            neighbours: &self.v,
            norm: &self.norm,
        }
    }

    /// As [`forward`](Self::forward), by burn's own operations.
    pub(crate) fn forward_in_steps(&self, nodes: Tensor<3>, adjacency: Tensor<3>) -> Tensor<3> {
        let neighbours = adjacency.matmul(self.v.forward(nodes.clone()));
        let update = neighbours + self.u.forward(nodes.clone());
        relu(nodes + self.norm.forward(update))
    }
}

/// A linear layer with weights from `N(0, std^2)` and biases from `U(-b, b)`,
/// `b = 1 / sqrt(input)`.
///
/// # Panics
/// If `input` or `output` is zero.
pub(crate) fn normal_linear(input: usize, output: usize, std: f64, device: &Device) -> Linear {
    assert!(input > 0 && output > 0, "widths are positive");
    let weight = Initializer::Normal { mean: 0.0, std };
    Linear {
        weight: weight.init([input, output], device),
        bias: Some(bias_initializer(input).init([output], device)),
    }
}

/// The distribution of the biases of a map from `input` features.
pub(crate) fn bias_initializer(input: usize) -> Initializer {
    let bound = 1.0 / (input as f64).sqrt();
    Initializer::Uniform {
        min: -bound,
        max: bound,
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;
    use crate::graph::{Similarity, adjacency, normalise, similarity};

    #[test]
    fn permuting_the_nodes_permutes_the_output() {
        let device = Device::default();
        let layer = GraphConvolutionConfig::new(6, 8).init(&device);
        let nodes = Tensor::<3>::random([2, 6, 8], Distribution::Default, &device);
        let order = Tensor::from_data([3, 0, 5, 1, 4, 2], &device);
        let run = |nodes: Tensor<3>| {
            let graph = adjacency(similarity(nodes.clone(), Similarity::Dot), 3);
            layer.forward(nodes, normalise(graph))
        };
        let expected = run(nodes.clone()).select(1, order.clone()).into_data();
        run(nodes.select(1, order))
            .into_data()
            .assert_approx_eq::<f32>(&expected, Tolerance::default());
    }

    #[test]
    fn weights_spread_as_configured() {
        let device = Device::default();
        let weight = normal_linear(200, 300, 0.25, &device).weight.val();
        let std = weight.square().mean().sqrt().into_scalar::<f32>();
        assert!((std - 0.25).abs() < 0.01, "{std}");
    }
}
