//! The tensors of a model, whichever network it is.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

use super::{ImportReport, assign, collect, slots};
use crate::model::Model;

impl Model {
    /// The path and the shape of every tensor.
    pub(super) fn slots(&self) -> Vec<(String, Vec<usize>)> {
        match self {
            Self::Network(network) => slots(network.as_ref()),
            Self::Classifier(network) => slots(network.as_ref()),
            Self::OpenFace3(network) => slots(network.as_ref()),
            Self::MeGraphAu(network) => slots(network.as_ref()),
            Self::Baseline(network) => slots(network.as_ref()),
        }
    }

    /// Every tensor of the model, by its path.
    pub(crate) fn collect(&self) -> Vec<(String, TensorData)> {
        match self {
            Self::Network(network) => collect(network.as_ref()),
            Self::Classifier(network) => collect(network.as_ref()),
            Self::OpenFace3(network) => collect(network.as_ref()),
            Self::MeGraphAu(network) => collect(network.as_ref()),
            Self::Baseline(network) => collect(network.as_ref()),
        }
    }

    /// The model with all its tensors replaced, or what does not fit.
    pub(super) fn assign(
        self,
        tensors: BTreeMap<String, TensorData>,
    ) -> std::result::Result<Self, Box<ImportReport>> {
        Ok(match self {
            Self::Network(network) => Self::Network(Box::new(assign(*network, tensors)?)),
            Self::Classifier(network) => Self::Classifier(Box::new(assign(*network, tensors)?)),
            Self::OpenFace3(network) => Self::OpenFace3(Box::new(assign(*network, tensors)?)),
            Self::MeGraphAu(network) => Self::MeGraphAu(Box::new(assign(*network, tensors)?)),
            Self::Baseline(network) => Self::Baseline(Box::new(assign(*network, tensors)?)),
        })
    }
}
