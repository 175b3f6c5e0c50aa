//! Isotonic regression.

use super::calibration::Calibration;
use super::labelled::{UnitRow, has_both, unit_rows};
use crate::Result;

/// Isotonic regression of a unit's labels on its scores: of all probabilities that never fall as the score
/// rises, those with the least squared error, by pooling adjacent violators. Between two scores of the
/// rows lies a straight line.
///
/// `None` without a row labelled yes, without one labelled no, or if all scores are equal: nothing can be
/// learnt. It needs more rows than [`platt`](super::platt), about a thousand: a step of it may stand on few.
///
/// Zadrozny and Elkan, Transforming classifier scores into accurate multiclass probability estimates
/// (2002).
///
/// ```
/// use countenance::calibrate::isotonic;
///
/// let scores = [0.0, 0.125, 0.25, 0.375, 0.5, 0.625];
/// let labels = [false, false, true, false, true, true].map(Some);
/// let calibration = isotonic(&scores, &labels)?.expect("both labels");
/// let told = [0.0, 0.0625, 0.25, 0.375, 0.4375, 0.9].map(|score| calibration.apply(score));
/// assert_eq!(told, [0.0, 0.0, 0.5, 0.5, 0.75, 1.0]);
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) with the row if a labelled row's score is not
/// finite, [`Error::Argument`](crate::Error::Argument) if there are not as many scores as labels.
pub fn isotonic(scores: &[f32], labels: &[Option<bool>]) -> Result<Option<Calibration>> {
    let mut rows = unit_rows(scores, labels)?;
    if !has_both(&rows) || rows.iter().all(|row| row.score == rows[0].score) {
        return Ok(None);
    }
    rows.sort_unstable_by(|one, other| one.score.total_cmp(&other.score));
    let (mut scores, mut probabilities) = (Vec::new(), Vec::new());
    for block in blocks(&rows) {
        let probability = (block.yes as f64 / block.rows as f64) as f32;
        // Within a block the line is level: its ends say everything.
        scores.push(block.first);
        probabilities.push(probability);
        if block.last > block.first {
            scores.push(block.last);
            probabilities.push(probability);
        }
    }
    Ok(Some(Calibration::Isotonic {
        scores,
        probabilities,
    }))
}

/// Rows next to each other that share a probability.
#[derive(Clone, Copy)]
struct Block {
    first: f32,
    last: f32,
    yes: u64,
    rows: u64,
}

impl Block {
    /// Whether its share of yes reaches the next one's, in whole numbers.
    fn reaches(&self, next: &Self) -> bool {
        u128::from(self.yes) * u128::from(next.rows) >= u128::from(next.yes) * u128::from(self.rows)
    }
}

/// Blocks of rising shares, from rows in ascending order.
fn blocks(rows: &[UnitRow]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for same in rows.chunk_by(|one, next| one.score == next.score) {
        let mut block = Block {
            first: same[0].score,
            last: same[0].score,
            yes: same.iter().filter(|row| row.label).count() as u64,
            rows: same.len() as u64,
        };
        while let Some(before) = blocks.pop_if(|before| before.reaches(&block)) {
            block.first = before.first;
            block.yes += before.yes;
            block.rows += before.rows;
        }
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    #[test]
    fn probabilities_never_fall_and_keep_the_number_of_yes() {
        let scores: Vec<f32> = noise(400, 1)
            .iter()
            .map(|draw| (draw * 50.0).round() / 50.0)
            .collect();
        let labels: Vec<bool> = noise(400, 2)
            .iter()
            .zip(&scores)
            .map(|(draw, score)| draw < score)
            .collect();
        let known: Vec<_> = labels.iter().copied().map(Some).collect();
        let fitted = isotonic(&scores, &known).unwrap().unwrap();
        fitted.validate().unwrap();
        let told: f64 = scores
            .iter()
            .map(|score| f64::from(fitted.apply(*score)))
            .sum();
        let yes = labels.iter().filter(|label| **label).count() as f64;
        assert!((told - yes).abs() < 1e-3, "{told} {yes}");
        let Calibration::Isotonic { scores: points, .. } = &fitted else {
            panic!("{fitted:?}")
        };
        assert!(points.len() < 40, "only the ends of blocks are kept");
    }

    #[test]
    fn pooled_blocks_are_the_known_ones() {
        let scores = [0.1, 0.2, 0.3, 0.4, 0.4, 0.6];
        let labels = [true, false, false, true, false, true].map(Some);
        let fitted = isotonic(&scores, &labels).unwrap().unwrap();
        let third = 1.0f32 / 3.0;
        let expected = Calibration::Isotonic {
            scores: vec![0.1, 0.3, 0.4, 0.6],
            probabilities: vec![third, third, 0.5, 1.0],
        };
        assert_eq!(fitted, expected);
        // Against the scores everything is one block.
        let fitted = isotonic(&scores, &[true, true, true, false, false, false].map(Some));
        assert_eq!(fitted.unwrap().unwrap().apply(0.9), 0.5);
    }

    #[test]
    fn nothing_is_learnt_of_labels_or_scores_that_are_all_alike() {
        let labels = [Some(true), Some(false)];
        assert_eq!(isotonic(&[], &[]).unwrap(), None);
        assert_eq!(isotonic(&[0.1, 0.9], &[Some(true); 2]).unwrap(), None);
        assert_eq!(isotonic(&[0.5; 2], &labels).unwrap(), None);
        assert_eq!(isotonic(&[0.0, -0.0], &labels).unwrap(), None);
        assert!(isotonic(&[0.5, f32::INFINITY], &labels).is_err());
        assert!(isotonic(&[0.5], &labels).is_err());
    }
}
