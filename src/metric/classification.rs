//! Scores of a classifier, from its confusion matrix.
//!
//! A matrix is a slice of rows, `matrix[label][predicted]`, of any number of classes: arrays and
//! vectors go. All conventions are scikit-learn's with `zero_division=0` and every class in `labels`.
//! A matrix without a single count has no score: `None`.
//!
//! # Example
//! ```
//! use countenance::metric::classification::{accuracy, balanced_accuracy, precision, recall};
//!
//! // Eight of the first class are known, and one of the two of the second.
//! let matrix = [[8, 0], [1, 1]];
//! assert_eq!(accuracy(&matrix), Some(0.9));
//! assert_eq!(balanced_accuracy(&matrix), Some(0.75));
//! assert_eq!(recall(&matrix), [Some(1.0), Some(0.5)]);
//! assert_eq!(precision(&matrix)[1], Some(1.0));
//! ```

use crate::metric::f1::BinaryCounts;
use crate::metric::mean_of_present;

/// The share of rows whose class was predicted, in [0, 1].
///
/// # Panics
/// If the matrix is not square.
pub fn accuracy<R: AsRef<[u64]>>(matrix: &[R]) -> Option<f64> {
    let classes = one_against_rest(matrix);
    let known: u64 = classes.iter().map(|counts| counts.true_positives).sum();
    share(known, classes.iter().map(labelled).sum())
}

/// The mean recall of the classes that have labels, in [0, 1]; chance is one over their number.
///
/// # Panics
/// If the matrix is not square.
pub fn balanced_accuracy<R: AsRef<[u64]>>(matrix: &[R]) -> Option<f64> {
    let classes = one_against_rest(matrix);
    let recalls: Vec<Option<f64>> = classes
        .iter()
        .map(|counts| share(counts.true_positives, labelled(counts)))
        .collect();
    mean_of_present(&recalls)
}

/// Of each class, the share of the rows predicted as it that are of it; 0 for one never predicted.
///
/// # Panics
/// If the matrix is not square.
pub fn precision<R: AsRef<[u64]>>(matrix: &[R]) -> Vec<Option<f64>> {
    per_class(matrix, |counts| {
        let predicted = counts.true_positives + counts.false_positives;
        share(counts.true_positives, predicted).unwrap_or(0.0)
    })
}

/// Of each class, the share of its rows that were predicted as it; 0 for one without labels.
///
/// # Panics
/// If the matrix is not square.
pub fn recall<R: AsRef<[u64]>>(matrix: &[R]) -> Vec<Option<f64>> {
    per_class(matrix, |counts| {
        share(counts.true_positives, labelled(counts)).unwrap_or(0.0)
    })
}

/// Of each class, F1; 0 for one with neither labels nor predictions.
///
/// # Panics
/// If the matrix is not square.
pub fn f1<R: AsRef<[u64]>>(matrix: &[R]) -> Vec<Option<f64>> {
    per_class(matrix, BinaryCounts::f1)
}

/// The mean F1 of all classes, in [0, 1]: the challenge's score of expressions.
///
/// ```
/// use countenance::metric::classification::macro_f1;
///
/// // The class that is never found pulls it down.
/// assert_eq!(macro_f1(&[[4, 0], [4, 0]]), Some(1.0 / 3.0));
/// ```
///
/// # Panics
/// If the matrix is not square.
pub fn macro_f1<R: AsRef<[u64]>>(matrix: &[R]) -> Option<f64> {
    mean_of_present(&f1(matrix))
}

/// The mean F1 of all classes, each weighted by its rows, in [0, 1].
///
/// # Panics
/// If the matrix is not square.
pub fn weighted_f1<R: AsRef<[u64]>>(matrix: &[R]) -> Option<f64> {
    let classes = one_against_rest(matrix);
    let all: u64 = classes.iter().map(labelled).sum();
    let weighed = classes
        .iter()
        .map(|counts| labelled(counts) as f64 * counts.f1());
    (all > 0).then(|| weighed.sum::<f64>() / all as f64)
}

fn labelled(counts: &BinaryCounts) -> u64 {
    counts.true_positives + counts.false_negatives
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// What `score` makes of each class, if a row was counted at all.
fn per_class<R: AsRef<[u64]>>(
    matrix: &[R],
    score: impl Fn(&BinaryCounts) -> f64,
) -> Vec<Option<f64>> {
    let classes = one_against_rest(matrix);
    let any = classes.iter().any(|counts| labelled(counts) > 0);
    let scores = classes.iter().map(|counts| any.then(|| score(counts)));
    scores.collect()
}

/// Each class against the others.
fn one_against_rest<R: AsRef<[u64]>>(matrix: &[R]) -> Vec<BinaryCounts> {
    let mut classes = vec![BinaryCounts::default(); matrix.len()];
    for (label, row) in matrix.iter().enumerate() {
        let row = row.as_ref();
        assert_eq!(row.len(), matrix.len(), "a confusion matrix is square");
        for (predicted, &count) in row.iter().enumerate() {
            if label == predicted {
                classes[label].true_positives += count;
            } else {
                classes[label].false_negatives += count;
                classes[predicted].false_positives += count;
            }
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_without_rows_has_no_score() {
        for matrix in [vec![], vec![vec![0u64; 3]; 3]] {
            assert_eq!(accuracy(&matrix), None);
            assert_eq!(balanced_accuracy(&matrix), None);
            for scores in [precision(&matrix), recall(&matrix), f1(&matrix)] {
                assert_eq!(scores, vec![None; matrix.len()]);
            }
            assert_eq!((macro_f1(&matrix), weighted_f1(&matrix)), (None, None));
        }
    }

    #[test]
    #[should_panic(expected = "square")]
    fn a_matrix_that_is_not_square_is_refused() {
        accuracy(&[vec![1, 2], vec![3, 4, 5]]);
    }
}
