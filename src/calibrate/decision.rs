//! What a tuning makes of a row's scores.
//!
//! # Example
//! ```
//! use countenance::calibrate::Decider;
//! use countenance::calibrate::Tuning;
//! use countenance::label::Vocabulary;
//! use countenance::metric::RowScores;
//!
//! let json = r#"{"action_units": {"AU12": {"threshold": 0.25}}, "expressions": {"offsets": [["Fear", 1.0]]}}"#;
//! let tuning: Tuning = serde_json::from_str(json).unwrap();
//! let vocabulary = Vocabulary::aff_wild2();
//! let decider = Decider::new(&tuning, &vocabulary)?;
//!
//! let mut logits = [0.0; 8];
//! (logits[3], logits[4]) = (1.5, 2.0);
//! let scores = RowScores { action_units: &[0.3; 12], expression_logits: &logits, ..RowScores::default() };
//! let decision = decider.decide(&scores);
//! assert_eq!(decision.active.iter().filter(|active| **active).count(), 1);
//! assert_eq!(decision.expression, Some(3));
//! // What is more probable is another matter.
//! assert!(decision.probabilities[4] > decision.probabilities[3]);
//! # Ok::<(), countenance::Error>(())
//! ```

use crate::Result;
use crate::calibrate::calibration::Calibration;
use crate::calibrate::table::ScoreTable;
use crate::calibrate::temperature::probabilities;
use crate::calibrate::tuning::Tuning;
use crate::label::{CodedUnit, Scale, Vocabulary};
use crate::metric::RowScores;
use crate::metric::confusion::largest;
use crate::metric::f1::THRESHOLD;

/// A tuning in a vocabulary's orders.
#[derive(Clone, Debug, PartialEq)]
pub struct Decider {
    calibrations: Vec<Calibration>,
    thresholds: Vec<f32>,
    offsets: Vec<f32>,
    temperature: f32,
}

/// What a tuning says of one row, in its vocabulary's orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The calibrated score of each action unit, in [0, 1].
    pub action_units: Vec<f32>,
    /// Whether each unit is active: from its threshold on, or of an intensity from the middle of its
    /// scale on.
    pub active: Vec<bool>,
    /// The logits with the classes' offsets; the largest is the expression.
    pub logits: Vec<f32>,
    /// The place of the expression; none where there are no expressions.
    pub expression: Option<usize>,
    /// The probability of each expression, in [0, 1]; offsets have no part in it.
    pub probabilities: Vec<f32>,
    /// Valence and arousal, as they were.
    pub valence_arousal: [f32; 2],
}

impl Decision {
    /// The row as scores are computed from: with the units' own thresholds, see
    /// [`Decider::thresholds`].
    pub fn scores(&self) -> RowScores<'_> {
        RowScores {
            action_units: &self.action_units,
            expression_logits: &self.logits,
            valence_arousal: self.valence_arousal,
        }
    }
}

impl Decider {
    /// A tuning for scores in `vocabulary`'s orders.
    ///
    /// # Errors
    /// As of [`Tuning::validate`] and [`Tuning::is_for`].
    pub fn new(tuning: &Tuning, vocabulary: &Vocabulary) -> Result<Self> {
        tuning.validate()?;
        tuning.is_for(vocabulary)?;
        let of = |coded: &CodedUnit| match coded.scale {
            Scale::Occurrence => tuning.action_units.get(&coded.unit),
            Scale::Intensity => None,
        };
        let units = &vocabulary.action_units;
        let offset = |class| {
            let mut offsets = tuning.expressions.offsets.iter();
            let found = offsets.find(|(known, _)| known.is_alike(class));
            found.map_or(0.0, |(_, offset)| *offset)
        };
        Ok(Self {
            calibrations: units
                .iter()
                .map(|coded| of(coded).map_or(Calibration::None, |unit| unit.calibration.clone()))
                .collect(),
            thresholds: units
                .iter()
                .map(|coded| of(coded).map_or(THRESHOLD, |unit| unit.threshold))
                .collect(),
            offsets: vocabulary.expressions.iter().map(offset).collect(),
            temperature: tuning.expressions.temperature,
        })
    }

    /// The threshold of each action unit, on the calibrated scale.
    pub fn thresholds(&self) -> &[f32] {
        &self.thresholds
    }

    /// What is added to the logit of each class.
    pub fn offsets(&self) -> &[f32] {
        &self.offsets
    }

    /// What the tuning says of a row, whose scores are smoothed already where they are to be.
    ///
    /// Scores of a task that is not read may be empty.
    ///
    /// # Panics
    /// If there are other numbers of units or classes than the vocabulary's, and not none.
    pub fn decide(&self, row: &RowScores) -> Decision {
        let units = row.action_units.len();
        assert!(
            units == 0 || units == self.thresholds.len(),
            "a score for each unit"
        );
        let classes = row.expression_logits.len();
        assert!(
            classes == 0 || classes == self.offsets.len(),
            "a logit for each class"
        );
        let action_units: Vec<f32> = self
            .calibrations
            .iter()
            .zip(row.action_units)
            .map(|(calibration, score)| calibration.apply(*score))
            .collect();
        let thresholds = action_units.iter().zip(&self.thresholds);
        let logits = row.expression_logits.iter().zip(&self.offsets);
        let logits: Vec<f32> = logits.map(|(logit, offset)| logit + offset).collect();
        Decision {
            active: thresholds
                .map(|(score, threshold)| score >= threshold)
                .collect(),
            action_units,
            expression: (!logits.is_empty()).then(|| largest(&logits)),
            logits,
            probabilities: probabilities(row.expression_logits, self.temperature),
            valence_arousal: row.valence_arousal,
        }
    }

