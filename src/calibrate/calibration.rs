//! What makes a probability of a score.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How near to 0 and 1 a probability may come before its logit is taken.
const CLIP: f64 = 1e-6;

/// How a unit's score becomes a probability: of the rows that get 0.7, seven in ten should have the unit.
///
/// [`platt`](super::platt) and [`isotonic`](super::isotonic) find one. In JSON it is `"none"`,
/// `{"platt": {"slope": f, "intercept": f}}` or `{"isotonic": {"scores": [..], "probabilities": [..]}}`.
///
/// ```
/// use countenance::calibrate::Calibration;
///
/// let milder = Calibration::Platt { slope: 0.5, intercept: 0.0 };
/// assert_eq!([0.1, 0.5, 0.9].map(|score| milder.apply(score)), [0.25, 0.5, 0.75]);
/// assert_eq!(Calibration::default().apply(0.3), 0.3);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Calibration {
    /// The score as it is.
    #[default]
    None,
    /// `sigmoid(slope * logit(score) + intercept)`, the score clipped to [1e-6, 1 - 1e-6].
    Platt {
        /// The factor of the score's logit; finite.
        slope: f32,
        /// What is added; finite.
        intercept: f32,
    },
    /// Straight lines from point to point; before the first and behind the last, their probabilities.
    Isotonic {
        /// The scores of the points, at least one, ascending.
        scores: Vec<f32>,
        /// Their probabilities, in [0, 1], never descending.
        probabilities: Vec<f32>,
    },
}

impl Calibration {
    /// The calibrated probability of a score in [0, 1]. A score that is not a number stays none.
    pub fn apply(&self, score: f32) -> f32 {
        if score.is_nan() {
            return score;
        }
        match self {
            Self::None => score,
            Self::Platt { slope, intercept } => {
                let moved = f64::from(*slope) * logit(score) + f64::from(*intercept);
                sigmoid(moved) as f32
            }
            Self::Isotonic {
                scores,
                probabilities,
            } => interpolated(scores, probabilities, score).unwrap_or(score),
        }
    }

    /// Checks that its numbers are as its kind asks for.
    ///
    /// # Errors
    /// [`Error::Argument`] that says which are not.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Platt { slope, intercept } => {
                for (what, value) in [("slope", slope), ("intercept", intercept)] {
                    if !value.is_finite() {
                        let what = format!("the {what} of a calibration");
                        return Err(Error::argument(what, "a finite number", value));
                    }
                }
                Ok(())
            }
            Self::Isotonic {
                scores,
                probabilities,
            } => validate_points(scores, probabilities),
        }
    }
}

fn validate_points(scores: &[f32], probabilities: &[f32]) -> Result<()> {
    let what = "the points of a calibration";
    if scores.is_empty() || scores.len() != probabilities.len() {
        let found = format!("{} and {}", scores.len(), probabilities.len());
        let expected = "scores, at least one, and as many probabilities";
        return Err(Error::argument(what, expected, found));
    }
    let wrong = |expected: &str, found: &f32| Err(Error::argument(what, expected, found));
    if let Some(score) = scores.iter().find(|score| !score.is_finite()) {
        return wrong("finite scores", score);
    }
    if let Some(pair) = scores.windows(2).find(|pair| pair[0] >= pair[1]) {
        return wrong(&format!("a score above {}", pair[0]), &pair[1]);
    }
    let mut inside = probabilities.iter();
    if let Some(probability) = inside.find(|value| !(0.0..=1.0).contains(*value)) {
        return wrong("probabilities from 0 to 1", probability);
    }
    match probabilities.windows(2).find(|pair| pair[0] > pair[1]) {
        Some(pair) => wrong(&format!("a probability of at least {}", pair[0]), &pair[1]),
        None => Ok(()),
    }
}

/// The height at `score` of the line through the points; `None` without any.
fn interpolated(scores: &[f32], probabilities: &[f32], score: f32) -> Option<f32> {
    let points = scores.len().min(probabilities.len());
    let last = points.checked_sub(1)?;
    let right = scores[..points].partition_point(|point| *point <= score);
    if right == 0 || right == points {
        return Some(probabilities[right.min(last)]);
    }
    let ends = [scores[right - 1], scores[right]].map(f64::from);
    let [low, high] = [probabilities[right - 1], probabilities[right]].map(f64::from);
    let share = (f64::from(score) - ends[0]) / (ends[1] - ends[0]);
    Some((low + share * (high - low)) as f32)
}

