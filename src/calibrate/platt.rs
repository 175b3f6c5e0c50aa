//! Platt scaling.

use super::calibration::{Calibration, logit, sigmoid};
use super::labelled::{has_both, unit_rows};
use crate::Result;

/// Newton's method needs about ten.
const ITERATIONS: usize = 100;

/// Platt scaling of a unit's probabilities: `p' = sigmoid(slope * logit(p) + intercept)` with the largest
/// likelihood of the labels, whose targets are Platt's, `(P + 1) / (P + 2)` for a yes and `1 / (N + 2)`
/// for a no with `P` rows labelled yes and `N` no, so that labels that are parted perfectly have an answer.
///
/// `None` without a row labelled yes, without one labelled no, or if all scores are equal: nothing can be
/// learnt. Where higher scores mean a rarer yes the slope is negative. Scores are clipped to
/// [1e-6, 1 - 1e-6] first, as [`Calibration::apply`] does.
///
/// Platt, Probabilistic outputs for support vector machines (1999); minimised by Newton's method with
/// backtracking, as Lin, Lin and Weng, A note on Platt's probabilistic outputs (2007).
///
/// ```
/// use countenance::calibrate::{Calibration, platt};
///
/// // A network that is sure of itself and right in three of four rows.
/// let scores = [0.99, 0.99, 0.99, 0.99, 0.01, 0.01, 0.01, 0.01];
/// let labels = [true, true, true, false, false, false, false, true].map(Some);
/// let calibration = platt(&scores, &labels)?.expect("both labels");
/// assert!((0.65..0.75).contains(&calibration.apply(0.99)));
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFiniteScore`](crate::Error::NotFiniteScore) with the row if a labelled row's score is not
/// finite, [`Error::Argument`](crate::Error::Argument) if there are not as many scores as labels.
pub fn platt(scores: &[f32], labels: &[Option<bool>]) -> Result<Option<Calibration>> {
    let rows = unit_rows(scores, labels)?;
    if !has_both(&rows) {
        return Ok(None);
    }
    let yes = rows.iter().filter(|row| row.label).count() as f64;
    let no = rows.len() as f64 - yes;
    let points: Vec<(f64, f64)> = rows
        .iter()
        .map(|row| {
            let target = match row.label {
                true => (yes + 1.0) / (yes + 2.0),
                false => 1.0 / (no + 2.0),
            };
            (logit(row.score), target)
        })
        .collect();
    if points.iter().all(|point| point.0 == points[0].0) {
        return Ok(None);
    }
    let [slope, intercept] = minimum(&points, [0.0, ((yes + 1.0) / (no + 1.0)).ln()]);
    Ok(Some(Calibration::Platt {
        slope: slope as f32,
        intercept: intercept as f32,
    }))
}

/// Where the loss of points with a target each is smallest.
fn minimum(points: &[(f64, f64)], start: [f64; 2]) -> [f64; 2] {
    let mut at = start;
    let mut loss = cross_entropy(points, at);
    for _ in 0..ITERATIONS {
        let step = newton_step(points, at);
        let moved = |share: f64| [at[0] - share * step[0], at[1] - share * step[1]];
        let shares = (0..60).map(|halvings| 0.5f64.powi(halvings));
        let better = shares
            .map(moved)
            .map(|to| (to, cross_entropy(points, to)))
            .find(|(_, there)| *there < loss);
        // What no step makes less is the least, as far as 64 bits tell.
        let Some((to, there)) = better else { break };
        (at, loss) = (to, there);
    }
    at
}

/// `-sum t ln p + (1 - t) ln (1 - p)` with `p = sigmoid(slope x + intercept)`.
fn cross_entropy(points: &[(f64, f64)], [slope, intercept]: [f64; 2]) -> f64 {
    let losses = points.iter().map(|&(x, target)| {
        let f = slope * x + intercept;
        // ln(1 + exp f), without an overflow.
        f.max(0.0) + (-f.abs()).exp().ln_1p() - target * f
    });
    losses.sum()
}

/// The inverse of the second derivatives times the first.
fn newton_step(points: &[(f64, f64)], [slope, intercept]: [f64; 2]) -> [f64; 2] {
    // On the diagonal, so that there is an inverse; too little to be seen in the result.
    const RIDGE: f64 = 1e-12;
    let (mut first, mut second) = ([0.0; 2], [RIDGE, 0.0, RIDGE]);
    for &(x, target) in points {
        let p = sigmoid(slope * x + intercept);
        let (off, weight) = (p - target, p * (1.0 - p));
        first = [first[0] + off * x, first[1] + off];
        second = [
            second[0] + weight * x * x,
            second[1] + weight * x,
            second[2] + weight,
        ];
    }
    let [xx, x, one] = second;
    let determinant = xx * one - x * x;
    [
        (one * first[0] - x * first[1]) / determinant,
        (xx * first[1] - x * first[0]) / determinant,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::noise;

    fn line(calibration: Option<Calibration>) -> [f32; 2] {
        match calibration {
            Some(Calibration::Platt { slope, intercept }) => [slope, intercept],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scores_that_mean_what_they_say_stay_and_others_are_brought_back() {
        // Of 20,000 rows at each probability, as many are so as it says.
        let honest: Vec<f32> = (1..10).map(|tenth| tenth as f32 / 10.0).collect();
        let repeat = |score: f32| (0..2000).map(move |row| (score, (row as f32) < score * 2000.0));
        let rows: Vec<(f32, bool)> = honest.iter().copied().flat_map(repeat).collect();
        let labels: Vec<_> = rows.iter().map(|row| Some(row.1)).collect();
        let scores: Vec<f32> = rows.iter().map(|row| row.0).collect();
        let [slope, intercept] = line(platt(&scores, &labels).unwrap());
        assert!((slope - 1.0).abs() < 1e-2 && intercept.abs() < 1e-2);
        // Logits three times as large and one too high.
        let loud: Vec<f32> = scores
            .iter()
            .map(|s| sigmoid(3.0 * logit(*s) + 1.0) as f32)
            .collect();
        let back = platt(&loud, &labels).unwrap().unwrap();
        for (loud, score) in loud.iter().zip(&scores) {
            assert!((back.apply(*loud) - score).abs() < 3e-3, "{loud} {score}");
        }
    }

    #[test]
    fn labels_that_are_parted_perfectly_have_a_finite_answer() {
        let scores: Vec<f32> = (0..100).map(|row| row as f32 / 99.0).collect();
        for (name, is_yes) in [("up", true), ("down", false)] {
            let labels: Vec<_> = (0..100).map(|row| Some((row >= 60) == is_yes)).collect();
            let fitted = platt(&scores, &labels).unwrap();
            fitted.as_ref().unwrap().validate().unwrap();
            assert_eq!(line(fitted)[0] > 0.0, is_yes, "{name}");
        }
        // Two rows, and scores beyond 0 and 1.
        let two = platt(&[-7.0, 1e30], &[Some(false), Some(true)])
            .unwrap()
            .unwrap();
        two.validate().unwrap();
        let told = [0.0, 1.0].map(|score| two.apply(score));
        assert!((told[0] - 1.0 / 3.0).abs() < 1e-6 && (told[1] - 2.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_learnt_of_labels_or_scores_that_are_all_alike() {
        assert_eq!(platt(&[], &[]).unwrap(), None);
        assert_eq!(platt(&[0.1, 0.9], &[Some(true); 2]).unwrap(), None);
        assert_eq!(platt(&[0.1, 0.9], &[Some(false), None]).unwrap(), None);
        let labels = [Some(true), Some(false)];
        assert_eq!(platt(&[0.3, 0.3], &labels).unwrap(), None);
        // Both are clipped.
        assert_eq!(platt(&[1.0, 2.0], &labels).unwrap(), None);
        assert!(platt(&[f32::NAN, 0.2], &labels).is_err());
        assert!(platt(&[0.2], &labels).is_err());
    }

    #[test]
    fn no_line_nearby_has_a_smaller_loss() {
        let scores: Vec<f32> = noise(150, 8)
            .iter()
            .map(|draw| (draw + 1.0) / 2.0)
            .collect();
        let draws = noise(150, 9).into_iter().zip(&scores);
        let points: Vec<(f64, f64)> = draws
            .map(|(draw, score)| (logit(*score), if draw < *score { 0.98 } else { 0.02 }))
            .collect();
        let best = minimum(&points, [0.0, 0.0]);
        let least = cross_entropy(&points, best);
        for (slope, intercept) in [(1e-4, 0.0), (-1e-4, 0.0), (0.0, 1e-4), (1e-4, -1e-4)] {
            let near = cross_entropy(&points, [best[0] + slope, best[1] + intercept]);
            assert!(near > least);
        }
    }
}
