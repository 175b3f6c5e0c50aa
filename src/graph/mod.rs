//! Nearest-neighbour graphs over the action units, and the graph convolution (Eq. 2).
//!
//! [`similarity`], [`adjacency`] and [`normalise`] are pure functions that make one small graph per
//! image; [`GraphConvolution`] is the layer that runs on it.

mod gcn;
mod knn;

pub use gcn::{GraphConvolution, GraphConvolutionConfig};
pub(crate) use gcn::{bias_initializer, normal_linear};
pub(crate) use knn::assert_neighbours;
pub use knn::{Similarity, adjacency, normalise, similarity};