/// `ln(p / (1 - p))`, of a probability that is clipped away from 0 and 1.
pub(super) fn logit(probability: f32) -> f64 {
    let clipped = f64::from(probability).clamp(CLIP, 1.0 - CLIP);
    (clipped / (1.0 - clipped)).ln()
}

/// `1 / (1 + exp(-x))`.
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(scores: &[f32], probabilities: &[f32]) -> Calibration {
        Calibration::Isotonic {
            scores: scores.to_vec(),
            probabilities: probabilities.to_vec(),
        }
    }

    #[test]
    fn every_kind_comes_back_from_json_and_an_unknown_key_is_refused() {
        let kinds = [
            Calibration::None,
            Calibration::Platt {
                slope: 0.1,
                intercept: -1.0 / 3.0,
            },
            points(&[0.1, 0.7], &[1.0 / 3.0, 1.0]),
        ];
        for kind in kinds {
            kind.validate().unwrap();
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(
                serde_json::from_str::<Calibration>(&json).unwrap(),
                kind,
                "{json}"
            );
        }
        assert_eq!(
            serde_json::to_string(&Calibration::None).unwrap(),
            r#""none""#
        );
        for wrong in [
            r#"{"platt":{"slope":1}}"#,
            r#"{"platt":{"slope":1,"intercept":0,"x":0}}"#,
        ] {
            assert!(
                serde_json::from_str::<Calibration>(wrong).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn points_are_joined_by_straight_lines_and_held_at_their_ends() {
        let line = points(&[0.2, 0.4, 0.8], &[0.0, 0.5, 0.6]);
        for (score, told) in [
            (-1.0, 0.0),
            (0.2, 0.0),
            (0.3, 0.25),
            (0.4, 0.5),
            (0.6, 0.55),
            (0.8, 0.6),
            (f32::INFINITY, 0.6),
        ] {
            assert!((line.apply(score) - told).abs() < 1e-6, "{score}");
        }
        assert_eq!(points(&[0.5], &[0.3]).apply(0.1), 0.3);
        // What `validate` refuses does not panic either.
        assert_eq!(points(&[], &[]).apply(0.1), 0.1);
        assert_eq!(points(&[0.5, 0.6], &[0.3]).apply(0.9), 0.3);
    }

    #[test]
    fn what_is_no_number_stays_none_and_the_ends_stay_inside() {
        let steep = Calibration::Platt {
            slope: f32::MAX,
            intercept: 0.0,
        };
        for kind in [Calibration::None, steep.clone(), points(&[0.5], &[0.3])] {
            assert!(kind.apply(f32::NAN).is_nan());
        }
        assert_eq!(
            [0.0, 0.5, 1.0].map(|score| steep.apply(score)),
            [0.0, 0.5, 1.0]
        );
    }

    #[test]
    fn numbers_that_no_fit_gives_are_refused_by_name() {
        let message = |kind: Calibration| kind.validate().unwrap_err().to_string();
        let slope = message(Calibration::Platt {
            slope: f32::NAN,
            intercept: 0.0,
        });
        assert_eq!(
            slope,
            "the slope of a calibration: expected a finite number, found NaN"
        );
        for (kind, told) in [
            (points(&[], &[]), "at least one"),
            (points(&[0.1], &[]), "as many probabilities, found 1 and 0"),
            (points(&[f32::NAN], &[0.5]), "finite scores"),
            (points(&[0.1, 0.1], &[0.5, 0.5]), "a score above 0.1"),
            (points(&[0.1], &[1.5]), "from 0 to 1, found 1.5"),
            (points(&[0.1], &[f32::NAN]), "from 0 to 1, found NaN"),
            (points(&[0.1, 0.2], &[0.5, 0.4]), "at least 0.5, found 0.4"),
        ] {
            let found = message(kind);
            assert!(found.contains(told), "{found}");
        }
    }
}
