//! All scores of a split from its rows.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::metric::{RowScores, ScoreAccumulator};
//!
//! let mut labels = Labels::default();
//! labels.action_units[6] = Some(true);
//! let mut row = RowScores::default();
//! row.action_units[6] = 0.7;
//! let mut scores = ScoreAccumulator::new();
//! scores.push(&labels, &row)?;
//! assert_eq!(scores.report().au_f1[6], Some(1.0));
//!
//! // A score that is asked for and not finite is an error, not a zero.
//! row.action_units[6] = f32::NAN;
//! assert!(scores.push(&labels, &row).is_err());
//! # Ok::<(), countenance::Error>(())
//! ```

use crate::Result;
use crate::finite::NotFiniteScore;
use crate::label::{ACTION_UNITS, ActionUnit, EXPRESSIONS, Expression, Labels};
use crate::metric::concordance::Concordance;
use crate::metric::confusion::{Confusion, largest};
use crate::metric::f1::ActionUnitF1;
use crate::metric::report::{Concordances, Report, RowCounts};

/// The network's scores of one row, in s-Aff-Wild2's orders.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScores {
    /// The probability of each action unit, in [0, 1].
    pub action_units: [f32; ACTION_UNITS],
    /// A logit per expression; the largest is the prediction.
    pub expression_logits: [f32; EXPRESSIONS],
    /// Valence and arousal, each in [-1, 1].
    pub valence_arousal: [f32; 2],
}

impl RowScores {
    /// Looks for a score that `labels` asks for and that is not finite.
    pub(crate) fn check(&self, labels: &Labels) -> Result<(), NotFiniteScore> {
        let units = ActionUnit::AFF_WILD2.iter().zip(self.action_units);
        let asked = units.zip(&labels.action_units);
        NotFiniteScore::among(asked.filter_map(|(score, label)| label.map(|_| score)))?;
        if labels.expression.is_some() {
            NotFiniteScore::among(Expression::AFF_WILD2.iter().zip(self.expression_logits))?;
        }
        let affect = ["valence", "arousal"].iter().zip(self.valence_arousal);
        let asked = affect.zip(&labels.valence_arousal);
        NotFiniteScore::among(asked.filter_map(|(score, label)| label.map(|_| score)))
    }
}

/// Computes the scores of a split, row by row.
///
/// ```
/// use countenance::Labels;
/// use countenance::metric::{RowScores, ScoreAccumulator};
///
/// let mut scores = ScoreAccumulator::new();
/// let happy = Labels { expression: Some(4), ..Labels::default() };
/// let mut row = RowScores::default();
/// row.expression_logits[4] = 2.5;
/// scores.push(&happy, &row)?;
///
/// let report = scores.report();
/// assert_eq!(report.ex_f1[4], Some(1.0));
/// assert_eq!(report.p_au, None);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreAccumulator {
    action_units: ActionUnitF1,
    expression: Confusion,
    valence: Concordance,
    arousal: Concordance,
    rows: RowCounts,
}

impl ScoreAccumulator {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one row; what its labels lack is left out.
    ///
    /// # Errors
    /// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) if a score that a label asks for is not finite: it is no answer,
    /// neither a right one nor a wrong one. The row then does not count.
    ///
    /// # Panics
    /// If the labelled expression is not below [`EXPRESSIONS`].
    pub fn push(&mut self, labels: &Labels, scores: &RowScores) -> Result<()> {
        scores
            .check(labels)
            .map_err(|found| found.of(format!("row {}", self.rows.total)))?;
        self.rows.push(labels);
        self.action_units
            .push(&labels.action_units, &scores.action_units);
        if let Some(label) = labels.expression {
            self.expression
                .push(label, largest(&scores.expression_logits));
        }
        let [valence, arousal] = scores.valence_arousal;
        for (concordance, predicted, label) in [
            (&mut self.valence, valence, labels.valence_arousal[0]),
            (&mut self.arousal, arousal, labels.valence_arousal[1]),
        ] {
            if let Some(label) = label {
                concordance.push(predicted.into(), label.into());
            }
        }
        Ok(())
    }

    /// The confusion matrix of the expressions.
    pub fn confusion(&self) -> &Confusion {
        &self.expression
    }

