//! One feature vector per action unit (Eq. 1), for all units in one batched product.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::dense::dense_std;
use crate::cpu;
use crate::graph::bias_initializer;

/// What maps the image feature to a unit's feature.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum NodeMap {
    /// The paper's: dropout, linear map, batch norm over every feature, ReLU.
    Normalised,
    /// OpenFace 3.0's: the linear map alone.
    Plain,
}

/// Configuration of [`NodeFeatures`].
#[derive(Config, Debug)]
pub struct NodeFeaturesConfig {
    /// Number of nodes, one per action unit; positive.
    pub nodes: usize,
    /// Width of the image feature and of each node's; positive.
    pub width: usize,
    /// What stands before and behind the linear maps. Default: [`NodeMap::Normalised`].
    #[config(default = "NodeMap::Normalised")]
    pub map: NodeMap,
    /// Probability, in [0, 1), that training drops an element of a node's input. Without effect on
    /// [`NodeMap::Plain`]. Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// How much wider than `1 / width` the weights' variance is; positive. Default: 1.
    #[config(default = 1.0)]
    pub gain: f64,
}

/// The node features of Eq. 1, `v_i = relu(norm_i(W_i dropout_i(X) + b_i))`, for i = 1..N.
///
/// The N maps are one parameter and one batched product. Each node draws its own dropout. The norm
/// is one batch norm over all `nodes * width` channels, which is the same as one per node: a batch
/// norm treats every channel on its own.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct NodeFeatures {
    /// The maps `W_i`, `[nodes, input, output]`.
    pub weight: Param<Tensor<3>>,
    /// The shifts `b_i`, `[nodes, output]`.
    pub bias: Param<Tensor<2>>,
    /// The norm over `nodes * width` channels, node by node; absent in [`NodeMap::Plain`].
    pub norm: Option<BatchNorm>,
    /// The dropout of the maps' inputs.
    pub dropout: Dropout,
}

impl NodeFeaturesConfig {
    /// Builds the maps: weights from `N(0, gain / width)`, biases from `U(-b, b)` with
    /// `b = 1 / sqrt(width)`, the norm's scale one and shift zero.
    ///
    /// # Panics
    /// If `nodes` or `width` is zero, or `dropout` is not in [0, 1).
    pub fn init(&self, device: &Device) -> NodeFeatures {
        let Self { nodes, width, .. } = *self;
        assert!(nodes > 0 && width > 0, "nodes and widths are positive");
        let weight = Initializer::Normal {
            mean: 0.0,
            std: dense_std(width) * self.gain.sqrt(),
        };
        let (norm, dropout) = match self.map {
            NodeMap::Normalised => (
                Some(BatchNormConfig::new(nodes * width).init(device)),
                self.dropout,
            ),
            NodeMap::Plain => (None, 0.0),
        };
        NodeFeatures {
            weight: weight.init([nodes, width, width], device),
            bias: bias_initializer(width).init([nodes, width], device),
            norm,
            dropout: DropoutConfig::new(dropout).init(),
        }
    }
}

impl ModuleDisplay for NodeFeatures {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [nodes, width, _] = self.weight.shape().dims();
        content
            .add("nodes", &nodes)
            .add("width", &width)
            .add("norm", &self.norm)
            .add("dropout", &self.dropout)
            .optional()
    }
}

impl NodeFeatures {
    /// One feature vector per node.
    ///
    /// # Shapes
    /// - `features`: `[batch, width]`
    /// - output: `[batch, nodes, width]`; not negative unless the map is [`NodeMap::Plain`]
    ///
    /// # Panics
    /// If the width of `features` is not `width`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<3> {
        let [_, width, _] = self.weight.dims();
        let [_, found] = features.dims();
        assert_eq!(found, width, "width of the features");

        match cpu::node_features(&self.view(), &features) {
            Some(nodes) => nodes,
            None => self.forward_in_steps(features),
        }
    }

    /// As [`forward`](Self::forward), by burn's own operations.
    pub(crate) fn forward_in_steps(&self, features: Tensor<2>) -> Tensor<3> {
        let weight = self.weight.val();
        let [nodes, width, _] = weight.dims();
        let [batch, _] = features.dims();
        // Every node reads the same rows. The expansion copies nothing, and without dropout the
        // batched product reads it in place.
        let inputs = features.unsqueeze::<3>().expand([nodes, batch, width]);
        // On a CPU the same masks are drawn as by the fused operation.
        let inputs = match cpu::dropout(&self.dropout, &inputs) {
            Some(dropped) => dropped,
            None => self.dropout.forward(inputs),
        };
        let mapped = inputs.matmul(weight) + self.bias.val().unsqueeze_dim::<3>(1);
        let mapped = mapped.swap_dims(0, 1);
        match &self.norm {
            None => mapped,
            Some(norm) => {
                let channels = norm.forward(mapped.reshape([batch, nodes * width]));
                relu(channels).reshape([batch, nodes, width])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData};

    use super::*;

    fn features(batch: usize, device: &Device) -> Tensor<2> {
        Tensor::random([batch, 64], Distribution::Normal(0.0, 1.0), device)
    }

    #[test]
    fn every_node_draws_its_own_dropout_per_element() {
        let device = Device::default().autodiff();
        let mut maps = NodeFeaturesConfig::new(3, 64).init(&device);
        // With the identity as the map and no norm the output is the dropped input.
        let identity = Tensor::<2>::eye(64, &device).unsqueeze::<3>();
        maps.weight = Param::from_tensor(identity.expand([3, 64, 64]));
        maps.bias = Param::from_tensor(Tensor::zeros([3, 64], &device));
        maps.norm = None;

        let output = maps.forward(Tensor::ones([32, 64], &device));
        let kept = output.clone().mean().into_scalar::<f32>() / 2.0;
        assert!((kept - 0.5).abs() < 0.05, "{kept} of the elements kept");
        let difference = output.clone().narrow(1, 0, 1) - output.narrow(1, 1, 1);
        let apart = difference.abs().mean().into_scalar::<f32>() / 2.0;
        assert!((apart - 0.5).abs() < 0.05, "{apart} of the elements differ");
    }

    #[test]
    fn dropout_acts_in_training_alone() {
        let device = Device::default().autodiff();
        let maps = NodeFeaturesConfig::new(2, 64).init(&device).valid();
        let features = features(4, &device.inner());
        let once = maps.forward(features.clone()).into_data();
        maps.forward(features).into_data().assert_eq(&once, true);
    }

    #[test]
    fn a_single_row_trains_to_finite_figures() {
        let device = Device::default().autodiff();
        let maps = NodeFeaturesConfig::new(2, 64).init(&device);
        let features = features(1, &device).require_grad();
        let total = maps.forward(features.clone()).square().sum();
        let gradient = features.grad(&total.backward()).expect("a gradient");
        let finite = gradient.is_finite().all().into_data();
        finite.assert_eq(&TensorData::from([true]), false);
    }
}
