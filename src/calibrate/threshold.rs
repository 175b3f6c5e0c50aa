//! The threshold of a unit with the largest F1.

use std::cmp::Ordering;

use super::labelled::{UnitRow, unit_rows};
use crate::Result;
use crate::metric::f1::BinaryCounts;

/// A threshold and what it scores on the rows that it was found on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestThreshold {
    /// A unit is active where `score >= threshold`.
    pub threshold: f32,
    /// F1 on the rows that it was found on, in [0, 1]. Other rows will score less: it was chosen among
    /// as many as there are scores.
    pub f1: f64,
}

/// The threshold with the largest F1, `2 TP / (2 TP + FP + FN)` where `score >= threshold` is a yes: an
/// exact search over every way to cut the rows in two by their score.
///
/// It stands midway between the scores on both sides of the cut, and where everything is best called a
/// yes, midway between 0 and the lowest score (at that score if it is not above 0). Of cuts with the same
/// F1 the one whose threshold is nearest to 0.5 is taken, of two as near the higher. `None` without a row
/// labelled yes or without one labelled no: there is nothing to part.
///
/// Scores may be of any range. Rows without a label do not count, whatever their score is.
///
/// ```
/// use countenance::calibrate::best_threshold;
///
/// // A network that says little when it means yes; the last row has no label.
/// let scores = [0.05, 0.1, 0.2, 0.4, 0.9];
/// let labels = [Some(false), Some(false), Some(true), Some(true), None];
/// let best = best_threshold(&scores, &labels)?.expect("both labels");
/// assert_eq!((best.threshold, best.f1), (0.15, 1.0));
/// assert_eq!(best_threshold(&scores, &[Some(true); 5])?, None);
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) with the row if a labelled row's score is not
/// finite, [`Error::Argument`](crate::Error::Argument) if there are not as many scores as labels.
pub fn best_threshold(scores: &[f32], labels: &[Option<bool>]) -> Result<Option<BestThreshold>> {
    Ok(SortedScores::new(scores, labels)?.best(|_| true))
}

/// The labelled rows of a unit, sorted once: the best threshold on any part of them takes one pass more.
///
/// ```
/// use countenance::calibrate::SortedScores;
///
/// let labels = [Some(true), Some(false), Some(true), Some(false)];
/// let sorted = SortedScores::new(&[0.9, 0.1, 0.3, 0.5], &labels)?;
/// // Of two folds, the even rows and the odd ones, each is left out once.
/// let folds = [0, 1, 1, 0];
/// let thresholds = [0, 1].map(|left_out| sorted.best(|row| folds[row] != left_out));
/// assert_eq!(thresholds.map(|best| best.map(|best| best.threshold)), [Some(0.2), Some(0.7)]);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SortedScores {
    /// The highest score first.
    rows: Vec<UnitRow>,
}

impl SortedScores {
    /// Sorts the rows that have a label.
    ///
    /// # Errors
    /// As [`best_threshold`].
    pub fn new(scores: &[f32], labels: &[Option<bool>]) -> Result<Self> {
        let mut rows = unit_rows(scores, labels)?;
        rows.sort_unstable_by(|one, other| other.score.total_cmp(&one.score));
        Ok(Self { rows })
    }

    /// The best threshold, as [`best_threshold`] has it, on the rows that `is_in` says yes to; it is asked
    /// for the row's number in the whole table.
    pub fn best(&self, is_in: impl Fn(usize) -> bool) -> Option<BestThreshold> {
        let among = || self.rows.iter().filter(|row| is_in(row.row));
        let (mut yes, mut no) = (0, 0);
        for row in among() {
            match row.label {
                true => yes += 1,
                false => no += 1,
            }
        }
        if yes == 0 || no == 0 {
            return None;
        }
        let mut best: Option<Cut> = None;
        let mut counts = BinaryCounts {
            false_negatives: yes,
            ..BinaryCounts::default()
        };
        let mut rows = among().peekable();
        while let Some(row) = rows.next() {
            match row.label {
                true => {
                    counts.true_positives += 1;
                    counts.false_negatives -= 1;
                }
                false => counts.false_positives += 1,
            }
            let below = rows.peek().map(|next| next.score);
            if below == Some(row.score) {
                continue;
            }
            let cut = Cut {
                threshold: between(below, row.score),
                counts,
            };
            if best.as_ref().is_none_or(|best| cut.is_better(best)) {
                best = Some(cut);
            }
        }
        best.map(|best| BestThreshold {
            threshold: best.threshold,
            f1: best.counts.f1(),
        })
    }
}

/// A threshold and what it finds.
struct Cut {
    threshold: f32,
    counts: BinaryCounts,
}

impl Cut {
    fn is_better(&self, other: &Self) -> bool {
        let away = |cut: &Self| (cut.threshold - 0.5).abs();
        // TP / (2 TP + FP + FN) as whole numbers, so that equal is equal.
        let [(part, whole), (other_part, other_whole)] = [self, other].map(|cut| {
            let counts = cut.counts;
            let wrong = counts.false_positives + counts.false_negatives;
            let found = u128::from(counts.true_positives);
            (found, 2 * found + u128::from(wrong))
        });
        match (part * other_whole).cmp(&(other_part * whole)) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal => away(self) < away(other),
        }
    }
}

