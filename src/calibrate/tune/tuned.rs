//! A tuning that was found, what it is worth, and what of it is stored.

use super::note::Note;
use crate::calibrate::origin::Origin;
use crate::calibrate::outcome::Outcome;
use crate::calibrate::reliability::Reliability;
use crate::calibrate::tuning::Tuning;
use crate::calibrate::weight::BlendWeights;
use crate::metric::Report;

/// A tuning, and what it is worth.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The three numbers of each task.
    pub outcome: Outcome,
    /// What the best predictor that never looks at the image would score on the same rows.
    pub chance: Report,
    /// How far the probabilities of the action units are from shares of right answers, the mean over the
    /// units.
    pub action_unit_calibration: CalibrationOutcome,
    /// How far those of the expressions are.
    pub expression_calibration: CalibrationOutcome,
    /// What else is to be said.
    pub notes: Vec<Note>,
    pub(super) proven: Stored,
    pub(super) all: Stored,
    pub(super) groups: usize,
}

/// What a calibration is worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalibrationOutcome {
    /// The expected calibration error of the untuned scores.
    pub untuned: Option<f64>,
    /// The error of probabilities that were calibrated, and scores that were blended and smoothed, by what
    /// was found without the row's group.
    pub cross_validated: Option<f64>,
    /// All probabilities counted, of both.
    pub reliability: Option<[Reliability; 2]>,
}

/// What is stored of a tuning.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub tuning: Tuning,
    pub weights: BlendWeights,
}

/// Which parts of a tuning are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Those of the tasks that they help on rows that they were not found on.
    #[default]
    Proven,
    /// All, whether they help or not.
    All,
}

impl CalibrationOutcome {
    /// Whether the calibration has shown that it helps: on rows that it was not found on.
    pub fn is_gain(&self) -> bool {
        let both = self.cross_validated.zip(self.untuned);
        both.is_some_and(|(tuned, untuned)| tuned < untuned)
    }
}

impl Tuned {
    /// The numbers as text: [`Outcome::table`], and what calibrations are worth.
    pub fn table(&self) -> String {
        let mut text = self.outcome.table(&self.chance);
        let calibrations = [
            ("action units", &self.action_unit_calibration),
            ("expressions", &self.expression_calibration),
        ];
        let both =
            |calibration: &CalibrationOutcome| calibration.untuned.zip(calibration.cross_validated);
        let there = calibrations
            .into_iter()
            .filter_map(|(task, calibration)| Some((task, both(calibration)?)));
        for (place, (task, (untuned, tuned))) in there.enumerate() {
            if place == 0 {
                text.push_str("\nexpected calibration error, the lower the better\n");
            }
            text.push_str(&format!(
                "{task}: {untuned:.3} untuned, {tuned:.3} cross-validated\n"
            ));
        }
        text
    }

    /// The tuning that is to be stored and the weights of the members, which are equal where others have
    /// not helped. `split` and the rows' names say what it was found on, unless nothing is stored.
    pub fn stored(
        &self,
        keep: Keep,
        split: impl Into<String>,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> (Tuning, BlendWeights) {
        let Stored { tuning, weights } = match keep {
            Keep::Proven => &self.proven,
            Keep::All => &self.all,
        };
        let equal = BlendWeights::equal(weights.action_units.len());
        let is_none = tuning.is_empty() && *weights == equal;
        let origin = Origin::new(split, self.groups, names, self.outcome);
        let tuning = Tuning {
            origin: Some(origin).filter(|_| !is_none),
            ..tuning.clone()
        };
        (tuning, weights.clone())
    }
}
