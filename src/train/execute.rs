//! The order of a run: data, backbone, features, heads, the whole network if asked for, report.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use super::batch::ImageBatch;
use super::config::{Order, StageConfig};
use super::data::{Data, RECORD};
use super::event::Event;
use super::features::{SplitFeatures, labels};
use super::history::{BACKBONE, locked};
use super::layer::LayerScores;
use super::loader::Source;
use super::mixup::Mixup;
use super::model::{BackboneStage, outputs};
use super::notice::notices;
use super::outcome::{Outcome, panels};
use super::plan::plan;
use super::run::Run;
use super::source::{ImageSource, readable};
use super::stage::{Stage, StageRows, sam};
use super::supervision::Supervision;
use super::weighting::{Weighting, row_weights};
use crate::backbone::{Backbone, BackboneConfig, EfficientNetConfig};
use crate::data::cache::FeatureCache;
use crate::data::file::write_whole;
use crate::data::image::{AugmentationConfig, Preprocessing};
use crate::data::split::Split;
use crate::evaluate::{Evaluation, evaluate, evaluate_in_time};
use crate::extract::is_readable;
use crate::network::{FeatureKind, Network, NetworkConfig, Tasks};
use crate::picture;
use crate::{Error, Labels, Result, weights};

impl Run {
    /// Does whatever of the run is not done yet, and returns its scores. A run that this process has
    /// started and that fails before anything is done leaves nothing behind.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted) if asked to stop, after saving; whatever is wrong with the data, the
    /// images or the weights; [`Error::File`](crate::Error::File) if the annotations are not those that
    /// the run began with, or weights or images not those that its heads were trained on; [`Error::Training`](crate::Error::Training) if a loss is no longer finite.
    pub fn execute(self) -> Result<Outcome> {
        let outcome = self.work();
        if outcome
            .as_ref()
            .is_err_and(|error| !matches!(error, Error::Interrupted))
        {
            self.give_back();
        }
        outcome
    }

    fn work(&self) -> Result<Outcome> {
        let data = self.data()?;
        let supervision = data.supervision();
        supervision.check_ties(&self.config)?;
        for line in data.summary().lines() {
            self.note(&line);
        }
        for line in notices(&supervision, &self.config) {
            self.note(&line);
        }
        if self.config.data.is_some() {
            plan(&supervision, &self.config)
                .iter()
                .for_each(|line| self.note(line));
        }
        if self.interrupter.should_stop() {
            return Err(Error::Interrupted);
        }
        if let Some(given) = &self.config.features {
            return self.on_given(given, &data, &supervision);
        }
        if let Some(baseline) = &self.config.baseline {
            return self.baseline(baseline, &data, &supervision);
        }
        let TrainedBackbone {
            network: backbone,
            config,
            layer,
        } = self.backbone(&data, &supervision)?;
        let map_head = self.map_head_config(&config, &supervision);
        let features = self.features(&data.training, &data.validation, &backbone, &config)?;
        let layer = match layer {
            Some(layer) => {
                // It was trained on the mean of the map.
                let pool = map_head.as_ref().map(|head| head.channels);
                Some(self.layer_scores(&layer, &features.pooled(pool), &supervision)?)
            }
            None => None,
        };

        let config = NetworkConfig::paper(features.training.width())
            .with_vocabulary(&supervision.vocabulary)
            .with_backbone(Some(config))
            .with_feature(self.config.feature_kind())
            .with_map_head(map_head)
            .with_attention(supervision.attention(&self.config.attention))
            .with_coupling(self.config.coupling.clone())
            .with_tasks(supervision.tasks());
        let device = self.device.clone().autodiff();
        device.seed(self.config.seed);
        let network = config
            .clone()
            .with_backbone(None)
            .with_feature(FeatureKind::Pooled);
        let network = self.begun(drawn(network.init(&device)))?;
        let network = self.heads(network, &features, &supervision)?;
        let network = self.in_time(network, &features, &supervision)?;
        let network = Network {
            backbone: Some(backbone),
            config: config
                .clone()
                .with_temporal(network.config.temporal.clone()),
            ..network
        };
        if self.config.order != Order::Whole {
            let judged = supervision.judged();
            let features = &features.validation;
            return self.finish(network, judged, layer, &data.validation, features);
        }
        let network = self.whole(network, &config, &data, &supervision)?;
        let features = self.tuned_features(&data.validation, &network, &config)?;
        let judged = supervision.judged();
        self.finish(network, judged, layer, &data.validation, &features)
    }

