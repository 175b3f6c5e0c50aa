//! The network as the CPU engine is given it.

use super::network::{Level, YuNet};
use super::unit::Unit;
use crate::cpu::view::{CellLevel, CellNetwork, Normalised, Separable};

impl YuNet {
    /// # Panics
    /// If the network has not five stages and three levels.
    pub(crate) fn view(&self) -> CellNetwork<'_> {
        CellNetwork {
            stem: Normalised {
                conv: &self.stem.convolution,
                norm: &self.stem.norm,
            },
            first: self.stem.unit.view(),
            stages: std::array::from_fn(|stage| {
                self.stages[stage].iter().map(Unit::view).collect()
            }),
            laterals: std::array::from_fn(|level| self.neck.laterals[level].view()),
            levels: std::array::from_fn(|level| self.levels[level].view()),
        }
    }
}

impl Level {
    fn view(&self) -> CellLevel<'_> {
        let outputs = [&self.class, &self.object, &self.bounds, &self.landmarks];
        CellLevel {
            shared: self.shared.view(),
            outputs: outputs.map(Unit::view).into(),
        }
    }
}

impl Unit {
    fn view(&self) -> Separable<'_> {
        Separable {
            pointwise: &self.pointwise,
            depthwise: &self.depthwise,
            norm: self.norm.as_ref(),
        }
    }
}
