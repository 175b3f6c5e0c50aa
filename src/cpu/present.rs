//! The door of a build with burn's CPU backend.

use burn::tensor::Tensor;

pub(crate) use super::cache::Cache;
pub(crate) use super::inference::{action_units, profile};
pub(crate) use super::training::{
    anchor_similarity, ascend, descend, dropout, graph_convolution, node_features, sum_of_squares,
};
use super::view::Backbone;
use super::{inference, training};

/// The pooled feature of each image, or nothing where only burn's own operations will do: in
/// training, on another device than burn's CPU backend, for numbers that are not 32-bit floats, for
/// a layer that no kernel knows.
pub(crate) fn features(
    cache: &Cache,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    inference::features(&cache.inference, network, images)
}

/// The pooled feature of each image in training, or nothing where only burn's own operations will
/// do: without autodiff, on another device than burn's CPU backend, with gradient checkpointing, for
/// numbers that are not 32-bit floats, for a layer that no kernel knows.
pub(crate) fn features_training(
    cache: &Cache,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    training::features(&cache.training, network, images)
}
