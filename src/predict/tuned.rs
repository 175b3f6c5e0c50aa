//! Scores as a tuning says what they mean.

use super::{ExpressionScore, Prediction, Predictor};
use crate::Result;
use crate::calibrate::{BlendWeights, Decider, Tuning};
use crate::label::Scale;
use crate::metric::RowScores;

impl Predictor {
    /// What is done with its scores; by default nothing.
    pub fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    /// The same predictor with another tuning, which its predictions obey but for the smoothing: that is a
    /// matter of several images, see [`Tuning::smoothing`].
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if a number of it is impossible, or it is of units or
    /// expressions that this one does not read.
    pub fn with_tuning(self, tuning: Tuning) -> Result<Self> {
        let decider = Decider::new(&tuning, &self.vocabulary)?;
        let plain = Decider::new(&Tuning::default(), &self.vocabulary)?;
        Ok(Self {
            decider: (decider != plain).then_some(decider),
            tuning,
            ..self
        })
    }

    /// The same predictor whose networks weigh something else.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) unless there is a weight of each.
    pub fn with_weights(self, weights: BlendWeights) -> Result<Self> {
        weights.validate(self.members.len())?;
        Ok(Self { weights, ..self })
    }

    /// Whether its predictions say which action units are active: with a tuning that decides on anything.
    pub fn is_tuned(&self) -> bool {
        self.decider.is_some()
    }

    /// A prediction as the tuning says what its scores mean: action units calibrated, with those that are
    /// active, and expressions with their offsets and probabilities. What was decided already stays so.
    ///
    /// # Panics
    /// If the scores are not of all that this one reads, in its order.
    pub fn decided(&self, prediction: Prediction) -> Prediction {
        match &self.decider {
            Some(decider) if prediction.active_units.is_none() => self.decide(decider, prediction),
            _ => prediction,
        }
    }

    fn decide(&self, decider: &Decider, prediction: Prediction) -> Prediction {
        let units = &self.vocabulary.action_units;
        let shares = self.shares(&prediction);
        let logits = prediction.expressions.iter().map(|score| score.logit);
        let logits: Vec<f32> = logits.collect();
        let decision = decider.decide(&RowScores {
            action_units: &shares,
            expression_logits: &logits,
            valence_arousal: prediction.valence_arousal.unwrap_or_default(),
        });
        let occurrences = units
            .iter()
            .zip(decision.action_units.iter().zip(&decision.active))
            .filter(|(coded, _)| coded.scale == Scale::Occurrence);
        let calibrated = occurrences.clone();
        let scores = prediction.expressions.into_iter();
        let decided = decision.probabilities.iter().zip(decider.offsets());
        // Without a temperature they stay as the network computed them, to the last digit.
        let is_cooled = self.tuning.expressions.temperature != 1.0;
        Prediction {
            action_units: calibrated
                .map(|(coded, (score, _))| (coded.unit, *score))
                .collect(),
            active_units: Some(
                occurrences
                    .filter(|(_, (_, is_active))| **is_active)
                    .map(|(coded, _)| coded.unit)
                    .collect(),
            ),
            expressions: scores
                .zip(decided)
                .map(|(score, (&probability, &offset))| ExpressionScore {
                    probability: if is_cooled {
                        probability
                    } else {
                        score.probability
                    },
                    offset,
                    ..score
                })
                .collect(),
            ..prediction
        }
    }
}
