//! What is done with a network's scores before they are decided on: thresholds, class offsets,
//! probabilities that mean what they say, and blends of several networks.
//!
//! Everything is a pure function of scores and labels, so that it goes for anybody's: no image, network or
//! tensor is needed. Scores are as a network gives them: of a unit a share in [0, 1], of a class a logit.
//! A missing label is `None` and its row does not count; a score that is not finite and has a label is an
//! error that names the row; where there is nothing to learn, such as in labels that are all alike, the
//! answer is `None`.
//!
//! For one face the order is: members' scores → blend → smoothing over time → calibration → decision.
//!
//! | what | holds |
//! |---|---|
//! | [`best_threshold`], [`SortedScores`] | the threshold of a unit with the largest F1, exactly |
//! | [`class_offsets`], [`macro_f1`] | offsets of the classes' logits with the largest macro F1 |
//! | [`temperature`], [`probabilities`], [`log_likelihood`] | the temperature of the classes' softmax |
//! | [`platt`], [`isotonic`], [`Calibration`] | a unit's scores made probabilities |
//! | [`Reliability`] | the expected calibration error, and the bins behind it |
//! | [`ScoreTable`] | the scores of many rows |
//! | [`blend`], [`BlendPlan`], [`BlendedScores`] | the scores of several networks made those of one |
//! | [`BlendWeights`], [`best_weights`] | what each network of a blend weighs |
//! | [`Tuning`], [`UnitTuning`], [`ClassTuning`] | what is done with a network's scores, as its file keeps it |
//! | [`Decider`], [`Decision`] | what a tuning makes of a row |
//! | [`tune`], [`Material`], [`TuneConfig`] | a tuning found on labelled rows, and judged by nested cross-validation |
//! | [`ScoredRows`], [`csv`] | another program's scores, out of a table of text |
//! | [`Origin`], [`Outcome`], [`TaskOutcome`] | what a tuning was found on, and what it is worth |
//!
//! What is found on some rows fits them better than others: judge it on rows that it was not found on.
//!
//! # Example
//! ```
//! use countenance::calibrate::{Reliability, best_threshold, platt};
//!
//! // A unit that is there in half of the rows above 0.2, and never below.
//! let scores: Vec<f32> = (0..100).map(|row| row as f32 / 200.0).collect();
//! let labels: Vec<Option<bool>> = (0..100).map(|row| Some(row > 40 && row % 2 == 0)).collect();
//! let best = best_threshold(&scores, &labels)?.expect("rows of both labels");
//! assert!((best.threshold - 0.2075).abs() < 1e-6);
//!
//! let calibration = platt(&scores, &labels)?.expect("rows of both labels");
//! let calibrated: Vec<f32> = scores.iter().map(|score| calibration.apply(*score)).collect();
//! let error = |scores: &[f32]| -> countenance::Result<f64> {
//!     Ok(Reliability::of_unit(scores, &labels)?.expected_calibration_error().expect("rows"))
//! };
//! assert!(error(&calibrated)? < error(&scores)?);
//! # Ok::<(), countenance::Error>(())
//! ```

mod blend;
mod calibration;
pub mod csv;
mod decision;
mod isotonic;
mod labelled;
mod mean;
mod offset;
mod origin;
mod outcome;
mod platt;
mod reliability;
mod shared_class;
mod softmax;
mod summary;
mod sweep;
mod table;
mod temperature;
mod threshold;
mod tune;
mod tuning;
mod weight;

pub use blend::{BlendPlan, BlendedScores, blend};
pub use calibration::Calibration;
pub use csv::{GroupBy, ScoredRows};
pub use decision::{Decider, Decision};
pub use isotonic::isotonic;
pub use offset::{ClassOffsets, class_offsets, macro_f1};
pub use origin::Origin;
pub use outcome::{Outcome, TaskOutcome};
pub use platt::platt;
pub use reliability::{Reliability, ReliabilityBin};
pub use table::ScoreTable;
pub use temperature::{FittedTemperature, log_likelihood, probabilities, temperature};
pub use threshold::{BestThreshold, SortedScores, best_threshold};
pub use tune::{
    CalibrationKind, CalibrationOutcome, Keep, Material, Note, Part, SmoothingKind, TuneConfig,
    Tuned, tune,
};
pub use tuning::{ClassTuning, Tuning, UnitTuning};
pub use weight::{BestWeights, BlendWeights, best_weights};
