//! One of the networks that a predictor reads with.

use burn::tensor::{Device, Tensor};

use super::scores::Scores;
use crate::data::image::Preprocessing;
use crate::label::Vocabulary;
use crate::model::{Model, ModelConfig};
use crate::precision::Precision;
use crate::temporal::Windows;
use crate::{Error, Result};

/// One of the networks that a [`Predictor`](super::Predictor) reads with; most have one alone.
#[derive(Clone, Debug)]
pub struct Member {
    model: Model,
    config: ModelConfig,
    vocabulary: Vocabulary,
    precision: Precision,
}

impl Member {
    pub(super) fn new(model: Model) -> Self {
        let config = model.config();
        Self {
            vocabulary: config.vocabulary(),
            config,
            model,
            precision: Precision::F32,
        }
    }

    pub(super) fn with_precision(self, precision: Precision, device: &Device) -> Result<Self> {
        Ok(Self {
            model: self.model.with_precision(precision, device)?,
            precision,
            ..self
        })
    }

    /// The network.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What it was made from.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// What it was trained to read.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What its backbone computes with.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// How images are resized and normalised for its backbone; `None` if it has none.
    pub fn preprocessing(&self) -> Option<Preprocessing> {
        Some(self.config.backbone()?.preprocessing())
    }

    /// As [`preprocessing`](Self::preprocessing).
    ///
    /// # Errors
    /// [`Error::Argument`] if it has no backbone.
    pub(super) fn preprocessing_or_error(&self) -> Result<Preprocessing> {
        self.preprocessing().ok_or_else(|| {
            Error::argument(
                "the model",
                "one with a backbone, to read images",
                "heads alone, which read cached features",
            )
        })
    }

    /// What it was trained to read, of the frames that are read in windows. A network without a temporal head
    /// reads each alone.
    pub(super) fn scores_in_time(&self, windows: &Windows) -> Scores {
        let output = match self.model.temporal() {
            Some(network) => network.forward_windows(windows).into(),
            None => self.model.forward(windows.frames()),
        };
        Scores::of(output, &self.vocabulary, windows.read.dims()[0])
    }

    /// What it was trained to read, of rows of features.
    pub(super) fn scores(&self, features: Tensor<2>) -> Scores {
        let [rows, _] = features.dims();
        Scores::of(self.model.forward(features), &self.vocabulary, rows)
    }
}
