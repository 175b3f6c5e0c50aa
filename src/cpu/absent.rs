//! The door of a build without burn's CPU backend: every function declines.

#![allow(
    clippy::result_large_err,
    reason = "as in the other door: the tensors go back as they came"
)]

use burn::nn::Dropout;
use burn::tensor::Tensor;

use crate::cpu::profile::Profile;
use crate::cpu::simd::LANES;
use crate::cpu::view::{
    ActionUnitHead, Backbone, CellNetwork, Descent, GraphConvolution, NodeFeatures, PatchNetwork,
    Visit,
};

/// Nothing is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache;

/// Nothing is kept.
pub(crate) type CellCache = Cache;

/// Nothing is kept.
pub(crate) type PatchCache = Cache;

/// What is called with the number of a patch and the numbers of its cells.
pub(crate) fn patches<T>(
    _: &PatchCache,
    _: &PatchNetwork<'_>,
    _: &[[usize; 2]],
    _: impl Fn(usize, &mut [f32]) + Sync,
    _: impl Fn(usize, &[[f32; LANES]]) -> T + Sync,
) -> Option<Vec<T>> {
    None
}

macro_rules! declining {
    ($($name:ident($($given:ty),*) -> $made:ty;)*) => {
        $(pub(crate) fn $name($(_: $given),*) -> Option<$made> {
            None
        })*
    };
}

declining! {
    features(&Cache, &Backbone<'_>, &Tensor<4>) -> Tensor<2>;
    cells(&CellCache, &CellNetwork<'_>, &[u8], [usize; 2], &mut Visit<'_>) -> ();
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
