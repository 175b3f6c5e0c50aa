//! Another program's scores and labels, as one table of text.
//!
//! The first line names the columns. Their order is free, and other columns are left out:
//!
//! | column | holds |
//! |---|---|
//! | `image` | the row's name |
//! | `video`, `frame` | of which video it is a frame, and the frame's number |
//! | `subject` | whose face it is; of several in a video each is smoothed alone |
//! | `AU12` | the score of a unit, from 0 to 1; `AU12_c` too |
//! | `AU12_r` | its intensity, from 0 to 5 |
//! | `logit:Happiness` | an expression's logit; all classes have one |
//! | `probability:Happiness` | in its place, the expression's probability, from 0 to 1 |
//! | `valence`, `arousal` | both, on a scale from -1 to 1; what is beyond it is taken as it is |
//! | `label:AU12` | whether the unit is there, 0 or 1 |
//! | `label:AU12_r` | its intensity, 0 to 5 |
//! | `label:expression` | the name of a class that has a score |
//! | `label:valence`, `label:arousal` | from -1 to 1 |
//!
//! What a unit's label says decides what its score is tuned to: an intensity whose label is 0 or 1 counts
//! as a share of 5, and gets a threshold. An empty cell of a label is a missing one. A row whose scores are
//! all empty is one that nothing was read from; some of them empty is an error.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("scores.csv");
//! use countenance::calibrate::ScoredRows;
//!
//! std::fs::write(&path, "video,frame,AU12,label:AU12\na.mp4,0,0.4,1\na.mp4,1,,0\n").unwrap();
//! let rows = ScoredRows::read(&path)?;
//! assert!(rows.table.is_read(0) && !rows.table.is_read(1));
//! assert_eq!(rows.labels[0].action_units, [Some(1.0)]);
//! # Ok::<(), countenance::Error>(())
//! ```

mod header;
mod reader;
mod rows;
#[cfg(test)]
mod tests;

pub use rows::{GroupBy, ScoredRows};
