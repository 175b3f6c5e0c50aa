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
//! ```

use crate::label::Expression;
use crate::metric::classification;

/// How often each expression was taken for which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    fn the_first_of_equal_logits_wins_and_nan_never_does() {
        let mut logits = [0.0; 8];
        assert_eq!(largest(&logits), 0);
        (logits[0], logits[3], logits[5]) = (f32::NAN, 2.0, 2.0);
        assert_eq!(largest(&logits), 3);
        assert_eq!(largest(&[f32::NAN; 8]), 0);
    }
}
