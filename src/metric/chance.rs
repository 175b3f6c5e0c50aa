//! Chance level: the scores of the best predictor that never looks at the image.
//!
//! On a label that is positive at rate `r`, a predictor that says yes with probability `q`, whatever
//! the image, has over many rows
//!
//! `F1 = 2 r q / (r + q)`
//!
//! - For an action unit this grows with `q`: the best such predictor always says yes, and scores
//!   `2 r / (1 + r)`. (A coin with the unit's own rate scores only `r`.)
//! - For the macro F1 of the expressions the `q` of all classes sum to one, and the best choice is
//!   each class's own rate: class `c` scores `r_c`, so the macro F1 is 1/8 whenever all labels are
//!   among the 8 classes.
//! - A prediction that is independent of the label has a concordance of 0.
//!
//! So a network that scores above these has learnt something from the images.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::metric::chance::chance;
//!
//! // Every class is as common as every other: one in eight is what a guess scores.
//! let rows: Vec<Labels> = (0..80)
//!     .map(|row| Labels { expression: Some(row % 8), ..Labels::default() })
//!     .collect();
//! assert!((chance(&rows).p_ex.unwrap() - 0.125).abs() < 1e-12);
//! ```

use crate::label::{ACTION_UNITS, EXPRESSIONS, Labels};
use crate::metric::report::{Concordances, Report, RowCounts};

/// The chance level of every score, from a split's own labels.
///
/// A score without labels is absent, as it is in a network's report.
///
/// # Panics
/// If a labelled expression is not below [`EXPRESSIONS`].
///
/// ```
/// use countenance::Labels;
/// use countenance::metric::chance::chance;
///
/// let mut rows = vec![Labels::default(); 4];
/// for (row, labels) in rows.iter_mut().enumerate() {
///     labels.action_units[0] = Some(row == 0);
/// }
/// // One in four: always saying yes scores 2 r / (1 + r) = 0.4.
/// assert_eq!(chance(&rows).au_f1[0], Some(0.4));
/// ```
pub fn chance<'a>(labels: impl IntoIterator<Item = &'a Labels>) -> Report {
    let mut rows = RowCounts::default();
    let mut units = [Rate::default(); ACTION_UNITS];
    let mut classes = [Rate::default(); EXPRESSIONS];
    for labels in labels {
        rows.push(labels);
        for (unit, label) in units.iter_mut().zip(labels.action_units) {
            if let Some(label) = label {
                unit.push(label);
            }
        }
        if let Some(label) = labels.expression {
            assert!(label < EXPRESSIONS, "no expression has index {label}");
            for (class, rate) in classes.iter_mut().enumerate() {
                rate.push(class == label);
            }
        }
    }
    let concordance = |rows: u64| (rows > 0).then_some(0.0);
    Report::of(
        units.map(|unit| unit.value().map(|rate| 2.0 * rate / (1.0 + rate))),
        classes.map(|class| class.value()),
        Concordances {
            valence: concordance(rows.valence),
            arousal: concordance(rows.arousal),
        },
        rows,
    )
}

/// How often a label is yes.
#[derive(Clone, Copy, Default)]
struct Rate {
    yes: u64,
    all: u64,
}

impl Rate {
    fn push(&mut self, label: bool) {
        self.yes += u64::from(label);
        self.all += 1;
    }

    fn value(&self) -> Option<f64> {
        (self.all > 0).then(|| self.yes as f64 / self.all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::f1::BinaryCounts;

    #[test]
    fn chance_is_one_eighth_for_expressions_and_zero_for_concordance() {
        let rows: Vec<Labels> = [0, 0, 0, 4, 7]
            .into_iter()
            .map(|class| Labels {
                valence_arousal: [Some(0.1), Some(0.2)],
                expression: Some(class),
                ..Labels::default()
            })
            .collect();
        let report = chance(&rows);
        assert!((report.p_ex.unwrap() - 0.125).abs() < 1e-12);
        assert_eq!(report.ex_f1[0], Some(0.6));
        assert_eq!(report.p_va, Some(0.0));
        assert_eq!((report.p_au, report.p_mtl), (None, None));
        assert_eq!(
            (report.rows.total, report.rows.ex, report.rows.au),
            (5, 5, 0)
        );
    }

    #[test]
    fn one_of_valence_and_arousal_without_labels_has_no_chance() {
        let rows = [Labels {
            valence_arousal: [None, Some(0.2)],
            ..Labels::default()
        }];
        let report = chance(&rows);
        assert_eq!(
            (report.ccc.valence, report.ccc.arousal, report.p_va),
            (None, Some(0.0), None)
        );
        assert_eq!((report.rows.va, report.rows.valence), (1, 0));
    }

    #[test]
    fn chance_of_a_unit_is_the_f1_of_always_saying_yes() {
        let mut counts = BinaryCounts::default();
        let rows: Vec<Labels> = (0..20)
            .map(|row| {
                let mut labels = Labels::default();
                labels.action_units[3] = Some(row % 7 == 0);
                counts.push(row % 7 == 0, true);
                labels
            })
            .collect();
        assert!((chance(&rows).au_f1[3].unwrap() - counts.f1()).abs() < 1e-12);
    }
}
