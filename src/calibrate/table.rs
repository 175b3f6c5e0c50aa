//! The scores of many rows, as members of a blend give them and as a tuning is found on them.
//!
//! # Example
//! ```
//! use countenance::calibrate::ScoreTable;
//! use countenance::label::Vocabulary;
//! use countenance::metric::RowScores;
//!
//! let mut table = ScoreTable::new(Vocabulary::bp4d());
//! table.push(Some(&RowScores { action_units: &[0.25; 12], ..RowScores::default() }))?;
//! // An image that could not be read.
//! table.push(None)?;
//! assert_eq!((table.rows(), table.row(1)), (2, None));
//! assert_eq!(table.unit(3).next(), Some(0.25));
//! // A score that is not finite is no score.
//! let broken = RowScores { action_units: &[f32::NAN; 12], ..RowScores::default() };
//! assert!(table.push(Some(&broken)).is_err());
//! # Ok::<(), countenance::Error>(())
//! ```

use crate::finite::NotFiniteScore;
use crate::label::Vocabulary;
use crate::metric::RowScores;
use crate::smoothing::{Sequences, TaskSmoothing};
use crate::{Error, Result};

/// The scores of many rows in one vocabulary's orders; those of an unreadable image are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreTable {
    vocabulary: Vocabulary,
    /// Whether there are scores of a row; those of one without are NaN throughout.
    read: Vec<bool>,
    action_units: Vec<f32>,
    logits: Vec<f32>,
    valence_arousal: Vec<f32>,
}

impl ScoreTable {
    /// No rows yet, of what is in `vocabulary`.
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self {
            vocabulary,
            read: Vec::new(),
            action_units: Vec::new(),
            logits: Vec::new(),
            valence_arousal: Vec::new(),
        }
    }

    /// Takes the next row; `None` of an image that could not be read, whose scores are then missing.
    /// Valence and arousal of a vocabulary without them are not looked at.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are not as many scores as the vocabulary has names;
    /// [`Error::NotFiniteScore`] if one is not finite. Both name the row, which is then not taken.
    pub fn push(&mut self, row: Option<&RowScores>) -> Result<()> {
        let (units, classes) = (self.units(), self.classes());
        let pair = self.affects() * 2;
        let Some(row) = row else {
            self.read.push(false);
            let missing = |values: &mut Vec<f32>, count| {
                values.extend(std::iter::repeat_n(f32::NAN, count));
            };
            missing(&mut self.action_units, units);
            missing(&mut self.logits, classes);
            missing(&mut self.valence_arousal, pair);
            return Ok(());
        };
        for (kind, expected, found) in [
            ("action units", units, row.action_units.len()),
            ("expressions", classes, row.expression_logits.len()),
        ] {
            if expected != found {
                let what = format!("the scores of row {}", self.rows());
                return Err(Error::argument(what, format!("{expected} {kind}"), found));
            }
        }
        let affect = &row.valence_arousal[..pair];
        let units = self.vocabulary.action_units.iter().map(ToString::to_string);
        let classes = self.vocabulary.expressions.iter().map(ToString::to_string);
        let affects = ["valence", "arousal"].map(str::to_string);
        let named = units
            .zip(row.action_units.iter().copied())
            .chain(classes.zip(row.expression_logits.iter().copied()))
            .chain(affects.into_iter().zip(affect.iter().copied()));
        let scores = [row.action_units, row.expression_logits, affect];
        if !scores
            .iter()
            .all(|scores| scores.iter().all(|score| score.is_finite()))
        {
            NotFiniteScore::among(named)
                .map_err(|found| found.of(format!("row {}", self.read.len())))?;
        }
        self.read.push(true);
        self.action_units.extend(row.action_units);
        self.logits.extend(row.expression_logits);
        self.valence_arousal.extend(affect);
        Ok(())
    }

    /// What the scores are of, and their order.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The number of rows, read or not.
    pub fn rows(&self) -> usize {
        self.read.len()
    }

    /// Whether there are scores of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn is_read(&self, row: usize) -> bool {
        self.read[row]
    }

    /// The scores of a row; `None` if its image could not be read. Valence and arousal are NaN in a
    /// vocabulary without them.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> Option<RowScores<'_>> {
        self.read[row].then(|| RowScores {
            action_units: part(&self.action_units, row, self.units()),
            expression_logits: part(&self.logits, row, self.classes()),
            valence_arousal: match part(&self.valence_arousal, row, self.affects() * 2) {
                [valence, arousal] => [*valence, *arousal],
                _ => [f32::NAN; 2],
            },
        })
    }

    /// The scores of the action units, row after row.
    pub fn action_units(&self) -> &[f32] {
        &self.action_units
    }

    /// The logits of the expressions, row after row.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Valence and arousal, row after row; nothing in a vocabulary without them.
    pub fn valence_arousal(&self) -> &[f32] {
        &self.valence_arousal
    }

    /// The scores of the action unit at this place of the vocabulary; NaN in a row without.
    ///
    /// # Panics
    /// If the vocabulary has no unit there.
    pub fn unit(&self, place: usize) -> impl Iterator<Item = f32> + '_ {
        assert!(place < self.units(), "the vocabulary has no unit {place}");
        let rows = self.action_units.chunks_exact(self.units());
        rows.map(move |row| row[place])
    }

    /// The same rows, each task's scores smoothed over the frames of each video. What is missing stays so;
    /// a row of no video stays as it is.
    ///
    /// ```
    /// use countenance::calibrate::ScoreTable;
    /// use countenance::label::Vocabulary;
    /// use countenance::metric::RowScores;
    /// use countenance::smoothing::{Sequences, TaskSmoothing};
    ///
    /// let mut table = ScoreTable::new(Vocabulary::bp4d());
    /// for score in [0.25, 0.75] {
    ///     table.push(Some(&RowScores { action_units: &[score; 12], ..RowScores::default() }))?;
    /// }
    /// let sequences = Sequences::of(&[Some("a.mp4"); 2], &[Some(7), Some(8)], 30.0)?;
    /// let smoothed = table.smooth(&"box:1".parse()?, &sequences)?;
    /// assert_eq!(smoothed.unit(0).collect::<Vec<_>>(), [0.5, 0.5]);
    /// # Ok::<(), countenance::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] if the sequences are of other rows, or a width is not finite and above 0.
    pub fn smooth(&self, smoothing: &TaskSmoothing, sequences: &Sequences) -> Result<Self> {
        let units = self.units();
        let (classes, pair) = (self.classes(), self.affects() * 2);
        let smooth = |smoothing, values, width| sequences.smooth(smoothing, values, width);
        Ok(Self {
            vocabulary: self.vocabulary.clone(),
            read: self.read.clone(),
            action_units: smooth(smoothing.action_units, &self.action_units, units)?,
            logits: smooth(smoothing.expressions, &self.logits, classes)?,
            valence_arousal: smooth(smoothing.valence_arousal, &self.valence_arousal, pair)?,
        })
    }

    fn units(&self) -> usize {
        self.vocabulary.action_units.len()
    }

    fn classes(&self) -> usize {
        self.vocabulary.expressions.len()
    }

    fn affects(&self) -> usize {
        usize::from(self.vocabulary.valence_arousal.is_some())
    }
}

