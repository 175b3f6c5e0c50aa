//! The scores of a network: F1, concordance, and the challenge's combined score.
//!
//! Every score is a pure function of a few counts or moments, and an accumulator gathers those row
//! by row, in 64 bits and in the order of the rows. So the result is the same, to the last bit,
//! for every way of splitting the rows into batches, and never a mean over batches. A row whose
//! label for a task is missing does not count for that task.
//!
//! | module | holds |
//! |---|---|
//! | [`f1`] | F1 of a binary label, and of the action units |
//! | [`confusion`] | the confusion matrix of the expressions and its F1 per class |
//! | [`classification`] | accuracy, balanced accuracy, precision, recall, F1, of any confusion matrix |
//! | [`ranking`] | the area under the ROC curve of a binary label |
//! | [`moment`], [`concordance`], [`correlation`] | moments of pairs; of them the concordance, Pearson's and the intraclass correlation |
//! | [`deviation`], [`sign`] | absolute and squared errors; sign agreement |
//! | [`intensity`] | those of an action unit's intensity |
//! | [`sample`], [`detail`], [`interval`] | all rows kept: the further scores, and an interval of each |
//! | [`bootstrap`], [`group`], [`merge`] | confidence intervals by video, by person or by row, from statistics that add up |
//! | [`score`] | all of them, from rows of labels and predictions |
//! | [`report`] | the result, as JSON and as a table |
//! | [`chance`] | the report of the best predictor that never looks at the image |
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::{RowScores, ScoreAccumulator};
//!
//! let mut scores = ScoreAccumulator::new(&Vocabulary::aff_wild2());
//! for (label, score) in [(0.5, 0.4), (-0.5, -0.4), (0.0, 0.0)] {
//!     let labels = Labels { valence_arousal: [Some(label), Some(label)], ..Labels::default() };
//!     scores.push(&labels, &RowScores { valence_arousal: [score; 2], ..RowScores::default() })?;
//! }
//! let report = scores.report();
//! assert!(report.p_va.unwrap() > 0.9);
//! assert_eq!(report.p_ex, None);
//! # Ok::<(), countenance::Error>(())
//! ```

pub mod bootstrap;
pub mod chance;
pub mod classification;
pub mod concordance;
pub mod confusion;
pub mod correlation;
pub mod detail;
pub mod deviation;
mod entry;
pub mod f1;
pub mod group;
mod grouped;
pub mod intensity;
pub mod interval;
pub mod merge;
pub mod moment;
mod name;
pub mod ranking;
pub mod report;
pub mod sample;
pub mod score;
pub mod sign;

pub use report::{Concordances, Named, Report, RowCounts};
pub use score::{RowScores, ScoreAccumulator};

/// The mean of the values that are there; `None` if none is.
pub(crate) fn mean_of_present(values: &[Option<f64>]) -> Option<f64> {
    let count = values.iter().flatten().count();
    (count > 0).then(|| values.iter().flatten().sum::<f64>() / count as f64)
}
