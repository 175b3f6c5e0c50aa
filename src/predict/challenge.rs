//! A prediction as the challenge's submission file asks for it.

use super::Prediction;
use crate::data::submission;
use crate::{ActionUnit, Error, Expression, Result};

impl Prediction {
    /// What the challenge asks for, each part found by its name. A unit is present from `threshold` on;
    /// without one, where its model's tuning says so, or else from 0.5 on. The expression is
    /// [`expression`](Self::expression).
    ///
    /// # Errors
    /// [`Error::Argument`] if the network reads not all of it, or tells an expression that is none of
    /// the challenge's classes. [`Vocabulary::check_challenge`](crate::label::Vocabulary::check_challenge)
    /// says so of a model before it reads an image.
    pub fn for_challenge(&self, threshold: Option<f64>) -> Result<submission::ChallengePrediction> {
        let lacks = |what: String| Error::argument("the prediction", what, "none");
        let valence_arousal = self.valence_arousal;
        let mut action_units = [false; ActionUnit::AFF_WILD2.len()];
        for (present, unit) in action_units.iter_mut().zip(ActionUnit::AFF_WILD2) {
            let score = self.action_unit(unit);
            let score = score.ok_or_else(|| lacks(unit.to_string()))?;
            *present = match threshold {
                Some(threshold) => f64::from(score) >= threshold,
                None => self.is_active(unit, 0.5) == Some(true),
            };
        }
        let class = self
            .expression()
            .ok_or_else(|| lacks("an expression".into()))?;
        let expression = Expression::AFF_WILD2.iter().position(|one| *one == class);
        Ok(submission::ChallengePrediction {
            valence_arousal: valence_arousal.ok_or_else(|| lacks("valence and arousal".into()))?,
            expression: expression.ok_or_else(|| {
                Error::argument("the expression", "one of the challenge's", class)
            })?,
            action_units,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predict::ExpressionScore;

    /// Every part in another order than the challenge's, with a unit that it does not ask for.
    fn shuffled() -> Prediction {
        let mut action_units = vec![(ActionUnit::AU9, 1.0)];
        for (place, unit) in ActionUnit::AFF_WILD2.into_iter().enumerate().rev() {
            action_units.push((unit, place as f32 / 12.0));
        }
        let expressions = Expression::AFF_WILD2.into_iter().rev().enumerate();
        let expressions = expressions.map(|(place, class)| ExpressionScore {
            class,
            logit: if place == 2 { 3.0 } else { place as f32 / 8.0 },
            probability: 0.125,
            offset: 0.0,
        });
        Prediction {
            action_units,
            active_units: None,
            action_unit_intensities: vec![],
            expressions: expressions.collect(),
            valence_arousal: Some([0.25, -0.5]),
            gaze: None,
        }
    }

    #[test]
    fn each_part_is_found_by_its_name_whatever_the_order() {
        let found = shuffled().for_challenge(None).unwrap();
        assert_eq!(found.action_units, std::array::from_fn(|place| place >= 6));
        // The third from behind.
        assert_eq!(found.expression, 5);
        assert_eq!(found.valence_arousal, [0.25, -0.5]);
    }

    #[test]
    fn what_is_not_there_is_an_error_and_no_zero() {
        let refused = |change: fn(&mut Prediction)| {
            let mut prediction = shuffled();
            change(&mut prediction);
            prediction.for_challenge(None).unwrap_err().to_string()
        };
        let unit = refused(|one| {
            one.action_units
                .retain(|(unit, _)| *unit != ActionUnit::AU15)
        });
        assert!(unit.contains("AU15"), "{unit}");
        let affect = refused(|one| one.valence_arousal = None);
        assert!(affect.contains("valence and arousal"), "{affect}");
        let class = refused(|one| one.expressions.clear());
        assert!(class.contains("expression"), "{class}");
        let contempt = refused(|one| one.expressions[2].class = Expression::Contempt);
        assert!(contempt.contains("Contempt"), "{contempt}");
    }
}
