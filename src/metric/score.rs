//! All scores of a split from its rows.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::{RowScores, ScoreAccumulator};
//!
//! let labels = Labels { action_units: vec![Some(1.0); 8], ..Labels::default() };
//! let row = RowScores { action_units: &[0.7; 41], ..RowScores::default() };
//! let mut scores = ScoreAccumulator::new(&Vocabulary::open_graph_au());
//! scores.push(&labels, &row)?;
//! assert_eq!(scores.report().au_f1[6].1, Some(1.0));
//!
//! // A score that is asked for and not finite is an error, not a zero.
//! let row = RowScores { action_units: &[f32::NAN; 41], ..RowScores::default() };
//! assert!(scores.push(&labels, &row).is_err());
//! # Ok::<(), countenance::Error>(())
//! ```

use crate::Result;
use crate::finite::NotFiniteScore;
use crate::label::{Labels, Scale, Vocabulary};
use crate::metric::confusion::{Confusion, largest};
use crate::metric::f1::ActionUnitF1;
use crate::metric::intensity::Intensity;
use crate::metric::moment::PairMoments;
use crate::metric::report::{Concordances, Named, Report, RowCounts};

/// The network's scores of one row, in a vocabulary's orders. Those of a task that no label asks for may
/// be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScores<'a> {
    /// The score of each action unit, in [0, 1]: its probability, or its intensity as a share of 5.
    pub action_units: &'a [f32],
    /// A logit per expression; the largest is the prediction.
    pub expression_logits: &'a [f32],
    /// Valence and arousal, each in [-1, 1].
    pub valence_arousal: [f32; 2],
}

