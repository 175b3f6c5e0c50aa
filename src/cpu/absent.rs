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

macro_rules! declining {
    ($($name:ident($($given:ty),*) -> $made:ty;)*) => {
        $(pub(crate) fn $name($(_: $given),*) -> Option<$made> {
            None
        })*
    };
}

declining! {
    features(&Cache, &Backbone<'_>, &Tensor<4>) -> Tensor<2>;
    features_training(&Backbone<'_>, &Tensor<4>) -> Tensor<2>;
    profile(&Backbone<'_>, [usize; 2], usize) -> Profile;
    action_units(&ActionUnitHead<'_>, &Tensor<2>) -> Tensor<2>;
    node_features(&NodeFeatures<'_>, &Tensor<2>) -> Tensor<3>;
    dropout(&Dropout, &Tensor<3>) -> Tensor<3>;
    graph_convolution(&GraphConvolution<'_>, &Tensor<3>, &Tensor<3>) -> Tensor<3>;
    anchor_similarity(&Tensor<3>, &Tensor<2>, f64) -> Tensor<2>;
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
