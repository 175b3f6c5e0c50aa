//! What is to be said of a tuning beside its numbers.

use std::fmt;

use crate::label::{ActionUnit, Expression};

/// Something that whoever tunes should know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// So many rows have no scores, and count nowhere.
    Unread(usize),
    /// No row with scores is labelled for a task: it has no tuning and no number.
    Unlabelled {
        /// The task.
        task: &'static str,
    },
    /// All labelled rows of a task are of one group, so that none can be left out.
    OneGroup {
        /// The task.
        task: &'static str,
        /// What a group is: "video".
        what: &'static str,
    },
    /// The labelled rows of a task are divided in two, as there are two groups or two folds: what is chosen
    /// without one is judged by the other alone, on which it was found.
    TwoGroups {
        /// The task.
        task: &'static str,
        /// What a group is: "video".
        what: &'static str,
    },
    /// No row is known to be a frame of a video: nothing is smoothed.
    NoFrames,
    /// So many rows are not known to be frames of a video, and are not smoothed.
    Unplaced(usize),
    /// All labels of an action unit say the same: it keeps its threshold, and is not calibrated.
    OneSided {
        /// The unit.
        unit: ActionUnit,
        /// What they say: whether it is present.
        present: bool,
    },
    /// No row is labelled with an expression: its offset means nothing.
    Absent(Expression),
    /// The tuning of a task is no better than none on rows that it was not found on.
    NoGain {
        /// The task.
        task: &'static str,
        /// The score without.
        untuned: f64,
        /// The score with it.
        cross_validated: f64,
    },
    /// Probabilities of a task are no nearer to shares of right answers on rows that they were not
    /// calibrated on.
    NotCalibrated {
        /// The task.
        task: &'static str,
        /// The expected calibration error without.
        untuned: f64,
        /// The error with it.
        cross_validated: f64,
    },
}

impl Note {
    /// Whether it is a warning: something keeps the tuning from being stored, or its numbers from being
    /// what they should.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::OneGroup { .. }
                | Self::TwoGroups { .. }
                | Self::NoGain { .. }
                | Self::NotCalibrated { .. }
        )
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(rows) => write!(f, "rows without scores, left out: {rows}"),
            Self::Unlabelled { task } => {
                write!(f, "no row has labels for {task}: nothing is tuned")
            }
            Self::OneGroup { task, what } => write!(
                f,
                "{task}: all labelled rows are of one {what}, so that nothing can be cross-validated; \
                 the in-sample number says nothing of other data"
            ),
            Self::TwoGroups { task, what } => write!(
                f,
                "{task}: the labelled rows are divided in two, too few parts of whole {what}s to \
                 choose widths and weights well"
            ),
            Self::NoFrames => {
                f.write_str("no row names a video and a frame number: nothing is smoothed")
            }
            Self::Unplaced(rows) => write!(
                f,
                "rows without a video or a frame number, which are not smoothed: {rows}"
            ),
            Self::OneSided { unit, present } => write!(
                f,
                "{unit}: no row is labelled {}: its threshold stays",
                if *present { "absent" } else { "present" }
            ),
            Self::Absent(class) => {
                write!(f, "no row is labelled {class}: its offset means nothing")
            }
            Self::NoGain {
                task,
                untuned,
                cross_validated,
            } => write!(
                f,
                "{task}: the tuning does not help on rows that it was not found on: \
                 {cross_validated:.4} cross-validated, {untuned:.4} without it"
            ),
            Self::NotCalibrated {
                task,
                untuned,
                cross_validated,
            } => write!(
                f,
                "{task}: the calibration does not help on rows that it was not found on: \
                 an expected error of {cross_validated:.4} cross-validated, {untuned:.4} without it"
            ),
        }
    }
}