    /// The scores of the rows so far.
    pub fn report(&self) -> Report {
        Report::of(
            self.action_units.per_unit(),
            self.expression.per_class(),
            Concordances {
                valence: self.valence.ccc(),
                arousal: self.arousal.ccc(),
            },
            self.rows,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_labels_leave_every_score_absent() {
        let mut scores = ScoreAccumulator::new();
        scores
            .push(&Labels::default(), &RowScores::default())
            .unwrap();
        let report = scores.report();
        assert_eq!(
            (report.p_au, report.p_ex, report.p_va, report.p_mtl),
            (None, None, None, None)
        );
        assert_eq!(report.au_f1, [None; ACTION_UNITS]);
        assert_eq!(report.ex_f1, [None; EXPRESSIONS]);
        let rows = RowCounts {
            total: 1,
            ..RowCounts::default()
        };
        assert_eq!(report.rows, rows);
    }

    #[test]
    fn perfect_predictions_score_three() {
        let mut scores = ScoreAccumulator::new();
        for class in 0..EXPRESSIONS {
            let affect = [class as f32 / 8.0, -0.5 + class as f32 / 16.0];
            let units: [bool; ACTION_UNITS] = std::array::from_fn(|unit| (unit + class) % 3 == 0);
            let labels = Labels {
                valence_arousal: affect.map(Some),
                expression: Some(class),
                action_units: units.map(Some),
            };
            let mut row = RowScores {
                action_units: units.map(|on| if on { 0.9 } else { 0.1 }),
                valence_arousal: affect,
                ..RowScores::default()
            };
            row.expression_logits[class] = 1.0;
            scores.push(&labels, &row).unwrap();
        }
        assert_eq!(scores.report().p_mtl, Some(3.0));
    }

    #[test]
    fn one_of_valence_and_arousal_counts_for_its_own_coefficient() {
        let pairs = [[0.1, 0.9], [0.4, -0.2], [-0.6, 0.3], [0.8, 0.0]];
        let mut scores = ScoreAccumulator::new();
        let mut alone = [Concordance::new(), Concordance::new()];
        for (row, [valence, arousal]) in pairs.into_iter().enumerate() {
            let labels = Labels {
                valence_arousal: [(row != 1).then_some(valence), (row > 1).then_some(arousal)],
                ..Labels::default()
            };
            let guess = [arousal, valence];
            let said = RowScores {
                valence_arousal: guess,
                ..RowScores::default()
            };
            scores.push(&labels, &said).unwrap();
            for (column, label) in labels.valence_arousal.into_iter().enumerate() {
                if let Some(label) = label {
                    alone[column].push(guess[column].into(), label.into());
                }
            }
        }
        let report = scores.report();
        let found = [report.ccc.valence, report.ccc.arousal];
        assert_eq!(found, alone.map(|concordance| concordance.ccc()));
        let rows = report.rows;
        assert_eq!(
            (rows.total, rows.va, rows.valence, rows.arousal),
            (4, 3, 3, 2)
        );
    }

    #[test]
    fn a_score_that_is_not_finite_is_no_answer_where_a_label_asks_for_it() {
        let labels = Labels {
            valence_arousal: [None, Some(0.5)],
            expression: Some(2),
            action_units: std::array::from_fn(|unit| (unit == 3).then_some(true)),
        };
        let good = RowScores {
            expression_logits: std::array::from_fn(|class| class as f32),
            ..RowScores::default()
        };
        let broken = |change: fn(&mut RowScores)| {
            let mut scores = ScoreAccumulator::new();
            scores.push(&Labels::default(), &good).unwrap();
            let before = scores.clone();
            let mut row = good;
            change(&mut row);
            let result = scores.push(&labels, &row);
            assert_eq!(scores == before, result.is_err());
            result.map_err(|error| error.to_string())
        };
        for (found, expected) in [
            (broken(|row| row.action_units[3] = f32::NAN), "AU6 is NaN"),
            (
                broken(|row| row.expression_logits[7] = f32::INFINITY),
                "Other is inf",
            ),
            (
                broken(|row| row.valence_arousal[1] = f32::NEG_INFINITY),
                "arousal is -inf",
            ),
        ] {
            let error = found.unwrap_err();
            assert!(
                error.contains("row 1") && error.contains(expected),
                "{error}"
            );
        }
        broken(|row| row.action_units[4] = f32::NAN).unwrap();
        broken(|row| row.valence_arousal[0] = f32::NAN).unwrap();
    }
}
