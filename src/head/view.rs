//! The parameters of the action-unit head, as the CPU engine takes them.

use super::action_unit::{ActionUnitHead, LEAST_NORM};
use super::node::NodeFeatures;
use crate::cpu::view;
use crate::graph::Similarity;

impl NodeFeatures {
    pub(crate) fn view(&self) -> view::NodeFeatures<'_> {
        view::NodeFeatures {
            weight: &self.weight,
            bias: &self.bias,
            norm: self.norm.as_ref(),
            dropout: &self.dropout,
        }
    }
}

impl ActionUnitHead {
    pub(crate) fn view(&self) -> view::ActionUnitHead<'_> {
        view::ActionUnitHead {
            nodes: self.nodes.view(),
            graph: self.graph.view(),
            anchors: &self.anchors,
            neighbours: self.neighbours,
            similarity: match self.similarity {
                Similarity::Dot => view::Similarity::Dot,
                Similarity::Cosine => view::Similarity::Cosine,
                Similarity::L1 => view::Similarity::L1,
            },
            least_norm: LEAST_NORM,
        }
    }
}
