//! Nearest-neighbour graphs over the action units, and the graph convolution (Eq. 2); the gated layer on
//! edges that are features themselves.
//!
//! [`similarity`], [`adjacency`] and [`normalise`] are pure functions that make one small graph per
//! image; [`GraphConvolution`] is the layer that runs on it. [`GatedGraphLayer`] runs on every pair of
//! nodes, of which each has features of its own.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Distribution, Tensor};
//! use countenance::graph::{
//!     GraphConvolutionConfig, Similarity, adjacency, normalise, similarity,
//! };
//!
//! let device = Device::default();
//! let layer = GraphConvolutionConfig::new(5, 16).init(&device);
//! // Two images with five nodes of sixteen features each.
//! let nodes = Tensor::<3>::random([2, 5, 16], Distribution::Normal(0.0, 1.0), &device);
//!
//! let graph = adjacency(similarity(nodes.clone(), Similarity::Cosine), 3);
//! let degrees = graph.clone().sum_dim(2);
//! assert_eq!(degrees.min().into_scalar::<f32>(), 3.0);
//! let nodes = layer.forward(nodes, normalise(graph));
//! assert_eq!(nodes.dims(), [2, 5, 16]);
//! ```

mod gated;
mod gcn;
mod knn;

pub use gated::{GatedGraphLayer, GatedGraphLayerConfig, NodeUpdate};
pub use gcn::{GraphConvolution, GraphConvolutionConfig};
pub(crate) use gcn::{bias_initializer, normal_linear};
pub(crate) use knn::assert_neighbours;
pub use knn::{Similarity, adjacency, normalise, similarity};
