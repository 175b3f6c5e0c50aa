//! The cached features of a run's two splits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::event::Event;
use super::history::locked;
use super::run::Run;
use super::weighting::{RowWeights, row_weights};
use crate::backbone::{Backbone, BackboneConfig};
use crate::data::cache::{FeatureCache, Lookup};
use crate::data::split::Split;
use crate::extract::{Extraction, Origin, is_readable, summary};
use crate::network::{Network, NetworkConfig};
use crate::smoothing::Sequences;
use crate::{Error, Labels, Result};

/// Images in a batch of the backbone; only speed and memory depend on it.
const BATCH: usize = 32;

/// One split: its features as they are and, for training, mirrored; its labels.
#[derive(Clone)]
pub(super) struct SplitFeatures {
    pub(super) variants: Vec<Arc<FeatureCache>>,
    pub(super) labels: Arc<Vec<Labels>>,
    pub(super) weights: RowWeights,
    /// Which rows are frames of which video, where that matters.
    pub(super) sequences: Option<Sequences>,
    /// The channels of maps that are shown as the mean of their tokens.
    pub(super) pool: Option<usize>,
}

impl SplitFeatures {
    pub(super) fn width(&self) -> usize {
        self.variants[0].width()
    }
}

/// Both splits.
pub(super) struct Features {
    pub(super) training: SplitFeatures,
    pub(super) validation: SplitFeatures,
}

impl Features {
    /// The same maps, shown as the mean of their tokens of so many channels; the features as they are
    /// with `None`.
    pub(super) fn pooled(&self, channels: Option<usize>) -> Self {
        let pooled = |split: &SplitFeatures| SplitFeatures {
            pool: channels,
            ..split.clone()
        };
        Self {
            training: pooled(&self.training),
            validation: pooled(&self.validation),
        }
    }
}

impl Run {
    /// Extracts what is not cached yet. Once heads were trained on what is cached, that stays as it
    /// is: images that could not be read are not tried again.
    ///
    /// # Errors
    /// [`Error::File`] if heads were trained on features of other weights or images than are there
    /// now; whatever keeps images from being read or the cache from being written.
    pub(super) fn features(
        &self,
        training: &Split,
        validation: &Split,
        backbone: &Backbone,
        config: &BackboneConfig,
    ) -> Result<Features> {
        let folder = self.path("features");
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let keep = locked(&self.history).has_trained_heads();
        let extract = |name: &str, split: &Split, mirrored: bool| {
            self.extract(name, split, mirrored, keep, (backbone, config))
        };
        let mut variants = vec![extract("training", training, false)?];
        if self.config.flip {
            variants.push(extract("training_mirrored", training, true)?);
        }
        Ok(Features {
            training: SplitFeatures {
                variants,
                labels: labels(training),
                weights: row_weights(training),
                sequences: self.sequences(training)?,
                pool: None,
            },
            validation: SplitFeatures {
                variants: vec![extract("validation", validation, false)?],
                labels: labels(validation),
                weights: row_weights(validation),
                sequences: self.sequences(validation)?,
                pool: None,
            },
        })
    }

    /// Which rows of `split` are frames of which video, where a temporal head asks for it.
    pub(super) fn sequences(&self, split: &Split) -> Result<Option<Sequences>> {
        let rate = self
            .config
            .temporal
            .as_ref()
            .map(|temporal| temporal.frame_rate);
        let of = |rate| split.marks.sequences(split.rows.len(), rate);
        rate.map(of).transpose()
    }

    /// The validation split's features of a network whose backbone was trained further.
    pub(super) fn tuned_features(
        &self,
        split: &Split,
        network: &Network,
        config: &NetworkConfig,
    ) -> Result<SplitFeatures> {
        let (Some(backbone), Some(config)) = (&network.backbone, &config.backbone) else {
            unreachable!("a run's network has a backbone");
        };
        let cache = self.extract("validation_tuned", split, false, false, (backbone, config))?;
        Ok(SplitFeatures {
            variants: vec![cache],
            labels: labels(split),
            weights: row_weights(split),
            sequences: self.sequences(split)?,
            pool: None,
        })
    }

    /// The features of `split` in the file `name`, made if they are not there; with `keep` those that
    /// are there must be of this backbone and these images, and stay as they are.
    fn extract(
        &self,
        name: &str,
        split: &Split,
        mirrored: bool,
        keep: bool,
        (backbone, config): (&Backbone, &BackboneConfig),
    ) -> Result<Arc<FeatureCache>> {
        let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
        let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
        let preprocessing = config.preprocessing();
        let feature = self.config.feature_kind();
        let fingerprint = Origin::new(backbone, config, feature)
            .with_mirrored(mirrored)
            .fingerprint()
            .preprocessing(&preprocessing)
            .rows(&names)
            .images(&images)
            .build();
        let path = self.path("features").join(format!("{name}.safetensors"));
        let width = feature.width(config)?;
        let extraction = Extraction {
            names: &names,
            images: &images,
            mirrored,
            preprocessing,
            batch_size: BATCH,
            width,
            fingerprint,
            max_unreadable: self.config.max_unreadable,
        };
        if keep && let Some(cache) = self.kept(&extraction, &path)? {
            return Ok(Arc::new(cache));
        }
        let extracted = extraction.run(
            |images| feature.of(backbone, images),
            &path,
            &self.device,
            &mut |done, total| {
                self.listener.tell(Event::Images {
                    work: "features",
                    done,
                    total,
                });
                !self.interrupter.should_stop()
            },
        )?;
        self.listener.tell(Event::ImagesDone);
        if let Some(line) = extracted.left_out() {
            self.note(&line);
        }
        Ok(Arc::new(extracted.cache))
    }

    /// The cache at `path`, on which heads were trained and the others are to be trained too;
    /// nothing if somebody has removed it.
    fn kept(&self, extraction: &Extraction, path: &Path) -> Result<Option<FeatureCache>> {
        let shape = (extraction.images.len(), extraction.width);
        match FeatureCache::find(path, &extraction.fingerprint)? {
            Lookup::Stale(found) => Err(Error::file(
                path,
                "features of the weights and images that are there now",
                format!(
                    "{found}, on which heads were trained; put the old weights and images back, or \
                 train in another folder"
                ),
            )),
            Lookup::Fresh(cache) if (cache.rows(), cache.width()) == shape => {
                let images = extraction.images.iter().enumerate();
                let marked = images.filter(|(row, _)| !is_readable(cache.row(*row)));
                let marked: Vec<_> = marked.map(|(_, image)| image.display()).collect();
                if let Some(line) = summary("left out, as before", marked.into_iter()) {
                    self.note(&line);
                }
                Ok(Some(cache))
            }
            Lookup::Fresh(_) | Lookup::Absent => Ok(None),
        }
    }
}

/// The labels of its rows.
pub(super) fn labels(split: &Split) -> Arc<Vec<Labels>> {
    Arc::new(split.rows.iter().map(|row| row.labels.clone()).collect())
}
