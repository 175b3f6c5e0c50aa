//! The stages of a head that reads the action units from the backbone's map: on nearest neighbours, on
//! edges, or the one after the other.

use burn::module::Module;
use burn::tensor::Tensor;

use super::config::{MapHalf, MapTrainingConfig};
use super::execute::drawn;
use super::features::Features;
use super::heads::feature_rows;
use super::model::MapStage;
use super::run::Run;
use super::stage::sam;
use super::supervision::Supervision;
use crate::Result;
use crate::backbone::BackboneConfig;
use crate::head::{MapHead, MapHeadConfig};
use crate::label::{Scale, UnitSet};
use crate::network::Tasks;

/// The names of the two stages.
const STAGES: [&str; 2] = ["au", "au_edges"];

impl Run {
    /// The head on the map of `backbone` that the config asks for, if it does.
    pub(super) fn map_head_config(
        &self,
        backbone: &BackboneConfig,
        supervision: &Supervision,
    ) -> Option<MapHeadConfig> {
        let config = self.config.map_head.as_ref()?;
        let units = supervision.vocabulary.action_units.len();
        Some(config.head(backbone.map_channels(), units))
    }

    /// Trains `head`, which the network ends with, on cached maps.
    pub(super) fn map_head(
        &self,
        head: MapHead,
        config: &MapTrainingConfig,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<MapHead> {
        let [nearest, edges] = STAGES;
        let train = |name, number, head| self.map_stage(name, number, head, features, supervision);
        match config.half {
            MapHalf::Nearest => train(nearest, 1, head),
            MapHalf::Edges => train(edges, 6, head),
            MapHalf::Both => {
                let units = supervision.vocabulary.action_units.len();
                let first = config.nearest(head.config.channels, units);
                let first = drawn(first.init(&self.device.clone().autodiff()));
                let first = train(nearest, 1, first)?.train();
                train(edges, 6, head.going_on_from(&first))
            }
        }
    }

    fn map_stage(
        &self,
        name: &'static str,
        number: u64,
        head: MapHead,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<MapHead> {
        let settings = &self.config.action_unit;
        let stage = self.stage(name, Tasks::ACTION_UNIT, supervision, settings, number);
        let device = self.device.clone().autodiff();
        let edges = head.edge_classifier.is_some();
        let lambda = self.config.map_head.as_ref().filter(|_| edges);
        let model = MapStage {
            edges: lambda.map(|config| config.edge_loss().init(&device)),
            present: least_present(&supervision.vocabulary.action_units, &device),
            head,
            loss: supervision.unit_loss(&device),
            sam: sam(stage.config),
        };
        let (train, validation) = feature_rows(&stage, features, None);
        Ok(stage.run(model, train, validation)?.head)
    }
}

/// From which label on each unit counts as present to the edges: of an intensity from 2 on, as the field
/// decides on DISFA.
fn least_present(units: &UnitSet, device: &burn::tensor::Device) -> Tensor<1> {
    let least = units.iter().map(|unit| match unit.scale {
        Scale::Occurrence => 0.5,
        Scale::Intensity => 1.5,
    });
    let least: Vec<f32> = least.collect();
    Tensor::<1>::from_floats(least.as_slice(), device).without_autodiff()
}
