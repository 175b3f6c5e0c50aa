//! Raw scores as a tuning says what they mean.

use crate::Result;
use crate::calibrate::{Decider, ScoreTable, Tuning};
use crate::smoothing::Sequences;

/// Scores that are smoothed and calibrated, and how they are decided on.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Calibrated scores of action units; logits with the classes' offsets, the largest of which is the
    /// expression.
    pub table: ScoreTable,
    /// From which score on each action unit is active, in the table's order.
    pub thresholds: Vec<f32>,
}

impl Decided {
    /// The raw scores of `table`, smoothed where `sequences` say which rows are frames of which video, as
    /// `tuning` says what they mean.
    ///
    /// ```
    /// use countenance::Labels;
    /// use countenance::calibrate::{ScoreTable, Tuning};
    /// use countenance::evaluate::{Decided, Judge, judge};
    /// use countenance::label::Vocabulary;
    /// use countenance::metric::RowScores;
    ///
    /// let json = r#"{"action_units": {"AU12": {"threshold": 0.25}}}"#;
    /// let tuning: Tuning = serde_json::from_str(json).unwrap();
    /// let mut table = ScoreTable::new(Vocabulary::bp4d());
    /// table.push(Some(&RowScores { action_units: &[0.4; 12], ..RowScores::default() }))?;
    /// let decided = Decided::new(&table, &tuning, None)?;
    /// let labels = [Labels { action_units: vec![Some(1.0); 12], ..Labels::default() }];
    /// let judge_by = Judge { thresholds: Some(&decided.thresholds), ..Judge::default() };
    /// let found = judge(&decided.table, &Vocabulary::bp4d(), &labels, &judge_by)?;
    /// assert_eq!(found.report.p_au, Some(1.0 / 12.0));
    /// # Ok::<(), countenance::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if the tuning is impossible or of other scores, or the
    /// sequences are of another number of rows.
    pub fn new(table: &ScoreTable, tuning: &Tuning, sequences: Option<&Sequences>) -> Result<Self> {
        let decider = Decider::new(tuning, table.vocabulary())?;
        let smoothed = sequences.map(|sequences| table.smooth(&tuning.smoothing, sequences));
        let smoothed = smoothed.transpose()?;
        let table = smoothed.as_ref().unwrap_or(table);
        let mut decided = ScoreTable::new(table.vocabulary().clone());
        for row in 0..table.rows() {
            let decision = table.row(row).map(|scores| decider.decide(&scores));
            decided.push(decision.as_ref().map(|one| one.scores()).as_ref())?;
        }
        Ok(Self {
            table: decided,
            thresholds: decider.thresholds().to_vec(),
        })
    }
}