fn part(values: &[f32], row: usize, width: usize) -> &[f32] {
    &values[row * width..][..width]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(units: &[f32]) -> RowScores<'_> {
        RowScores {
            action_units: units,
            expression_logits: &[0.0, -1.5, 2.0, 0.0, 0.0, 0.0, 0.0, 0.5],
            valence_arousal: [0.5, -0.25],
        }
    }

    #[test]
    fn rows_come_back_as_they_were_given_and_unreadable_ones_as_nothing() {
        let mut table = ScoreTable::new(Vocabulary::aff_wild2());
        let units: [f32; 12] = std::array::from_fn(|unit| unit as f32 / 12.0);
        table.push(None).unwrap();
        table.push(Some(&row(&units))).unwrap();
        assert_eq!((table.rows(), table.row(0)), (2, None));
        assert_eq!(table.row(1), Some(row(&units)));
        assert!(table.unit(11).next().unwrap().is_nan());
        assert_eq!(table.unit(6).nth(1), Some(0.5));
        assert_eq!(table.logits()[8..], *row(&units).expression_logits);
        assert_eq!(table.valence_arousal()[2..], [0.5, -0.25]);
    }

    #[test]
    fn what_the_vocabulary_has_not_takes_no_room() {
        let mut table = ScoreTable::new(Vocabulary::raf_db());
        let seven = [0.0; 7];
        let scores = RowScores {
            expression_logits: &seven,
            valence_arousal: [f32::NAN; 2],
            ..RowScores::default()
        };
        table.push(Some(&scores)).unwrap();
        assert!(table.valence_arousal().is_empty() && table.action_units().is_empty());
        assert!(table.row(0).unwrap().valence_arousal[0].is_nan());
    }

    #[test]
    fn a_score_that_is_not_finite_or_not_there_is_refused_with_its_row_and_name() {
        let mut table = ScoreTable::new(Vocabulary::aff_wild2());
        table.push(None).unwrap();
        let mut units = [0.5; 12];
        let message = |table: &mut ScoreTable, row: RowScores| {
            let refused = table.push(Some(&row)).unwrap_err().to_string();
            assert_eq!(table.rows(), 1);
            refused
        };
        units[6] = f32::INFINITY;
        let told = message(&mut table, row(&units));
        assert_eq!(
            told,
            "row 1: the network's AU12 is inf, not a finite number"
        );
        let mut nan = row(&[0.5; 12]);
        nan.valence_arousal[1] = f32::NAN;
        assert!(message(&mut table, nan).contains("arousal is NaN"));
        let few = message(&mut table, row(&[0.5; 11]));
        assert_eq!(
            few,
            "the scores of row 1: expected 12 action units, found 11"
        );
    }
}
