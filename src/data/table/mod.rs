//! Labels in a table with a header: a CSV file, or one with semicolons or tabs.
//!
//! The header names the columns, in any order, in any letter case. `image` must be there, the path of
//! an image relative to the file's folder; it stays below it, so that a downloaded file cannot make a
//! program open others. What else is read:
//!
//! | column | holds |
//! |---|---|
//! | `valence`, `arousal` | numbers in [-1, 1], or another range that [`LabelConfig::affect_range`] tells; -5 and -2 are missing where they are outside it |
//! | `expression` | a class by its name, or by its number if its order is told; -1 is missing |
//! | `expression:<Name>` | soft labels: votes or probabilities of a class, of which only the shares count; a row of zeros is missing. Columns that are called as classes alone are read too, as FER+ has them |
//! | `AU12`, `AU12_c` | 0 or 1; -1 and 9 are missing |
//! | `AU12_r` | an intensity from 0 to 5; -1 and 9 are missing |
//! | `split` | `train`, `validation` or `test`, in every row or in none |
//! | `video`, `frame`, `subject` | names, and a whole number |
//! | `weight` | how much the row [counts](crate::data::mark::Marks::weight) in training, above 0: one of weight 2 as two rows; scores count every row alike |
//!
//! An empty cell is missing, and so are `NA`, `N/A`, `NaN` and `null`, but in the names of images, videos
//! and subjects. Other columns are passed over and [said](Table::ignored), unless their name is a slip
//! of one of these. Cells and names may be quoted as RFC 4180 has it; CRLF line ends, a byte-order mark,
//! blank lines and, but between commas, decimal commas are accepted. Usual other names of columns are
//! read too, such as `image_path`, `emotion`, `subset`.
//!
//! # The vocabulary
//! Without a [vocabulary](LabelConfig::vocabulary) that says what to read, it comes from the table and
//! does not depend on the order of its rows: action units by their numbers; the classes of soft labels
//! in the order of their columns; classes that are told by name in AffectNet's order, then `Other`, then
//! those that only this table has, by name.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("labels.csv");
//! use countenance::data::table::{self, LabelConfig};
//!
//! std::fs::write(&path, "image,emotion,AU12,subject\na.jpg,happy,1,Ada\nb.jpg,neutral,,Ben\n").unwrap();
//! let table = table::read(&path, &LabelConfig::new())?;
//! assert_eq!(table.vocabulary.expressions[1].name(), "Happiness");
//! assert_eq!(table.rows[0].labels.expression, Some(1));
//! assert_eq!(table.rows[0].labels.action_units, [Some(1.0)]);
//! assert!(table.rows[1].labels.action_units.is_empty());
//! assert_eq!(table.marks.subjects.get(1), Some("Ben"));
//! # Ok::<(), countenance::Error>(())
//! ```

mod cell;
mod class;
mod column;
mod config;
mod header;
mod reader;
#[cfg(test)]
mod tests;
mod value;
mod write;

use crate::data::annotation::Row;
use crate::data::mark::Marks;
use crate::data::split::SplitName;
use crate::label::Vocabulary;

pub use self::cell::Separator;
pub(super) use self::class::Classes;
pub use self::config::LabelConfig;
pub use self::reader::read;
pub use self::write::write;

/// The rows of a table, in the file's order.
#[derive(Clone, Debug)]
pub struct Table {
    /// What the labels are labels of.
    pub vocabulary: Vocabulary,
    /// At least one.
    pub rows: Vec<Row>,
    /// What each row says beside its image and labels.
    pub marks: Marks,
    /// The part of the data that each row is in; empty where the table does not say.
    pub parts: Vec<SplitName>,
    /// What stands between its cells.
    pub separator: Separator,
    /// The names of columns of which nothing is read.
    pub ignored: Vec<String>,
}
