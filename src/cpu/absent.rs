//! The door of a build without burn's CPU backend: every function declines.

#![allow(
    clippy::result_large_err,
    reason = "as in the other door: the tensors go back as they came"
)]

use burn::nn::Dropout;
use burn::tensor::Tensor;

use crate::cpu::profile::Profile;
use crate::cpu::view::{ActionUnitHead, Backbone, Descent, GraphConvolution, NodeFeatures};

/// Nothing is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache;

pub(crate) fn features(_: &Cache, _: &Backbone<'_>, _: &Tensor<4>) -> Option<Tensor<2>> {
    None
}

pub(crate) fn features_training(_: &Backbone<'_>, _: &Tensor<4>) -> Option<Tensor<2>> {
    None
}

pub(crate) fn profile(_: &Backbone<'_>, _: [usize; 2], _: usize) -> Option<Profile> {
    None
}

pub(crate) fn action_units(_: &ActionUnitHead<'_>, _: &Tensor<2>) -> Option<Tensor<2>> {
    None
}

pub(crate) fn node_features(_: &NodeFeatures<'_>, _: &Tensor<2>) -> Option<Tensor<3>> {
    None
}

pub(crate) fn dropout(_: &Dropout, _: &Tensor<3>) -> Option<Tensor<3>> {
    None
}

pub(crate) fn graph_convolution(
    _: &GraphConvolution<'_>,
    _: &Tensor<3>,
    _: &Tensor<3>,
) -> Option<Tensor<3>> {
    None
}

pub(crate) fn anchor_similarity(_: &Tensor<3>, _: &Tensor<2>, _: f64) -> Option<Tensor<2>> {
    None
}

pub(crate) fn sum_of_squares<const D: usize>(
    _: &Tensor<D>,
    _: Option<&Tensor<D>>,
) -> Option<Tensor<1>> {
    None
}

pub(crate) fn ascend<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    _: &Tensor<1>,
    _: bool,
) -> Result<Tensor<D>, [Tensor<D>; 2]> {
    Err([weight, gradient])
}

pub(crate) fn descend<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    _: Option<&mut Option<Tensor<D>>>,
    _: Descent,
) -> Result<Tensor<D>, [Tensor<D>; 2]> {
    Err([weight, gradient])
}
