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
//!   each class's own rate: class `c` scores `r_c`, so the macro F1 of `C` classes is `1 / C`.
//! - A prediction that is independent of the label has a concordance of 0.
//!
//! So a network that scores above these has learnt something from the images.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::chance::chance;
//!
//! // Every class is as common as every other: one in eight is what a guess scores.
//! let rows: Vec<Labels> = (0..80)
//!     .map(|row| Labels { expression: Some(row % 8), ..Labels::default() })
//!     .collect();
//! assert!((chance(&Vocabulary::aff_wild2(), &rows).p_ex.unwrap() - 0.125).abs() < 1e-12);
//! ```

use crate::label::{Labels, Vocabulary};
use crate::metric::report::{Concordances, Report, RowCounts};

/// The chance level of every score, from a split's own labels.
///
/// A score without labels is absent, as it is in a network's report.
///
/// # Panics
/// If a labelled expression is none of the vocabulary's.
///
/// ```
/// use countenance::Labels;
/// use countenance::label::Vocabulary;
/// use countenance::metric::chance::chance;
///
/// let mut rows = vec![Labels::default(); 4];
/// for (row, labels) in rows.iter_mut().enumerate() {
///     labels.action_units = vec![Some(if row == 0 { 1.0 } else { 0.0 })];
/// }
/// // One in four: always saying yes scores 2 r / (1 + r) = 0.4.
/// assert_eq!(chance(&Vocabulary::aff_wild2(), &rows).au_f1[0].1, Some(0.4));
/// ```
pub fn chance<'a>(vocabulary: &Vocabulary, labels: impl IntoIterator<Item = &'a Labels>) -> Report {
    let mut rows = RowCounts::default();
    let mut units = vec![Rate::default(); vocabulary.action_units.len()];
    let mut classes = vec![Rate::default(); vocabulary.expressions.len()];
    for labels in labels {
        rows.push(labels);
        for (unit, label) in units.iter_mut().zip(&labels.action_units) {
            if let Some(label) = label {
                unit.push(*label > 0.0);
            }
        }
        if let Some(label) = labels.expression {
            assert!(label < classes.len(), "no expression has index {label}");
            for (class, rate) in classes.iter_mut().enumerate() {
                rate.push(class == label);
            }
        }
    }
    let concordance = |rows: u64| (rows > 0).then_some(0.0);
    Report::of(
        vocabulary
            .action_units
            .units()
            .zip(units.iter().map(Rate::always))
            .collect(),
        vocabulary
            .expressions
            .iter()
            .cloned()
            .zip(classes.iter().map(Rate::value))
            .collect(),
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

    /// F1 of always saying yes.
    fn always(&self) -> Option<f64> {
        self.value().map(|rate| 2.0 * rate / (1.0 + rate))
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
        let report = chance(&Vocabulary::aff_wild2(), &rows);
        assert!((report.p_ex.unwrap() - 0.125).abs() < 1e-12);
        assert_eq!(report.ex_f1[0].1, Some(0.6));
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
        let report = chance(&Vocabulary::aff_wild2(), &rows);
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
                let present = row % 7 == 0;
                counts.push(present, true);
                Labels {
                    action_units: vec![None, None, None, Some(f32::from(u8::from(present)))],
                    ..Labels::default()
                }
            })
            .collect();
        assert!(
            (chance(&Vocabulary::aff_wild2(), &rows).au_f1[3].1.unwrap() - counts.f1()).abs()
                < 1e-12
        );
    }
}
