//! The three tasks, as a search for a tuning sees them.

pub(super) mod action_unit;
pub(super) mod affect;
pub(super) mod expression;

use crate::Result;
use crate::calibrate::table::ScoreTable;
use crate::calibrate::weight::BlendWeights;
use crate::smoothing::{Smoothing, TaskSmoothing};

/// A task whose tuning is looked for: its labelled rows, and what can be found of them.
///
/// Rows are numbered among those that are labelled for the task and have scores, of which a task is made.
pub(super) trait Task: Sync {
    /// Scores made ready for being decided on many parts of the rows.
    type Ready: Send + Sync;
    /// What is found on some rows and decides others.
    type Rule: Clone + Send + Sync;
    /// What the task's score is made of.
    type Count: Default + Send;

    /// What the task is called.
    const NAME: &'static str;

    /// The rows of the whole table that are this task's.
    fn rows(&self) -> &[usize];
    /// The task's scores in a table.
    fn scores<'t>(&self, table: &'t ScoreTable) -> &'t [f32];
    /// How many scores a row has.
    fn width(&self) -> usize;
    /// The task's weights among those of all.
    fn weights<'w>(&self, all: &'w mut BlendWeights) -> &'w mut Vec<f32>;
    /// The task's smoothing among those of all.
    fn smoothing<'s>(&self, all: &'s mut TaskSmoothing) -> &'s mut Smoothing;

    /// Takes the scores of the task's rows.
    fn ready(&self, values: Vec<f32>) -> Result<Self::Ready>;
    /// The rule that changes nothing.
    fn neutral(&self) -> Self::Rule;
    /// The rule found on the rows that `is_in` says yes to. `is_last` is false where decisions alone matter,
    /// and probabilities may be left as they are.
    fn find(
        &self,
        ready: &Self::Ready,
        is_in: &dyn Fn(usize) -> bool,
        is_last: bool,
    ) -> Result<Self::Rule>;
    /// Decides a row: what its scores are then, of which the score at 0.5 and the largest count.
    fn decide(&self, ready: &Self::Ready, rule: &Self::Rule, row: usize, decided: &mut [f32]);
    /// The probabilities of a row, where the task has any.
    fn probabilities(&self, ready: &Self::Ready, rule: &Self::Rule, row: usize) -> Vec<f32>;
    /// Counts a decided row.
    fn count(&self, count: &mut Self::Count, row: usize, decided: &[f32]);
    /// The task's score, as in a report.
    fn score(&self, count: &Self::Count) -> Option<f64>;
}

/// The values of some rows, one after the other.
pub(super) fn gathered(values: &[f32], width: usize, rows: &[usize]) -> Vec<f32> {
    let rows = rows.iter().flat_map(|&row| &values[row * width..][..width]);
    rows.copied().collect()
}
