//! Predictions of the frames of videos, smoothed over time.

use super::decode::named;
use super::{Prediction, Predictor};
use crate::Result;
use crate::calibrate::{ScoreTable, probabilities};
use crate::label::Scale;
use crate::metric::RowScores;
use crate::smoothing::Sequences;

impl Predictor {
    /// Predictions, as [`read_files`](Self::read_files) or [`read_features_from`](Self::read_features_from) gives
    /// them, smoothed as the [tuning](Self::tuning) says over the frames that `sequences` names, and then
    /// [decided](Self::decided). What is missing stays so; gaze is smoothed as action units are.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if the sequences are of another number of rows.
    ///
    /// # Panics
    /// If the scores are not of all that this one reads, in its order.
    pub fn decided_frames(
        &self,
        predictions: &[Option<Prediction>],
        sequences: &Sequences,
    ) -> Result<Vec<Option<Prediction>>> {
        let mut table = ScoreTable::new(self.vocabulary.clone());
        for prediction in predictions {
            match prediction {
                None => table.push(None)?,
                Some(prediction) => {
                    let shares = self.shares(prediction);
                    let logits: Vec<f32> =
                        (prediction.expressions.iter().map(|score| score.logit)).collect();
                    table.push(Some(&RowScores {
                        action_units: &shares,
                        expression_logits: &logits,
                        valence_arousal: prediction.valence_arousal.unwrap_or_default(),
                    }))?;
                }
            }
        }
        let smoothing = self.tuning.smoothing;
        let smoothed = table.smooth(&smoothing, sequences)?;
        let gaze = predictions.iter().flat_map(|prediction| {
            let gaze = prediction.as_ref().and_then(|prediction| prediction.gaze);
            gaze.unwrap_or([f32::NAN; 2])
        });
        let gaze = sequences.smooth(smoothing.action_units, &gaze.collect::<Vec<_>>(), 2)?;
        let rows = predictions.iter().zip(gaze.chunks_exact(2)).enumerate();
        let decided = rows.map(|(row, (raw, gaze))| {
            let (raw, scores) = (raw.as_ref()?, smoothed.row(row)?);
            let probabilities = probabilities(scores.expression_logits, 1.0);
            let gaze = raw.gaze.map(|_| [gaze[0], gaze[1]]);
            let prediction = named(&self.vocabulary, scores, &probabilities, gaze);
            Some(self.decided(prediction))
        });
        Ok(decided.collect())
    }

    /// Each action unit of the vocabulary as a share of its largest label.
    ///
    /// # Panics
    /// If the scores are of other units, or in another order.
    pub(super) fn shares(&self, prediction: &Prediction) -> Vec<f32> {
        let mut present = prediction.action_units.iter();
        let mut intensities = prediction.action_unit_intensities.iter();
        let units = self.vocabulary.action_units.iter();
        let shares = units.map(|coded| {
            let next = match coded.scale {
                Scale::Occurrence => present.next(),
                Scale::Intensity => intensities.next(),
            };
            let (unit, score) = next.expect("a score for each unit");
            assert_eq!(*unit, coded.unit, "scores in the order of what is read");
            score / coded.scale.most()
        });
        shares.collect()
    }
}
