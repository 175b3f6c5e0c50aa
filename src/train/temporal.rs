//! The stage of the temporal head, behind those of the heads.

use std::sync::Arc;

use burn::module::Module;

use super::batch::WindowBatch;
use super::execute::drawn;
use super::features::{Features, SplitFeatures};
use super::history::TEMPORAL;
use super::loader::Source;
use super::model::TemporalStage;
use super::run::Run;
use super::stage::{StageRows, sam};
use super::supervision::Supervision;
use super::window::{Asked, Drawing, WindowSource};
use crate::Result;
use crate::network::{Network, NetworkConfig};

impl Run {
    /// `network` with a temporal head, trained together with its heads, where the config has one.
    pub(super) fn in_time(
        &self,
        network: Network,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<Network> {
        let Some(settings) = &self.config.temporal else {
            return Ok(network);
        };
        let tasks = supervision.tasks();
        let stage = self.stage(TEMPORAL, tasks, supervision, &settings.stage, 6);
        let device = self.device.clone().autodiff();
        device.seed(stage.seed);
        let head = drawn(settings.head.init(features.training.width(), &device));
        let mut network = network.train();
        network.temporal = Some(head);
        network.config = NetworkConfig {
            temporal: Some(settings.head.clone()),
            ..network.config
        };
        let model = TemporalStage {
            network,
            loss: supervision.tied_loss(&device, stage.config, &self.config),
            sam: sam(stage.config),
        };
        let grid = settings.head.grid();
        let asked = Asked {
            tasks,
            units: supervision.vocabulary.action_units.len(),
            seed: stage.seed,
        };
        let taught = SplitFeatures {
            labels: self.taught(&features.training.labels, supervision),
            ..features.training.clone()
        };
        let [training, validation] = [
            (&taught, Drawing::Anywhere),
            (&features.validation, Drawing::Reference),
        ]
        .map(|(split, drawing)| {
            let source = WindowSource::new(asked, split, grid, drawing);
            StageRows {
                rows: (0..source.windows()).collect(),
                source: Arc::new(source) as Arc<dyn Source<WindowBatch>>,
            }
        });
        let trained = stage.run(model, training, validation)?;
        self.tell_weights(stage.name, &trained.loss);
        Ok(trained.network.valid())
    }
}
