//! The cached features of a run's two splits.

use std::path::PathBuf;
use std::sync::Arc;

use super::progress;
use super::run::Run;
use crate::backbone::{EfficientNet, EfficientNetConfig};
use crate::data::cache::{FeatureCache, Fingerprint};
use crate::data::image::Preprocessing;
use crate::data::split::Split;
use crate::extract::Extraction;
use crate::network::{Network, NetworkConfig};
use crate::{Error, Labels, Result, weights};

/// Images in a batch of the backbone; only speed and memory depend on it.
const BATCH: usize = 32;

/// One split: its features as they are and, for training, mirrored; its labels.
pub(super) struct SplitFeatures {
    pub(super) variants: Vec<Arc<FeatureCache>>,
    pub(super) labels: Arc<Vec<Labels>>,
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

impl Run {
    /// Extracts what is not cached yet.
    pub(super) fn features(
        &self,
        training: &Split,
        validation: &Split,
        backbone: &EfficientNet,
        config: &EfficientNetConfig,
    ) -> Result<Features> {
        let folder = self.path("features");
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let extract = |name: &str, split: &Split, mirrored: bool| {
            self.extract(name, split, mirrored, backbone, config)
        };
        let mut variants = vec![extract("training", training, false)?];
        if self.config.flip {
            variants.push(extract("training_mirrored", training, true)?);
        }
        Ok(Features {
            training: SplitFeatures {
                variants,
                labels: labels(training),
            },
            validation: SplitFeatures {
                variants: vec![extract("validation", validation, false)?],
                labels: labels(validation),
            },
        })
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
        let cache = self.extract("validation_tuned", split, false, backbone, config)?;
        Ok(SplitFeatures {
            variants: vec![cache],
            labels: labels(split),
        })
    }

    fn extract(
        &self,
        name: &str,
        split: &Split,
        mirrored: bool,
        backbone: &EfficientNet,
        config: &EfficientNetConfig,
    ) -> Result<Arc<FeatureCache>> {
        let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
        let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
        let preprocessing = Preprocessing::imagenet(config.input_size());
        let fingerprint = Fingerprint::builder()
            .weights(&weights::digest(backbone))
            .weights(format!("{config} {:?} mirrored {mirrored}", self.config.feature).as_bytes())
            .preprocessing(&preprocessing)
            .rows(&names)
            .images(&images)
            .build();
        let feature = self.config.feature;
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
        let bar = progress::bar("features");
        let extracted = extraction.run(
            |images| feature.of(backbone, images),
            &self.path("features").join(format!("{name}.safetensors")),
            &self.device,
            &mut |done, total| {
                progress::show(&bar, done, total);
                !self.interrupter.should_stop()
            },
        )?;
        bar.finish();
        for (_, error) in &extracted.unreadable {
            eprintln!("left out: {error}");
        }
        Ok(Arc::new(extracted.cache))
    }
}

fn labels(split: &Split) -> Arc<Vec<Labels>> {
    Arc::new(split.rows.iter().map(|row| row.labels.clone()).collect())
}
