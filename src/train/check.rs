//! Checks before a run creates anything.

use std::path::Path;

use burn::tensor::Device;
use rayon::prelude::*;

use super::config::TrainConfig;
use super::data::Data;
use super::given::{GivenFeatures, check_features};
use crate::data::split::Split;
use crate::extract::check_unreadable;
use crate::network::{Network, NetworkConfig};
use crate::{Error, Result, weights};

/// The config with paths that hold wherever the run goes on from.
pub(super) fn rooted(config: TrainConfig) -> Result<TrainConfig> {
    let absolute = |path: String| match std::path::absolute(&path) {
        Ok(path) => Ok(path.to_string_lossy().into_owned()),
        Err(error) => Err(Error::io("find the folder of", &path)(error)),
    };
    let features = config.features.map(|given| -> Result<_> {
        Ok(GivenFeatures {
            files: given
                .files
                .into_iter()
                .map(absolute)
                .collect::<Result<_>>()?,
            names: given.names.map(absolute).transpose()?,
        })
    });
    Ok(TrainConfig {
        features: features.transpose()?,
        data: config.data.map(absolute).transpose()?,
        weights: config.weights.map(absolute).transpose()?,
        heads: config.heads.map(absolute).transpose()?,
        ..config
    })
}

/// Looks at everything that a run with `config` needs: the ranges, the data set with its annotations
/// and that its images are there, the weights.
pub(super) fn check(config: &TrainConfig, device: &Device) -> Result<()> {
    config.check()?;
    if let Some(root) = &config.data {
        let data = Data::open(Path::new(root), config)?;
        data.supervision().check_ties(config)?;
        match &config.features {
            Some(given) => check_features(given, &data.training, &data.validation)?,
            None => {
                for split in [data.training, data.validation] {
                    images_are_there(&split, config.max_unreadable)?;
                }
            }
        }
    }
    if let Some(path) = &config.heads {
        Network::load(path.as_ref(), device)?;
    }
    if let Some(path) = &config.weights {
        let (_, backbone) = weights::load_backbone(path.as_ref(), device)?;
        let width = config.feature_kind().width(&backbone)?;
        if config.baseline.is_some() && backbone.kind() != "Vgg" {
            let expected = "a VGG, whose convolutions the baseline keeps";
            let found = format!("the backbone {}", backbone.kind());
            return Err(Error::file(path, expected, found));
        }
        if config.baseline.is_none() {
            let unread = |error: Error| {
                let expected = "a backbone with a feature that the heads can read";
                Error::file(path, expected, error.to_string())
            };
            let paper = NetworkConfig::paper(width);
            let head = config.map_head.as_ref();
            let head =
                head.map(|head| head.head(backbone.map_channels(), paper.action_units.len()));
            paper.with_map_head(head).validate().map_err(unread)?;
        }
    }
    Ok(())
}

fn images_are_there(split: &Split, allowed: f64) -> Result<()> {
    if !split.images.is_dir() {
        let expected = "the folder of the images";
        return Err(Error::file(&split.images, expected, "nothing"));
    }
    let missing: Vec<Error> = split
        .rows
        .par_iter()
        .filter_map(|row| {
            let path = split.image_path(row);
            let error = std::fs::metadata(&path).err()?;
            Some(Error::io("read", path)(error))
        })
        .collect();
    check_unreadable(missing.iter(), split.rows.len(), allowed)
}