    /// What the tuning says of each row of a table, already smoothed; `None` of an unreadable image.
    ///
    /// # Panics
    /// As [`decide`](Self::decide).
    pub fn decide_all(&self, table: &ScoreTable) -> Vec<Option<Decision>> {
        let rows = 0..table.rows();
        rows.map(|row| table.row(row).map(|row| self.decide(&row)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::tuning::UnitTuning;
    use crate::label::{ActionUnit, Expression};
    use crate::metric::ScoreAccumulator;

    const UNITS: [f32; 12] = [
        0.1, 0.49, 0.5, 0.51, 0.9, 0.2, 0.3, 0.25, 0.26, 0.75, 0.0, 1.0,
    ];
    const LOGITS: [f32; 8] = [2.0, 0.5, -1.0, 1.9, 0.0, 0.0, -3.0, 1.0];

    fn row() -> RowScores<'static> {
        RowScores {
            action_units: &UNITS,
            expression_logits: &LOGITS,
            valence_arousal: [0.5, -0.5],
        }
    }

    #[test]
    fn a_tuning_that_is_empty_decides_as_there_was_none() {
        let vocabulary = Vocabulary::aff_wild2();
        let decider = Decider::new(&Tuning::default(), &vocabulary).unwrap();
        let decision = decider.decide(&row());
        assert_eq!(decision.scores(), row());
        assert_eq!(decision.active, UNITS.map(|score| score >= 0.5));
        assert_eq!(decision.expression, Some(0));
        assert_eq!(decider.thresholds(), [0.5; 12]);
        assert!((decision.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn thresholds_are_of_calibrated_scores_and_temperatures_change_no_expression() {
        let vocabulary = Vocabulary::aff_wild2();
        let mut tuning = Tuning::default();
        tuning.action_units.insert(
            ActionUnit::AU1,
            UnitTuning {
                calibration: Calibration::Platt {
                    slope: 1.0,
                    intercept: 3.0,
                },
                threshold: 0.7,
            },
        );
        tuning.expressions.offsets = vec![(Expression::Fear, 0.2)];
        tuning.expressions.temperature = 100.0;
        let decider = Decider::new(&tuning, &vocabulary).unwrap();
        let decision = decider.decide(&row());
        // The logit of .1 is -2.197.
        assert!(
            (decision.action_units[0] - 0.69062).abs() < 1e-4,
            "{decision:?}"
        );
        assert!(!decision.active[0]);
        assert_eq!(decision.expression, Some(3));
        assert!(
            decision
                .probabilities
                .iter()
                .all(|share| (share - 0.125).abs() < 0.01)
        );
        let largest = decision.probabilities.iter().copied().reduce(f32::max);
        assert_eq!(largest, Some(decision.probabilities[0]));
    }

    #[test]
    fn classes_and_units_are_found_in_any_order() {
        let mut vocabulary = Vocabulary::affectnet_8();
        vocabulary.action_units = Vocabulary::disfa().action_units;
        let mut tuning = Tuning::default();
        tuning.expressions.offsets = vec![(Expression::Contempt, 9.0)];
        let decider = Decider::new(&tuning, &vocabulary).unwrap();
        assert_eq!(decider.offsets(), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0]);
        let alone = RowScores {
            expression_logits: &LOGITS,
            ..RowScores::default()
        };
        let decision = decider.decide(&alone);
        assert_eq!((decision.expression, decision.active.len()), (Some(7), 0));
        // An intensity has no threshold to be tuned.
        tuning
            .action_units
            .insert(ActionUnit::AU12, UnitTuning::default());
        assert!(Decider::new(&tuning, &vocabulary).is_err());
    }

    #[test]
    fn unreadable_rows_are_not_decided() {
        let vocabulary = Vocabulary::aff_wild2();
        let mut table = ScoreTable::new(vocabulary.clone());
        table.push(None).unwrap();
        table.push(Some(&row())).unwrap();
        let decider = Decider::new(&Tuning::default(), &vocabulary).unwrap();
        let decisions = decider.decide_all(&table);
        assert!(decisions[0].is_none() && decisions[1].is_some());
        // What is decided is what is scored.
        let mut scores = ScoreAccumulator::new(&vocabulary);
        let labels = crate::Labels {
            expression: Some(0),
            ..Default::default()
        };
        let decision = decisions[1].as_ref().unwrap();
        scores.push(&labels, &decision.scores()).unwrap();
        assert_eq!(scores.report().ex_f1[0].1, Some(1.0));
    }
}
