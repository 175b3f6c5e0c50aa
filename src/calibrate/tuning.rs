//! What is done with scores after the network: calibrations, thresholds, offsets, smoothing.
//!
//! # Example
//! ```
//! use countenance::calibrate::{Tuning, UnitTuning};
//! use countenance::label::{ActionUnit, Vocabulary};
//!
//! let json = r#"{"action_units": {"AU12": {"threshold": 0.25}}, "smoothing": {"action_units": "gaussian:0.4"}}"#;
//! let tuning: Tuning = serde_json::from_str(json).unwrap();
//! tuning.validate()?;
//! tuning.is_for(&Vocabulary::aff_wild2())?;
//! assert_eq!(tuning.action_units[&ActionUnit::AU12], UnitTuning { threshold: 0.25, ..UnitTuning::default() });
//! // RAF-DB has no action unit that it could be of.
//! assert!(tuning.is_for(&Vocabulary::raf_db()).is_err());
//! # Ok::<(), countenance::Error>(())
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calibrate::calibration::Calibration;
use crate::calibrate::origin::Origin;
use crate::label::{ActionUnit, CodedUnit, Expression, Vocabulary};
use crate::metric::f1::THRESHOLD;
use crate::smoothing::TaskSmoothing;
use crate::{Error, Result};

/// What is done with a network's scores, in this order: they are smoothed, calibrated, and decided.
///
/// As JSON it stands in a model file's metadata under `tuning`; a key that is absent takes its default,
/// and the default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tuning {
    /// Of each action unit that is present or absent its calibration and its threshold; of one that is
    /// not named here, those of [`UnitTuning::default`].
    pub action_units: BTreeMap<ActionUnit, UnitTuning>,
    /// Of the expressions, the offsets and the temperature.
    pub expressions: ClassTuning,
    /// The smoothing of each task, where scores are those of a video's frames.
    pub smoothing: TaskSmoothing,
    /// What it was found on, and what it was worth there; none where somebody wrote it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// What is done with the score of one action unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UnitTuning {
    /// From the network's score to a probability. Default: none.
    pub calibration: Calibration,
    /// The unit is active from here on, inclusive, on the calibrated scale; in [0, 1]. Default: 0.5.
    pub threshold: f32,
}

impl Default for UnitTuning {
    fn default() -> Self {
        Self {
            calibration: Calibration::None,
            threshold: THRESHOLD,
        }
    }
}

/// What is done with the logits of the expressions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassTuning {
    /// What is added to a class's logit before the largest is chosen; 0 for one that is not named.
    pub offsets: Vec<(Expression, f32)>,
    /// Probabilities are the softmax of the logits (without offsets) divided by it; finite and above 0.
    /// Default: 1.
    pub temperature: f32,
}

impl Default for ClassTuning {
    fn default() -> Self {
        Self {
            offsets: Vec::new(),
            temperature: 1.0,
        }
    }
}

impl Tuning {
    /// Looks whether every number is possible.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the unit, class or task, what was expected and what was found.
    pub fn validate(&self) -> Result<()> {
        for (unit, tuning) in &self.action_units {
            if !(0.0..=1.0).contains(&tuning.threshold) {
                let what = format!("the threshold of {unit}");
                return Err(Error::argument(what, "0 to 1", tuning.threshold));
            }
            tuning.calibration.validate().map_err(|error| match error {
                Error::Argument {
                    what,
                    expected,
                    found,
                } => Error::Argument {
                    what: format!("{unit}: {what}"),
                    expected,
                    found,
                },
                other => other,
            })?;
        }
        let offsets = &self.expressions.offsets;
        for (place, (class, offset)) in offsets.iter().enumerate() {
            if !offset.is_finite() {
                let what = format!("the offset of {class}");
                return Err(Error::argument(what, "a finite number", offset));
            }
            if offsets[..place]
                .iter()
                .any(|(other, _)| other.is_alike(class))
            {
                let found = format!("{class} twice");
                return Err(Error::argument(
                    "the offsets of expressions",
                    "each once",
                    found,
                ));
            }
        }
        let temperature = self.expressions.temperature;
        if !(temperature.is_finite() && temperature > 0.0) {
            let expected = "a finite number above 0";
            return Err(Error::argument("the temperature", expected, temperature));
        }
        self.smoothing.check()?;
        Ok(())
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        let none = UnitTuning::default();
        self.action_units.values().all(|unit| *unit == none)
            && self
                .expressions
                .offsets
                .iter()
                .all(|(_, offset)| *offset == 0.0)
            && self.expressions.temperature == 1.0
            && self.smoothing.is_off()
    }

