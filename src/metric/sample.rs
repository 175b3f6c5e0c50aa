//! Labelled predictions that are kept, for scores that need all of them again.
//!
//! The area under a curve is a matter of all rows' order, and an interval of other choices of rows; a
//! [`ScoreAccumulator`](super::ScoreAccumulator) keeps neither. What is kept here is 12 bytes for each
//! label.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::bootstrap::Bootstrap;
//! use countenance::metric::group::Groups;
//! use countenance::metric::{RowScores, sample::Sample};
//!
//! let mut sample = Sample::new(&Vocabulary::disfa());
//! for (label, score) in [(0.0, 0.1), (3.0, 0.5), (5.0, 0.8), (1.0, 0.3), (2.0, 0.2), (4.0, 0.9)] {
//!     let labels = Labels { action_units: vec![Some(label); 8], ..Labels::default() };
//!     sample.push(&labels, &RowScores { action_units: &[score; 8], ..RowScores::default() });
//! }
//! let subjects = Groups::of(["a", "a", "b", "b", "c", "c"]);
//! let intervals = sample.intervals(&subjects, &Bootstrap::default());
//! let icc = intervals.get("au_icc", Some("AU12")).unwrap();
//! assert!(icc.low < icc.high && icc.high <= 1.0);
//! ```

use crate::label::{Labels, Vocabulary};
use crate::metric::confusion::largest;
use crate::metric::f1::THRESHOLD;
use crate::metric::group::Groups;
use crate::metric::score::RowScores;

/// The labelled predictions of a split, in the order of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub(super) vocabulary: Vocabulary,
    /// Of each unit, the probability from which it counts as present.
    pub(super) thresholds: Vec<f32>,
    /// Of each unit, the score and the label.
    pub(super) units: Vec<Column<(f32, f32)>>,
    /// The label and the prediction.
    pub(super) expression: Column<(u16, u16)>,
    /// Of valence and of arousal, the prediction and the label.
    pub(super) affect: [Column<(f32, f32)>; 2],
    rows: u32,
}

/// What is known of the rows that have one label.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Column<T> {
    rows: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy> Column<T> {
    fn push(&mut self, row: u32, value: T) {
        self.rows.push(row);
        self.values.push(value);
    }

    /// The group and the value of each row.
    pub(super) fn of<'a>(&'a self, groups: &'a Groups) -> impl Iterator<Item = (u32, T)> + 'a {
        let rows = self.rows.iter().zip(&self.values);
        rows.map(|(&row, &value)| (groups.of_rows()[row as usize], value))
    }
}

impl Sample {
    /// Nothing kept yet of what is in `vocabulary`.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        Self {
            thresholds: vec![THRESHOLD; vocabulary.action_units.len()],
            units: vec![Column::default(); vocabulary.action_units.len()],
            expression: Column::default(),
            affect: Default::default(),
            vocabulary: vocabulary.clone(),
            rows: 0,
        }
    }

    /// The same, where the probability from which each unit of the vocabulary counts as present is its
    /// own; those of intensities do not matter.
    ///
    /// # Panics
    /// If there are not as many thresholds as units.
    pub fn with_thresholds(self, thresholds: &[f32]) -> Self {
        assert_eq!(
            thresholds.len(),
            self.units.len(),
            "a threshold for each unit"
        );
        Self {
            thresholds: thresholds.to_vec(),
            ..self
        }
    }

    /// The number of rows, labelled or not.
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Keeps one row; what its labels lack is left out. Scores must be finite, and here
    /// nothing looks: a [`ScoreAccumulator`](super::ScoreAccumulator) refuses others.
    ///
    /// # Panics
    /// If a label has no score, or is none of the vocabulary's.
    pub fn push(&mut self, labels: &Labels, scores: &RowScores) {
        let row = self.rows;
        self.rows += 1;
        for (unit, label) in labels.action_units.iter().enumerate() {
            if let Some(label) = *label {
                self.units[unit].push(row, (scores.action_units[unit], label));
            }
        }
        if let Some(label) = labels.expression {
            let classes = self.vocabulary.expressions.len();
            assert!(label < classes, "no expression has index {label}");
            let predicted = largest(scores.expression_logits);
            self.expression.push(row, (label as u16, predicted as u16));
        }
        for (place, label) in labels.valence_arousal.into_iter().enumerate() {
            if let Some(label) = label {
                self.affect[place].push(row, (scores.valence_arousal[place], label));
            }
        }
    }
}
