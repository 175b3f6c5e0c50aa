//! Features in, a score table out.

use burn::tensor::{Device, Tensor, TensorData};

use super::scores::Scores;
use crate::Result;
use crate::calibrate::ScoreTable;
use crate::finite::NotFiniteScore;
use crate::label::Vocabulary;
use crate::model::ModelOutput;
use crate::network::Network;

/// Rows that the heads read at once. They are the same rows however the features come, so that the
/// scores are the same to the last digit.
const BATCH: usize = 1024;

/// A score table that fills with rows of features.
pub(crate) struct Filling<'a> {
    heads: Box<dyn Fn(Tensor<2>) -> ModelOutput + 'a>,
    vocabulary: Vocabulary,
    width: usize,
    device: Device,
    table: ScoreTable,
    /// Of each row that is not in the table yet, whether it has a feature.
    waiting: Vec<bool>,
    /// The features of those rows that have one.
    features: Vec<f32>,
}

impl<'a> Filling<'a> {
    /// Nothing in the table yet of what `heads` read, of all of their outputs only what is in
    /// `vocabulary`, from features of `width` numbers.
    pub(crate) fn new(
        heads: impl Fn(Tensor<2>) -> ModelOutput + 'a,
        vocabulary: Vocabulary,
        width: usize,
        device: &Device,
    ) -> Self {
        Self {
            heads: Box::new(heads),
            table: ScoreTable::new(vocabulary.clone()),
            vocabulary,
            width,
            device: device.clone(),
            waiting: Vec::new(),
            features: Vec::new(),
        }
    }

    /// Of what the heads of `network` say: of features that its temporal head has read before, if they
    /// are read, or of images alone.
    pub(crate) fn of_network(
        network: &'a Network,
        are_read: bool,
        vocabulary: Vocabulary,
        device: &Device,
    ) -> Self {
        let heads = move |features| match are_read {
            true => network.heads(features).into(),
            false => network.forward(features).into(),
        };
        Self::new(heads, vocabulary, network.config.feature_width, device)
    }

    /// Adds a row, of an image that could not be read without a feature. `name` is what errors call a row,
    /// counted from 0.
    ///
    /// # Errors
    /// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) if a number of the feature is not finite, or
    /// a score of this row or of one before it.
    pub(crate) fn push(
        &mut self,
        feature: Option<&[f32]>,
        name: &dyn Fn(usize) -> String,
    ) -> Result<()> {
        if let Some(feature) = feature {
            let row = self.table.rows() + self.waiting.len();
            NotFiniteScore::in_feature(feature).map_err(|found| found.of(name(row)))?;
            self.features.extend_from_slice(feature);
        }
        self.waiting.push(feature.is_some());
        match self.features.len() == BATCH * self.width {
            true => self.read(name),
            false => Ok(()),
        }
    }

    /// The table of all rows.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn finish(mut self, name: &dyn Fn(usize) -> String) -> Result<ScoreTable> {
        self.read(name)?;
        Ok(self.table)
    }

    /// Reads what waits.
    fn read(&mut self, name: &dyn Fn(usize) -> String) -> Result<()> {
        let features = std::mem::take(&mut self.features);
        let rows = features.len() / self.width;
        let scores = (rows > 0).then(|| {
            let features = TensorData::new(features, [rows, self.width]);
            let output = (self.heads)(Tensor::from_data(features, &self.device));
            Scores::of(output, &self.vocabulary, rows)
        });
        let mut next = 0;
        for is_there in std::mem::take(&mut self.waiting) {
            let row = match &scores {
                Some(scores) if is_there => {
                    next += 1;
                    let found = scores.checked(next - 1, &self.vocabulary);
                    Some(found.map_err(|found| found.of(name(self.table.rows())))?)
                }
                _ => None,
            };
            self.table.push(row.as_ref())?;
        }
        Ok(())
    }
}