    /// Looks whether it is a tuning of scores in `vocabulary`: that its units are present or absent
    /// there, and its classes are among those there.
    ///
    /// # Errors
    /// [`Error::Argument`] that names a unit or a class that is not.
    pub fn is_for(&self, vocabulary: &Vocabulary) -> Result<()> {
        for &unit in self.action_units.keys() {
            if !vocabulary
                .action_units
                .contains(&CodedUnit::occurrence(unit))
            {
                return Err(foreign(&unit, &vocabulary.action_units));
            }
        }
        for (class, _) in &self.expressions.offsets {
            if !vocabulary
                .expressions
                .iter()
                .any(|known| known.is_alike(class))
            {
                return Err(foreign(class, &vocabulary.expressions));
            }
        }
        Ok(())
    }
}

fn foreign(name: &impl ToString, known: &[impl ToString]) -> Error {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let expected = match known.is_empty() {
        true => "nothing of the kind, which the model does not read".to_string(),
        false => format!("one of {}", known.join(", ")),
    };
    Error::argument("the tuning", expected, name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoothing::Smoothing;

    fn tuning() -> Tuning {
        let mut tuning = Tuning::default();
        tuning.action_units.insert(
            ActionUnit::AU12,
            UnitTuning {
                calibration: Calibration::Platt {
                    slope: 1.5,
                    intercept: -0.25,
                },
                threshold: 0.25,
            },
        );
        tuning.expressions.offsets = vec![(Expression::Fear, 0.5), (Expression::Other, -1.0)];
        tuning.expressions.temperature = 2.0;
        tuning.smoothing.expressions = Smoothing::Gaussian(0.4);
        tuning
    }

    #[test]
    fn a_tuning_comes_back_from_json_and_its_default_is_empty() {
        let given = tuning();
        let json = serde_json::to_string(&given).unwrap();
        assert_eq!(serde_json::from_str::<Tuning>(&json).unwrap(), given);
        assert!(!given.is_empty());
        given.validate().unwrap();
        let nothing: Tuning = serde_json::from_str("{}").unwrap();
        assert_eq!(nothing, Tuning::default());
        assert!(nothing.is_empty());
        for unknown in [
            r#"{"threshold": 1}"#,
            r#"{"action_units": {"AU12": {"treshold": 0.5}}}"#,
            r#"{"action_units": {"AU300": {}}}"#,
        ] {
            serde_json::from_str::<Tuning>(unknown).unwrap_err();
        }
    }

    #[test]
    fn every_part_alone_makes_a_tuning_that_is_not_empty() {
        let mut parts = [const { None }; 4].map(|_: Option<()>| Tuning::default());
        parts[0].action_units = tuning().action_units;
        parts[1].expressions.offsets = tuning().expressions.offsets;
        parts[2].expressions.temperature = 2.0;
        parts[3].smoothing = tuning().smoothing;
        assert!(parts.iter().all(|part| !part.is_empty()));
    }

    #[test]
    fn numbers_that_are_impossible_are_named() {
        let refused = |change: &dyn Fn(&mut Tuning)| {
            let mut tuning = tuning();
            change(&mut tuning);
            tuning.validate().unwrap_err().to_string()
        };
        let told = refused(&|tuning| {
            tuning
                .action_units
                .get_mut(&ActionUnit::AU12)
                .unwrap()
                .threshold = 1.5;
        });
        assert_eq!(told, "the threshold of AU12: expected 0 to 1, found 1.5");
        let told = refused(&|tuning| {
            tuning
                .action_units
                .get_mut(&ActionUnit::AU12)
                .unwrap()
                .threshold = f32::NAN;
        });
        assert!(told.contains("found NaN"), "{told}");
        let told = refused(&|tuning| tuning.expressions.offsets[0].1 = f32::INFINITY);
        assert!(told.starts_with("the offset of Fear"), "{told}");
        let told = refused(&|tuning| tuning.expressions.offsets[1].0 = Expression::Fear);
        assert!(told.contains("Fear twice"), "{told}");
        let told = refused(&|tuning| tuning.expressions.temperature = 0.0);
        assert!(told.starts_with("the temperature"), "{told}");
        let told = refused(&|tuning| tuning.smoothing.expressions = Smoothing::Gaussian(-1.0));
        assert!(told.starts_with("smoothing"), "{told}");
        let told = refused(&|tuning| {
            let unit = tuning.action_units.get_mut(&ActionUnit::AU12).unwrap();
            unit.calibration = Calibration::Platt {
                slope: f32::NAN,
                intercept: 0.0,
            };
        });
        assert!(told.starts_with("AU12: "), "{told}");
    }

    #[test]
    fn a_tuning_of_other_units_or_classes_is_refused_by_name() {
        tuning().is_for(&Vocabulary::aff_wild2()).unwrap();
        let refused =
            |vocabulary: Vocabulary| tuning().is_for(&vocabulary).unwrap_err().to_string();
        assert!(refused(Vocabulary::raf_db()).contains("nothing of the kind"));
        // Thresholds are of occurrences; DISFA's AU12 is an intensity.
        assert!(refused(Vocabulary::disfa()).contains("AU12_r"));
        let mut seven = Vocabulary::raf_db();
        seven.action_units = Vocabulary::bp4d().action_units;
        assert!(refused(seven).ends_with("found Other"));
    }
}