/// A number that `above` reaches and `below`, the next lower score, does not.
fn between(below: Option<f32>, above: f32) -> f32 {
    let Some(below) = below else {
        return if above > 0.0 { above / 2.0 } else { above };
    };
    let middle = ((f64::from(below) + f64::from(above)) / 2.0) as f32;
    // Between neighbours among the numbers of 32 bits there is none.
    if middle > below { middle } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::f1::BinaryCounts;
    use crate::testing::noise;

    fn f1_at(threshold: f32, rows: &[(f32, bool)]) -> f64 {
        let mut counts = BinaryCounts::default();
        for &(score, label) in rows {
            counts.push(label, score >= threshold);
        }
        counts.f1()
    }

    /// Scores, some of them equal, with labels that they tell a little of.
    fn drawn(count: usize, seed: u32) -> (Vec<f32>, Vec<bool>) {
        let labels: Vec<bool> = noise(count, seed).iter().map(|&draw| draw > 0.4).collect();
        let scores = noise(count, seed + 500).into_iter().zip(&labels);
        let scores = scores.map(|(draw, label)| {
            let score = 0.4 + 0.3 * draw + 0.2 * f32::from(u8::from(*label));
            (score * 40.0).round() / 40.0
        });
        (scores.collect(), labels)
    }

    fn some(labels: &[bool]) -> Vec<Option<bool>> {
        labels.iter().copied().map(Some).collect()
    }

    #[test]
    fn no_threshold_does_better_and_the_told_score_is_the_real_one() {
        for seed in 0..40 {
            let (scores, labels) = drawn(60, seed);
            let best = best_threshold(&scores, &some(&labels)).unwrap().unwrap();
            let rows: Vec<_> = scores.iter().copied().zip(labels).collect();
            assert_eq!(f1_at(best.threshold, &rows), best.f1);
            for tried in -10..=1010 {
                assert!(f1_at(tried as f32 / 1000.0, &rows) <= best.f1, "{seed}");
            }
        }
    }

    #[test]
    fn a_part_of_sorted_rows_has_the_threshold_of_that_part_alone() {
        let (scores, labels) = drawn(200, 7);
        let sorted = SortedScores::new(&scores, &some(&labels)).unwrap();
        for fold in 0..5 {
            let among: Vec<usize> = (0..200).filter(|row| row % 5 != fold).collect();
            let part: Vec<f32> = among.iter().map(|&row| scores[row]).collect();
            let known: Vec<_> = among.iter().map(|&row| Some(labels[row])).collect();
            let alone = best_threshold(&part, &known).unwrap();
            assert_eq!(sorted.best(|row| row % 5 != fold), alone);
        }
        assert_eq!(sorted.best(|_| false), None);
        assert_eq!(sorted.best(|row| labels[row]), None);
    }

    #[test]
    fn of_equal_cuts_the_one_nearest_to_one_half_is_taken() {
        // Two in three are found above 0.8 and above 0.4, and neither is better than the other.
        let scores = [0.9, 0.7, 0.5, 0.3];
        let labels = [true, false, true, false].map(Some);
        let best = best_threshold(&scores, &labels).unwrap().unwrap();
        assert_eq!((best.threshold, best.f1), (0.4, 0.8));
        // The first alone and all of them score the same, at 0.75 and at 0.24.
        let labels = [true, false, false, true].map(Some);
        let best = best_threshold(&[0.9, 0.6, 0.55, 0.48], &labels).unwrap();
        assert_eq!(best.unwrap().f1, 2.0 / 3.0);
        assert_eq!(best.unwrap().threshold, 0.75);
    }

    #[test]
    fn the_cut_is_between_neighbours_of_32_bits_too() {
        let above = 0.7f32;
        for below in [above.next_down(), above.next_down().next_down(), -above] {
            let best = best_threshold(&[above, below], &[Some(true), Some(false)]);
            let threshold = best.unwrap().unwrap().threshold;
            assert!(above >= threshold && below < threshold, "{below}");
        }
        // All alike, so that everything is a yes: also scores that are a little lower.
        let labels = [Some(true), Some(false)];
        let at = |score| best_threshold(&[score; 2], &labels).unwrap().unwrap();
        assert_eq!((at(0.6).threshold, at(0.6).f1), (0.3, 2.0 / 3.0));
        assert_eq!((at(0.0).threshold, at(-2.0).threshold), (0.0, -2.0));
        let huge = best_threshold(&[f32::MAX, f32::MIN], &labels);
        assert_eq!(huge.unwrap().unwrap().threshold, 0.0);
        // Minus zero is zero.
        let zeros = best_threshold(&[0.0, -0.0], &[Some(true), Some(false)]);
        assert_eq!(zeros.unwrap().unwrap().f1, 2.0 / 3.0);
    }

    #[test]
    fn labels_of_one_kind_have_no_threshold_and_broken_scores_are_named() {
        assert_eq!(best_threshold(&[], &[]).unwrap(), None);
        assert_eq!(best_threshold(&[f32::NAN; 2], &[None; 2]).unwrap(), None);
        for label in [true, false] {
            assert_eq!(
                best_threshold(&[0.2, 0.8], &[Some(label); 2]).unwrap(),
                None
            );
        }
        let labels = [None, Some(true), Some(false)];
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let told = best_threshold(&[0.1, 0.5, broken], &labels).unwrap_err();
            assert!(
                told.to_string()
                    .starts_with("row 2: the network's score is")
            );
            assert!(
                best_threshold(&[broken, 0.5, 0.1], &labels)
                    .unwrap()
                    .is_some()
            );
        }
        let told = best_threshold(&[0.1], &labels).unwrap_err().to_string();
        assert_eq!(told, "scores: expected one for each of 3 labels, found 1");
    }
}