impl RowScores<'_> {
    /// Looks for a score that `labels` asks for and that is not finite.
    pub(crate) fn check(
        &self,
        vocabulary: &Vocabulary,
        labels: &Labels,
    ) -> Result<(), NotFiniteScore> {
        let units = vocabulary.action_units.units();
        let asked = units
            .zip(self.action_units.iter().copied())
            .zip(&labels.action_units);
        NotFiniteScore::among(asked.filter_map(|(score, label)| label.map(|_| score)))?;
        if labels.expression.is_some() {
            let logits = self.expression_logits.iter().copied();
            NotFiniteScore::among(vocabulary.expressions.iter().zip(logits))?;
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
/// use countenance::label::Vocabulary;
/// use countenance::metric::{RowScores, ScoreAccumulator};
///
/// let mut scores = ScoreAccumulator::new(&Vocabulary::fer_plus());
/// let happy = Labels { expression: Some(1), ..Labels::default() };
/// let logits = [0.0, 2.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
/// scores.push(&happy, &RowScores { expression_logits: &logits, ..RowScores::default() })?;
///
/// let report = scores.report();
/// assert_eq!(report.ex_f1[1], (countenance::Expression::Happiness, Some(1.0)));
/// assert_eq!(report.p_au, None);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreAccumulator {
    vocabulary: Vocabulary,
    action_units: ActionUnitF1,
    /// The places of the units that have an intensity, and their statistics.
    intensities: Vec<(usize, Intensity)>,
    expression: Confusion,
    valence: PairMoments,
    arousal: PairMoments,
    rows: RowCounts,
}

impl ScoreAccumulator {
    /// Nothing counted yet of what is in `vocabulary`.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        let units = vocabulary.action_units.iter().enumerate();
        let intensities = units.filter(|(_, coded)| coded.scale == Scale::Intensity);
        Self {
            action_units: ActionUnitF1::new(vocabulary.action_units.len()),
            intensities: intensities
                .map(|(place, _)| (place, Intensity::default()))
                .collect(),
            expression: Confusion::new(&vocabulary.expressions),
            valence: PairMoments::new(),
            arousal: PairMoments::new(),
            rows: RowCounts::default(),
            vocabulary: vocabulary.clone(),
        }
    }

    /// The same, where the probability from which each unit of the vocabulary counts as present is its
    /// own; those of intensities do not matter.
    ///
    /// ```
    /// use countenance::Labels;
    /// use countenance::label::Vocabulary;
    /// use countenance::metric::{RowScores, ScoreAccumulator};
    ///
    /// let mut scores = ScoreAccumulator::new(&Vocabulary::bp4d()).with_thresholds(&[0.25; 12]);
    /// let labels = Labels { action_units: vec![Some(1.0)], ..Labels::default() };
    /// scores.push(&labels, &RowScores { action_units: &[0.3; 12], ..RowScores::default() })?;
    /// assert_eq!(scores.report().au_f1[0].1, Some(1.0));
    /// # Ok::<(), countenance::Error>(())
    /// ```
    ///
    /// # Panics
    /// If there are not as many thresholds as units, or a row was counted already.
    pub fn with_thresholds(self, thresholds: &[f32]) -> Self {
        let units = self.vocabulary.action_units.len();
        assert_eq!(thresholds.len(), units, "a threshold for each unit");
        assert_eq!(self.rows.total, 0, "thresholds come before rows");
        Self {
            action_units: ActionUnitF1::with_thresholds(thresholds),
            ..self
        }
    }

    /// Counts one row; what its labels lack is left out.
    ///
    /// # Errors
    /// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) if a score that a label asks for is not finite: it is no answer,
    /// neither a right one nor a wrong one. The row then does not count.
    ///
    /// # Panics
    /// If a label has no score, or is none of the vocabulary's.
    pub fn push(&mut self, labels: &Labels, scores: &RowScores) -> Result<()> {
        scores
            .check(&self.vocabulary, labels)
            .map_err(|found| found.of(format!("row {}", self.rows.total)))?;
        self.rows.push(labels);
        self.action_units
            .push(&labels.action_units, scores.action_units);
        for (place, intensity) in &mut self.intensities {
            if let Some(Some(label)) = labels.action_units.get(*place) {
                intensity.push(scores.action_units[*place], *label);
            }
        }
        if let Some(label) = labels.expression {
            self.expression
                .push(label, largest(scores.expression_logits));
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
        let units = &self.vocabulary.action_units;
        let occurrences = units.iter().zip(self.action_units.per_unit());
        let intensities = |score: fn(&Intensity) -> Option<f64>| -> Named<_> {
            let scores = self.intensities.iter();
            scores
                .map(|(place, intensity)| (units[*place].unit, score(intensity)))
                .collect()
        };
        let report = Report::of(
            occurrences
                .filter(|(coded, _)| coded.scale == Scale::Occurrence)
                .map(|(coded, f1)| (coded.unit, f1))
                .collect(),
            self.vocabulary
                .expressions
                .iter()
                .cloned()
                .zip(self.expression.per_class())
                .collect(),
            Concordances {
                valence: self.valence.ccc(),
                arousal: self.arousal.ccc(),
            },
            self.rows,
        );
        report.with_intensities(
            intensities(Intensity::icc),
            intensities(Intensity::pcc),
            intensities(Intensity::mae),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{ACTION_UNITS, CodedUnit, EXPRESSIONS};

    fn accumulator() -> ScoreAccumulator {
        ScoreAccumulator::new(&Vocabulary::aff_wild2())
    }

    #[test]
    fn rows_without_labels_leave_every_score_absent() {
        let mut scores = accumulator();
        scores
            .push(&Labels::default(), &RowScores::default())
            .unwrap();
        let report = scores.report();
        assert_eq!(
            (report.p_au, report.p_ex, report.p_va, report.p_mtl),
            (None, None, None, None)
        );
        assert_eq!((report.au_f1.len(), report.ex_f1.len()), (12, 8));
        assert!(report.au_f1.iter().all(|(_, score)| score.is_none()));
        assert!(report.ex_f1.iter().all(|(_, score)| score.is_none()));
        let rows = RowCounts {
            total: 1,
            ..RowCounts::default()
        };
        assert_eq!(report.rows, rows);
    }

    #[test]
    fn perfect_predictions_score_three() {
        let mut scores = accumulator();
        for class in 0..EXPRESSIONS {
            let affect = [class as f32 / 8.0, -0.5 + class as f32 / 16.0];
            let units: [bool; ACTION_UNITS] = std::array::from_fn(|unit| (unit + class) % 3 == 0);
            let labels = Labels {
                valence_arousal: affect.map(Some),
                expression: Some(class),
                action_units: units.map(|on| Some(f32::from(u8::from(on)))).to_vec(),
                ..Labels::default()
            };
            let mut logits = [0.0; EXPRESSIONS];
            logits[class] = 1.0;
            let row = RowScores {
                action_units: &units.map(|on| if on { 0.9 } else { 0.1 }),
                expression_logits: &logits,
                valence_arousal: affect,
            };
            scores.push(&labels, &row).unwrap();
        }
        assert_eq!(scores.report().p_mtl, Some(3.0));
    }

    #[test]
    fn one_of_valence_and_arousal_counts_for_its_own_coefficient() {
        let pairs = [[0.1, 0.9], [0.4, -0.2], [-0.6, 0.3], [0.8, 0.0]];
        let mut scores = accumulator();
        let mut alone = [PairMoments::new(), PairMoments::new()];
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
            action_units: (0..ACTION_UNITS)
                .map(|unit| (unit == 3).then_some(1.0))
                .collect(),
            ..Labels::default()
        };
        type Row = ([f32; ACTION_UNITS], [f32; EXPRESSIONS], [f32; 2]);
        let broken = |change: fn(&mut Row)| {
            let logits = std::array::from_fn(|class| class as f32);
            let mut row = ([0.0; ACTION_UNITS], logits, [0.0; 2]);
            let mut scores = accumulator();
            scores
                .push(&Labels::default(), &RowScores::default())
                .unwrap();
            let before = scores.clone();
            change(&mut row);
            let row = RowScores {
                action_units: &row.0,
                expression_logits: &row.1,
                valence_arousal: row.2,
            };
            let result = scores.push(&labels, &row);
            assert_eq!(scores == before, result.is_err());
            result.map_err(|error| error.to_string())
        };
        for (found, expected) in [
            (broken(|row| row.0[3] = f32::NAN), "AU6 is NaN"),
            (broken(|row| row.1[7] = f32::INFINITY), "Other is inf"),
            (
                broken(|row| row.2[1] = f32::NEG_INFINITY),
                "arousal is -inf",
            ),
        ] {
            let error = found.unwrap_err();
            assert!(
                error.contains("row 1") && error.contains(expected),
                "{error}"
            );
        }
        broken(|row| row.0[4] = f32::NAN).unwrap();
        broken(|row| row.2[0] = f32::NAN).unwrap();
    }

    #[test]
    fn intensities_have_their_own_scores_and_count_for_the_mean_of_the_units() {
        let mut vocabulary = Vocabulary::disfa();
        let units = vocabulary.action_units.iter().enumerate();
        vocabulary.action_units = units
            .map(|(place, coded)| match place {
                // The first is present or absent.
                0 => CodedUnit::occurrence(coded.unit),
                _ => *coded,
            })
            .collect();
        let mut scores = ScoreAccumulator::new(&vocabulary);
        for (present, share, label) in [(1.0, 0.5, 2.0), (0.0, 0.25, 0.75), (1.0, 1.0, 4.5)] {
            let labels = Labels {
                action_units: vec![Some(present), Some(label), None],
                ..Labels::default()
            };
            let action_units = [present, share, f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0];
            let row = RowScores {
                action_units: &action_units,
                ..RowScores::default()
            };
            scores.push(&labels, &row).unwrap();
        }
        let report = scores.report();
        assert_eq!(report.au_f1.len(), 1);
        assert_eq!(report.au_f1[0].1, Some(1.0));
        let [first, second] = [0, 1].map(|unit| {
            let named = [&report.au_icc, &report.au_pcc, &report.au_mae];
            named.map(|scores| scores[unit].1)
        });
        assert_eq!(second, [None; 3]);
        for (found, expected) in first.into_iter().zip([1.0, 1.0, 0.5]) {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?}");
        }
        assert!((report.p_au.unwrap() - 1.0).abs() < 1e-12);
        let json = serde_json::to_string(&report).unwrap();
        assert!(json.contains(r#""au_mae":{"AU2":0.5,"#), "{json}");
        let read: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(read, report);
        let table = report.table(None);
        for block in ["AU F1", "AU ICC", "AU PCC", "AU MAE"] {
            assert!(table.contains(block), "{table}");
        }
    }
}
