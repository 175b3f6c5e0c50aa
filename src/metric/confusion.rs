//! The confusion matrix of the expressions.
//!
//! # Example
//! ```
//! use countenance::label::ClassSet;
//! use countenance::metric::confusion::Confusion;
//!
//! let mut confusion = Confusion::new(&ClassSet::aff_wild2());
//! // Happiness, class 4, twice known and once taken for surprise, class 6.
//! for predicted in [4, 4, 6] {
//!     confusion.push(4, predicted);
//! }
//! assert_eq!(confusion.matrix()[4][6], 1);
//! assert_eq!(confusion.per_class()[4], Some(0.8));
//! assert!(confusion.csv().starts_with("labelled/predicted,Neutral,Anger,"));
//! ```

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::label::Expression;
use crate::metric::classification;

/// Classes beyond which a matrix is too wide for a text.
const MOST: usize = 12;

/// How often each expression was taken for which. In JSON the names of its `classes` and its `counts`, a
/// list for each labelled class with a count for each predicted one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Confusion {
    classes: Vec<Expression>,
    counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// Nothing counted yet of these classes.
    pub fn new(classes: &[Expression]) -> Self {
        Self {
            classes: classes.to_vec(),
            counts: vec![vec![0; classes.len()]; classes.len()],
        }
    }

    /// What is counted already: `counts[label][predicted]`.
    pub(super) fn of(classes: &[Expression], counts: Vec<Vec<u64>>) -> Self {
        Self {
            classes: classes.to_vec(),
            counts,
        }
    }

    /// The classes, in the order of rows and columns.
    pub fn classes(&self) -> &[Expression] {
        &self.classes
    }

    /// Counts one labelled row.
    ///
    /// # Panics
    /// If a class is not below their number.
    pub fn push(&mut self, label: usize, predicted: usize) {
        self.counts[label][predicted] += 1;
    }

    /// Rows counted: `matrix()[label][predicted]`.
    pub fn matrix(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// The number of rows counted.
    pub fn rows(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// F1 of each class; 0 for a class with neither labels nor predictions, as scikit-learn has it.
    /// `None` throughout if no row was counted.
    pub fn per_class(&self) -> Vec<Option<f64>> {
        classification::f1(&self.counts)
    }

    /// The matrix as CSV: a column for each predicted class and a line for each labelled one, under a
    /// header that begins with [`HEAD`](Self::HEAD) and names the classes.
    pub fn csv(&self) -> String {
        let mut out = csv::WriterBuilder::new().from_writer(Vec::new());
        let names = self.classes.iter().map(Expression::name);
        let mut lines = vec![
            std::iter::once(Self::HEAD)
                .chain(names)
                .map(String::from)
                .collect(),
        ];
        for (class, counts) in self.classes.iter().zip(&self.counts) {
            let counts = counts.iter().map(u64::to_string);
            let line: Vec<String> = std::iter::once(class.name().into()).chain(counts).collect();
            lines.push(line);
        }
        for line in lines {
            out.write_record(line)
                .expect("memory takes any record of equal length");
        }
        let bytes = out.into_inner().expect("memory takes any record");
        String::from_utf8(bytes).expect("names and digits are text")
    }

    /// The first cell of [`csv`](Self::csv).
    pub const HEAD: &str = "labelled/predicted";

    /// The matrix as text, a line for each labelled class and a column with its number for each predicted
    /// one; of more than twelve classes, how many there are.
    pub fn table(&self) -> String {
        let classes = self.classes.len();
        if classes > MOST {
            return format!(
                "expressions: {classes} classes taken for each other, too many for a text\n"
            );
        }
        let names = self
            .classes
            .iter()
            .map(|class| class.name().chars().count());
        let names = names.max().unwrap_or(0);
        let digits = |count: &u64| count.to_string().len();
        let wide = self
            .counts
            .iter()
            .flatten()
            .map(digits)
            .max()
            .unwrap_or(1)
            .max(2)
            + 2;
        let title = "labelled, and as which predicted";
        let left = (names + 4).max(title.len());
        let mut text = format!("{title:left$}");
        for number in 1..=classes {
            let _ = write!(text, "{number:>wide$}");
        }
        text.push('\n');
        for (place, (class, counts)) in self.classes.iter().zip(&self.counts).enumerate() {
            let name = format!("{:>2}  {}", place + 1, class.name());
            let _ = write!(text, "{name:left$}");
            for count in counts {
                let _ = write!(text, "{count:>wide$}");
            }
            text.push('\n');
        }
        text
    }
}

/// A matrix as it stands in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    classes: Vec<Expression>,
    counts: Vec<Vec<u64>>,
}