    /// Opens the data set, rendering the synthetic one first where none was given.
    ///
    /// # Errors
    /// [`Error::File`] if its rows are not those that the run began with, or none has a label;
    /// whatever keeps it from being read or rendered.
    pub(super) fn data(&self) -> Result<Data> {
        let root = match &self.config.data {
            Some(root) => PathBuf::from(root),
            None => {
                let root = self.path("synthetic");
                self.config.synthetic.generate(&root, &|done, total| {
                    self.listener.tell(Event::Images {
                        work: "rendering",
                        done,
                        total,
                    });
                    !self.interrupter.should_stop()
                })?;
                self.listener.tell(Event::ImagesDone);
                root
            }
        };
        let data = Data::open(&root, &self.config)?;
        data.recognise(&self.path(RECORD))?;
        Ok(data)
    }

    /// The backbone from its weights, or trained on the training images' own labels.
    pub(super) fn backbone(
        &self,
        data: &Data,
        supervision: &Supervision,
    ) -> Result<TrainedBackbone> {
        if let Some(path) = &self.config.weights {
            let found = weights::import_backbone(path.as_ref(), &self.device)?;
            for warning in found.warnings {
                self.note(&format!("warning: {warning}"));
            }
            return Ok(TrainedBackbone {
                network: found.network,
                config: found.config,
                layer: None,
            });
        }
        let settings = &self.config.backbone;
        let config: BackboneConfig = match &self.config.baseline {
            Some(baseline) => baseline.convolutions.clone().with_dropout(0.0).into(),
            None => EfficientNetConfig::new(settings.variant)
                .with_drop_path(settings.drop_path)
                .with_dropout(0.0)
                .into(),
        };
        let config = config.with_classes(Some(outputs(&supervision.vocabulary)));
        let device = self.device.clone().autodiff();
        device.seed(self.config.seed);
        let tasks = supervision.tasks();
        let stage = self.stage(BACKBONE, tasks, supervision, &settings.stage, 0);
        let network = drawn(config.init(&device));
        let stage = Stage {
            depths: network.depth_groups("network"),
            ..stage
        };
        let model = BackboneStage {
            network,
            counts: [
                supervision.vocabulary.action_units.len(),
                supervision.vocabulary.expressions.len(),
            ],
            loss: supervision.joint_loss(&device, &settings.stage),
            sam: sam(&settings.stage),
        };
        let preprocessing = config.preprocessing();
        let own = labels(&data.training);
        let [training, validation] = self.image_rows(&stage, data, own, &preprocessing)?;
        let model = stage.run(model, training, validation)?;
        // The layer that read the labels has done its work; the feature is what stays.
        Ok(TrainedBackbone {
            network: model.network.clone().without_classifier(),
            config: config.with_classes(None),
            layer: Some(model),
        })
    }

    /// Writes the network, its scores and the pictures.
    pub(super) fn finish(
        &self,
        network: Network,
        judged: Tasks,
        layer: Option<LayerScores>,
        split: &Split,
        validation: &SplitFeatures,
    ) -> Result<Outcome> {
        network.save(&self.path("model.safetensors"))?;
        let cache = &validation.variants[0];
        let (labels, device) = (&validation.labels, &self.device);
        let evaluation = match &validation.sequences {
            Some(sequences) => evaluate_in_time(&network, cache, labels, sequences, device)?,
            None => evaluate(&network, cache, labels, device)?,
        };
        self.written(evaluation, judged, layer, split, cache)
    }

