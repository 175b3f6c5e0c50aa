//! Cached features in, named scores out.

use burn::tensor::{Tensor, TensorData};

use super::{Prediction, Predictor};
use crate::data::cache::{FeatureCache, is_absent};
use crate::data::feature::FeatureFiles;
use crate::extract::{Origin, Recognition};
use crate::finite::NotFiniteScore;
use crate::model::ModelConfig;
use crate::network::FeatureKind;
use crate::precision::Precision;
use crate::{Error, Result};

impl Predictor {
    /// Reads cached features. Each row has its prediction or the reason that it has none, in their
    /// order: [`Error::Argument`] for a row that is NaN throughout, the mark of an image that could not
    /// be read; [`Error::NotFiniteScore`] for any other number that is not finite, in the row or
    /// computed from it. Errors count rows and columns from 0.
    ///
    /// # Shapes
    /// - `features`: `rows` times the network's feature width, row after row.
    ///
    /// # Errors
    /// [`Error::Argument`] if the length is no multiple of the width.
    pub fn predict_features(&self, features: &[f32]) -> Result<Vec<Result<Prediction>>> {
        self.predict_features_from(features, 0)
    }

    /// As [`predict_features`](Self::predict_features), of some rows of many: errors count them from
    /// `first`.
    ///
    /// # Errors
    /// As [`predict_features`](Self::predict_features).
    pub fn predict_features_from(
        &self,
        features: &[f32],
        first: usize,
    ) -> Result<Vec<Result<Prediction>>> {
        let width = self.config.feature_width();
        if !features.len().is_multiple_of(width) {
            return Err(Error::argument(
                "features",
                format!("rows of {width} values"),
                format!("{} values", features.len()),
            ));
        }
        let rows: Vec<(&[f32], Result<()>)> = features
            .chunks_exact(width)
            .enumerate()
            .map(|(place, row)| (row, check(row, first + place)))
            .collect();
        let good: Vec<&[f32]> = rows
            .iter()
            .filter(|(_, checked)| checked.is_ok())
            .map(|(row, _)| *row)
            .collect();
        let mut predictions = match good.is_empty() {
            true => Vec::new(),
            false => {
                let data = TensorData::new(good.concat(), [good.len(), width]);
                self.decode(Tensor::from_data(data, &self.device))
            }
        }
        .into_iter();
        let predictions = rows.into_iter().enumerate().map(|(place, (_, checked))| {
            checked?;
            let prediction = predictions.next().expect("one for each good row");
            prediction.map_err(|found| found.of(format!("row {}", first + place)))
        });
        Ok(predictions.collect())
    }

    /// Compares what made the features of `cache` with this model's own backbone.
    ///
    /// # Errors
    /// [`Error::File`] if they are of another width, or of another backbone.
    pub fn recognise(&self, cache: &FeatureCache) -> Result<Recognition> {
        cache.check_width(self.config.feature_width())?;
        let (Some(backbone), Some(config)) = (self.model.backbone(), self.config.backbone()) else {
            return Ok(Recognition::Unknown("the model has no backbone"));
        };
        if self.precision != Precision::F32 {
            return Ok(Recognition::Unknown("the model's backbone was rounded"));
        }
        let feature = match &self.config {
            ModelConfig::Network(config) => config.feature,
            ModelConfig::Classifier(_) | ModelConfig::OpenFace3(_) => FeatureKind::Pooled,
        };
        Origin::new(backbone, config, feature).check(cache)
    }

    /// As [`recognise`](Self::recognise), of the features in files of any kind.
    ///
    /// # Errors
    /// As [`recognise`](Self::recognise); [`Error::Argument`] if they are of another width, all files
    /// together.
    pub fn recognise_files(&self, files: &FeatureFiles) -> Result<Recognition> {
        if let Some(cache) = files.cache() {
            return self.recognise(cache);
        }
        files.check_width(self.config.feature_width())?;
        Ok(Recognition::Unknown(match self.model.backbone() {
            None => "the model has no backbone",
            Some(_) if files.files().len() > 1 => "they are of several files",
            Some(_) => "the file does not say what made them",
        }))
    }
}

/// Refuses a row that is no feature.
fn check(row: &[f32], number: usize) -> Result<()> {
    if is_absent(row) {
        return Err(Error::argument(
            format!("row {number}"),
            "a feature",
            "none: the image could not be read",
        ));
    }
    NotFiniteScore::in_feature(row).map_err(|found| found.of(format!("row {number}")))
}
