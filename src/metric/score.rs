//! All scores of a split from its rows.

use crate::label::{ACTION_UNITS, EXPRESSIONS, Labels};
use crate::metric::concordance::Concordance;
use crate::metric::confusion::{Confusion, largest};
use crate::metric::f1::ActionUnitF1;
use crate::metric::report::{Concordances, Report, Rows};

/// What the network says of one row, in s-Aff-Wild2's orders.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScores {
    /// The probability of each action unit, in [0, 1].
    pub action_units: [f32; ACTION_UNITS],
    /// A logit per expression; the largest is the prediction.
    pub expression_logits: [f32; EXPRESSIONS],
    /// Valence and arousal, each in [-1, 1].
    pub valence_arousal: [f32; 2],
}

/// Gathers a split row by row.
///
/// ```
/// use countenance::Labels;
/// use countenance::metric::{RowScores, ScoreAccumulator};
///
/// let mut scores = ScoreAccumulator::new();
/// let happy = Labels { expression: Some(4), ..Labels::default() };
/// let mut row = RowScores::default();
/// row.expression_logits[4] = 2.5;
/// scores.push(&happy, &row);
///
/// let report = scores.report();
/// assert_eq!(report.ex_f1[4], Some(1.0));
/// assert_eq!(report.p_au, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreAccumulator {
    action_units: ActionUnitF1,
    expression: Confusion,
    valence: Concordance,
    arousal: Concordance,
    total: u64,
}

impl ScoreAccumulator {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one row; what its labels lack is left out.
    ///
    /// # Panics
    /// If the labelled expression is not below [`EXPRESSIONS`].
    pub fn push(&mut self, labels: &Labels, scores: &RowScores) {
        self.total += 1;
        self.action_units
            .push(&labels.action_units, &scores.action_units);
        if let Some(label) = labels.expression {
            self.expression
                .push(label, largest(&scores.expression_logits));
        }
        if let Some([valence, arousal]) = labels.valence_arousal {
            let [predicted_valence, predicted_arousal] = scores.valence_arousal;
            self.valence.push(predicted_valence.into(), valence.into());
            self.arousal.push(predicted_arousal.into(), arousal.into());
        }
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
            Rows {
                total: self.total,
                au: self.action_units.rows(),
                ex: self.expression.rows(),
                va: self.valence.count(),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_labels_leave_every_score_absent() {
        let mut scores = ScoreAccumulator::new();
        scores.push(&Labels::default(), &RowScores::default());
        let report = scores.report();
        assert_eq!(
            (report.p_au, report.p_ex, report.p_va, report.p_mtl),
            (None, None, None, None)
        );
        assert_eq!(report.au_f1, [None; ACTION_UNITS]);
        assert_eq!(report.ex_f1, [None; EXPRESSIONS]);
        let rows = Rows {
            total: 1,
            ..Rows::default()
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
                valence_arousal: Some(affect),
                expression: Some(class),
                action_units: units.map(Some),
            };
            let mut row = RowScores {
                action_units: units.map(|on| if on { 0.9 } else { 0.1 }),
                valence_arousal: affect,
                ..RowScores::default()
            };
            row.expression_logits[class] = 1.0;
            scores.push(&labels, &row);
        }
        assert_eq!(scores.report().p_mtl, Some(3.0));
    }
}
