//! Cached features in, named scores out.

use burn::tensor::{Tensor, TensorData};

use super::{Member, Prediction, Predictor};
use crate::data::cache::{FeatureCache, is_absent};
use crate::data::feature::FeatureFiles;
use crate::extract::{Origin, Recognition};
use crate::finite::NotFiniteScore;
use crate::precision::Precision;
use crate::{Error, Result};

impl Predictor {
    /// Reads cached features. Each row has its prediction or the reason that it has none, in their
    /// order: [`Error::Argument`] for a row that is NaN throughout, the mark of an image that could not
    /// be read; [`Error::NotFiniteScore`] for any other number that is not finite, in the row or
    /// computed from it. Errors count rows and columns from 0.
    ///
    /// # Shapes
    /// - `features`: `rows` times the feature width, row after row. All networks read the same features.
    ///
    /// # Errors
    /// [`Error::Argument`] if the length is no multiple of the width, or the networks read features of
    /// different widths.
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
        let predictions = self.read_features_from(features, first)?.into_iter();
        let decided = |one: Result<Prediction>| one.map(|one| self.decided(one));
        Ok(predictions.map(decided).collect())
    }

    /// As [`predict_features_from`](Self::predict_features_from), before the tuning is obeyed: for scores
    /// that are smoothed first. [`decided_frames`](Self::decided_frames) then does both.
    ///
    /// # Errors
    /// As [`predict_features`](Self::predict_features).
    pub fn read_features_from(
        &self,
        features: &[f32],
        first: usize,
    ) -> Result<Vec<Result<Prediction>>> {
        let width = self.feature_width()?;
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
                let features = Tensor::from_data(data, &self.device);
                self.decode(&vec![features; self.members.len()])
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

    /// The width of the features that it reads, of all its networks alike.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the widths if they differ.
    pub fn feature_width(&self) -> Result<usize> {
        let members = self.members.iter();
        let widths: Vec<usize> = members
            .map(|member| member.config().feature_width())
            .collect();
        match widths.iter().all(|width| *width == widths[0]) {
            true => Ok(widths[0]),
            false => {
                let widths: Vec<_> = widths.iter().map(ToString::to_string).collect();
                Err(Error::argument(
                    "the models",
                    "ones that read the same features, or images instead",
                    format!("features of the widths {}", widths.join(", ")),
                ))
            }
        }
    }

    /// Compares what made the features of `cache` with the backbones of the networks.
    ///
    /// # Errors
    /// [`Error::File`] if they are of another width, or of another backbone than one of them has;
    /// [`Error::Argument`] if the networks read features of different widths.
    pub fn recognise(&self, cache: &FeatureCache) -> Result<Recognition> {
        cache.check_width(self.feature_width()?)?;
        let mut recognition = None;
        for member in &self.members {
            let found = recognise(member, cache)?;
            // What is unknown of one is unknown of all.
            match (&recognition, &found) {
                (Some(Recognition::Unknown(_)), _) => {}
                _ => recognition = Some(found),
            }
        }
        Ok(recognition.expect("there is at least one network"))
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
        files.check_width(self.feature_width()?)?;
        let mut members = self.members.iter();
        Ok(Recognition::Unknown(
            match members.all(|member| member.model().backbone().is_some()) {
                false => "the model has no backbone",
                true if files.files().len() > 1 => "they are of several files",
                true => "the file does not say what made them",
            },
        ))
    }
}

/// Compares what made the features of `cache` with a network's own backbone.
fn recognise(member: &Member, cache: &FeatureCache) -> Result<Recognition> {
    let (Some(backbone), Some(config)) = (member.model().backbone(), member.config().backbone())
    else {
        return Ok(Recognition::Unknown("the model has no backbone"));
    };
    if member.precision() != Precision::F32 {
        return Ok(Recognition::Unknown("the model's backbone was rounded"));
    }
    Origin::new(backbone, config, member.config().feature()).check(cache)
}

/// Refuses a row that is no feature.
fn check(row: &[f32], number: usize) -> Result<()> {
    if is_absent(row) {
        return Err(absent(number));
    }
    NotFiniteScore::in_feature(row).map_err(|found| found.of(format!("row {number}")))
}

/// Of a row without a feature.
pub(super) fn absent(row: usize) -> Error {
    let expected = "a feature";
    let found = "none: the image could not be read";
    Error::argument(format!("row {row}"), expected, found)
}