    /// Writes the scores of a trained model and the pictures.
    pub(super) fn written(
        &self,
        evaluation: Evaluation,
        judged: Tasks,
        layer: Option<LayerScores>,
        split: &Split,
        cache: &FeatureCache,
    ) -> Result<Outcome> {
        write_whole(&self.path("report.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &evaluation)?;
            writeln!(file)
        })?;
        for line in layer
            .iter()
            .flat_map(|layer| layer.behind(&evaluation.report))
        {
            self.note(&line);
        }
        let history = locked(&self.history);
        picture::curves(&self.path("curves.png"), &panels(&history, judged))?;
        if evaluation.confusion.rows() > 0 {
            let picture = picture::confusion(&evaluation.confusion);
            picture::save_png(&picture, &self.path("confusion.png"))?;
            write_whole(&self.path("confusion.csv"), |file| {
                file.write_all(evaluation.confusion.csv().as_bytes())
            })?;
        }
        let readable = (0..cache.rows()).find(|&row| is_readable(cache.row(row)));
        Ok(Outcome {
            report: evaluation.report,
            chance: evaluation.chance,
            tasks: evaluation.tasks,
            folder: self.folder().to_path_buf(),
            image: split.image_path(&split.rows[readable.unwrap_or(0)]),
            synthetic: self.config.data.is_none(),
            features: self.config.features.clone(),
        })
    }

    /// The images of both splits that are labelled for the stage and can be read, those of the training
    /// split with the labels `taught`. What is judged counts every row alike.
    pub(super) fn image_rows(
        &self,
        stage: &Stage,
        data: &Data,
        taught: Arc<Vec<Labels>>,
        preprocessing: &Preprocessing,
    ) -> Result<[StageRows<ImageBatch>; 2]> {
        let rows = |split: &Split, labels: Arc<Vec<Labels>>, augmentation, mixup, weighting| {
            let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
            let readable = readable(&images, self.config.max_unreadable)?;
            let mixup: Option<f64> = mixup;
            Ok(StageRows {
                rows: (0..labels.len())
                    .filter(|&row| readable[row] && stage.tasks.are_labelled(&labels[row]))
                    .collect(),
                source: Arc::new(ImageSource {
                    images: Arc::new(images),
                    labels,
                    weighting,
                    units: split.vocabulary.action_units.len(),
                    preprocessing: preprocessing.clone(),
                    augmentation,
                    mixup: mixup.map(|alpha| Mixup::new(alpha, stage.seed)),
                    seed: stage.seed,
                }) as Arc<dyn Source<ImageBatch>>,
            })
        };
        let augmentation = self.config.flip.then(AugmentationConfig::new);
        let weighting = Weighting::new(row_weights(&data.training), stage.config.sampling);
        Ok([
            rows(
                &data.training,
                taught,
                augmentation,
                stage.config.mixup,
                weighting,
            )?,
            rows(
                &data.validation,
                labels(&data.validation),
                None,
                None,
                Weighting::default(),
            )?,
        ])
    }

    pub(super) fn stage<'a>(
        &'a self,
        name: &'static str,
        tasks: Tasks,
        supervision: &Supervision,
        config: &'a StageConfig,
        number: u64,
    ) -> Stage<'a> {
        Stage {
            name,
            vocabulary: supervision.vocabulary.clone(),
            tasks,
            judged: tasks.and(supervision.judged()),
            config,
            depths: Vec::new(),
            // Stages draw from generators far apart.
            seed: self.config.seed.wrapping_add(number << 32),
            folder: self.path("checkpoints").join(name),
            history: self.history.clone(),
            interrupter: self.interrupter.clone(),
            listener: self.listener.clone(),
            devices: self.devices.iter().cloned().map(Device::autodiff).collect(),
        }
    }
}

/// A backbone that makes features.
pub(super) struct TrainedBackbone {
    pub(super) network: Backbone,
    pub(super) config: BackboneConfig,
    /// What it was trained with, where the run has trained it.
    layer: Option<BackboneStage>,
}

/// `module` with all its weights drawn. burn draws a weight when it is first used; drawn right after
/// seeding, it depends on the seed alone and not on the stages that this process ran before.
pub(super) fn drawn<M: Module>(module: M) -> M {
    struct Draw;
    impl ModuleVisitor for Draw {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    module.visit(&mut Draw);
    module
}
