//! Scores, and what they are to be held against.

use serde::Serialize;

use crate::metric::Report;
use crate::metric::confusion::Confusion;
use crate::metric::detail::Detail;
use crate::metric::interval::Intervals;
use crate::network::Tasks;

/// A network's scores, and what they are to be held against.
///
/// Written as JSON it is the report, with `chance`, a report of its own, and `tasks` beside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The scores.
    #[serde(flatten)]
    pub report: Report,
    /// What a predictor that knows only how common each label is would score on the same rows.
    pub chance: Report,
    /// What the network was trained to read. The rows of the report are those with labels, whether
    /// it reads them or not.
    pub tasks: Tasks,
    /// Which expressions were taken for which.
    #[serde(skip)]
    pub confusion: Confusion,
    /// Further scores, where they were asked for; their keys stand beside the report's.
    #[serde(flatten)]
    pub detail: Option<Detail>,
    /// An interval of every score, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intervals: Option<Intervals>,
}

impl Evaluation {
    /// The scores as text, with chance below each, and what the network does not read; then the further
    /// scores and the intervals, where they were asked for.
    pub fn table(&self) -> String {
        let mut text = table(&self.report, &self.chance, &self.tasks);
        match (&self.detail, &self.intervals) {
            (_, Some(intervals)) => text.push_str(&format!("\n{}", intervals.table())),
            (Some(detail), None) => text.push_str(&format!("\n{}", detail.table())),
            (None, None) => {}
        }
        if self.detail.is_some() && self.confusion.rows() > 0 {
            text.push_str(&format!("\n{}", self.confusion.table()));
        }
        text
    }
}

/// `report` beside `chance` as text, and what a network of `tasks` does not read.
pub(crate) fn table(report: &Report, chance: &Report, tasks: &Tasks) -> String {
    let mut text = report.table(Some(chance));
    for (read, what) in [
        (tasks.action_unit, "action units"),
        (tasks.expression, "expressions"),
        (tasks.valence_arousal, "valence and arousal"),
    ] {
        if !read {
            text.push_str(&format!("the model reads no {what}: they have no score\n"));
        }
    }
    text
}
