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
//! - A prediction that is independent of the label has a concordance of 0, and so it is with every
//!   correlation of an intensity. Its mean absolute error is least where every row is given the median.
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

use crate::label::{Labels, Scale, Vocabulary};
use crate::metric::deviation::Deviation;
use crate::metric::report::{Concordances, Named, Report, RowCounts};

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
    let mut intensities = vec![Vec::new(); vocabulary.action_units.len()];
    let mut classes = vec![Rate::default(); vocabulary.expressions.len()];
    for labels in labels {
        rows.push(labels);
        let coded = vocabulary.action_units.iter().zip(&labels.action_units);
        for (unit, (coded, label)) in coded.enumerate() {
            match (*label, coded.scale) {
                (None, _) => {}
                (Some(label), Scale::Occurrence) => units[unit].push(label > 0.0),
                (Some(label), Scale::Intensity) => intensities[unit].push(label),
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
    let coded = || vocabulary.action_units.iter();
    let by_degrees = |score: fn(&Vec<f32>) -> f64| -> Named<_> {
        let units = coded().zip(&intensities);
        units
            .filter(|(coded, _)| coded.scale == Scale::Intensity)
            .map(|(coded, labels)| (coded.unit, (!labels.is_empty()).then(|| score(labels))))
            .collect()
    };
    let report = Report::of(
        coded()
            .zip(&units)
            .filter(|(coded, _)| coded.scale == Scale::Occurrence)
            .map(|(coded, rate)| (coded.unit, rate.always()))
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
    );
    report.with_intensities(
        by_degrees(|_| 0.0),
        by_degrees(|_| 0.0),
        by_degrees(|labels| median_error(labels)),
    )
}

/// The mean absolute error of always predicting the median.
fn median_error(labels: &[f32]) -> f64 {
    let mut rising = labels.to_vec();
    rising.sort_unstable_by(f32::total_cmp);
    // Between the two in the middle every number is as good.
    let median = rising[rising.len() / 2];
    let pairs = labels.iter().map(|&label| (median.into(), label.into()));
    let errors: Deviation = pairs.collect();
    errors.mae().unwrap_or_default()
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

    #[test]
    fn chance_of_an_intensity_is_the_error_of_its_median() {
        let rows = [0.0, 0.0, 1.0, 5.0].map(|label| Labels {
            action_units: vec![Some(label), None],
            ..Labels::default()
        });
        let report = chance(&Vocabulary::disfa(), &rows);
        assert!(report.au_f1.is_empty());
        let first = [&report.au_icc, &report.au_pcc, &report.au_mae].map(|scores| scores[0].1);
        // Of the numbers from 0 to 1 each is as good: 1.5 off.
        assert_eq!(first, [Some(0.0), Some(0.0), Some(1.5)]);
        assert_eq!((report.au_icc[1].1, report.au_mae[1].1), (None, None));
        assert_eq!(report.p_au, Some(0.0));
        // An error as large as that has no mark, and a larger one has.
        let table = |off: f64| {
            let mut worse = report.clone();
            worse.au_mae[0].1 = Some(1.5 + off);
            worse.table(Some(&report))
        };
        assert!(!table(0.0).contains('*') && !table(-0.1).contains('*'));
        assert!(table(0.1).ends_with("* worse than chance\n"));
    }
}