impl TryFrom<Stored> for Confusion {
    type Error = String;

    fn try_from(Stored { classes, counts }: Stored) -> Result<Self, String> {
        let expected = classes.len();
        match counts.len() == expected && counts.iter().all(|row| row.len() == expected) {
            true => Ok(Self { classes, counts }),
            false => Err(format!(
                "a confusion of {expected} classes has as many rows and columns"
            )),
        }
    }
}

/// The class with the largest logit, the first of several; a NaN never wins.
///
/// # Panics
/// If there is no logit.
pub fn largest(logits: &[f32]) -> usize {
    assert!(!logits.is_empty(), "a logit for each expression");
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] || (logits[best].is_nan() && !logit.is_nan()) {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_neither_labelled_nor_predicted_counts_as_zero() {
        let mut confusion = Confusion::new(&Expression::AFF_WILD2);
        assert_eq!(confusion.per_class(), [None; 8]);
        confusion.push(0, 0);
        confusion.push(1, 0);
        let f1 = confusion.per_class();
        assert_eq!(f1[..3], [Some(2.0 / 3.0), Some(0.0), Some(0.0)]);
        assert_eq!(confusion.rows(), 2);
    }

    #[test]
    fn a_matrix_is_written_as_a_table_as_text_and_as_json() {
        let classes = ["Neutral", "Sad, or so", "Fear"].map(|name| name.parse().unwrap());
        let mut confusion = Confusion::new(&classes);
        for (label, predicted, rows) in [(0, 0, 1234), (0, 2, 5), (1, 0, 7)] {
            (0..rows).for_each(|_| confusion.push(label, predicted));
        }
        assert_eq!(
            confusion.csv(),
            "labelled/predicted,Neutral,\"Sad, or so\",Fear\nNeutral,1234,0,5\n\"Sad, or so\",7,0,0\nFear,0,0,0\n"
        );
        assert_eq!(
            confusion.table(),
            "labelled, and as which predicted     1     2     3\n \
             1  Neutral                       1234     0     5\n \
             2  Sad, or so                       7     0     0\n \
             3  Fear                             0     0     0\n"
        );
        let json = serde_json::to_string(&confusion).unwrap();
        assert_eq!(
            json,
            r#"{"classes":["Neutral","Sad, or so","Fear"],"counts":[[1234,0,5],[7,0,0],[0,0,0]]}"#
        );
        assert_eq!(serde_json::from_str::<Confusion>(&json).unwrap(), confusion);
        for wrong in [json.replace("[7,0,0],", ""), json.replace("1234,", "")] {
            let error = serde_json::from_str::<Confusion>(&wrong)
                .unwrap_err()
                .to_string();
            assert!(error.contains("3 classes"), "{error}");
        }
        let many: Vec<Expression> = (0..13)
            .map(|class| format!("c{class}").parse().unwrap())
            .collect();
        assert!(Confusion::new(&many).table().contains("13 classes"));
    }

    #[test]
    fn the_first_of_equal_logits_wins_and_nan_never_does() {
        let mut logits = [0.0; 8];
        assert_eq!(largest(&logits), 0);
        (logits[0], logits[3], logits[5]) = (f32::NAN, 2.0, 2.0);
        assert_eq!(largest(&logits), 3);
        assert_eq!(largest(&[f32::NAN; 8]), 0);
    }
}
