//! Checks before a run creates anything.

use std::path::Path;

use burn::tensor::Device;
use rayon::prelude::*;

use super::config::TrainConfig;
use super::data::Data;
use crate::data::split::Split;
use crate::extract::check_unreadable;
use crate::{Error, Result, weights};

/// The config with paths that hold wherever the run goes on from.
pub(super) fn rooted(config: TrainConfig) -> Result<TrainConfig> {
    let absolute = |path: String| match std::path::absolute(&path) {
        Ok(path) => Ok(path.to_string_lossy().into_owned()),
        Err(error) => Err(Error::io("find the folder of", &path)(error)),
    };
    Ok(TrainConfig {
        data: config.data.map(absolute).transpose()?,
        weights: config.weights.map(absolute).transpose()?,
        ..config
    })
}

/// Looks at everything that a run with `config` needs: the ranges, the data set with its annotations
/// and that its images are there, the weights.
pub(super) fn check(config: &TrainConfig, device: &Device) -> Result<()> {
    config.check()?;
    if let Some(root) = &config.data {
        let Data {
            training,
            validation,
            ..
        } = Data::open(Path::new(root), config)?;
        for split in [training, validation] {
            images_are_there(&split, config.max_unreadable)?;
        }
    }
    if let Some(path) = &config.weights {
        let (_, backbone) = weights::load_backbone(path.as_ref(), device)?;
        config.feature.width(&backbone)?;
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
