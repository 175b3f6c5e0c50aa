//! What each member of a blend weighs.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The weights of a blend's members, for each task one per member, each list adding up to 1.
///
/// ```
/// use countenance::calibrate::BlendWeights;
///
/// let weights = BlendWeights { expressions: vec![0.25, 0.75], ..BlendWeights::equal(2) };
/// weights.validate(2)?;
/// assert_eq!(weights.action_units, [0.5, 0.5]);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlendWeights {
    /// Of the action units.
    pub action_units: Vec<f32>,
    /// Of the expressions.
    pub expressions: Vec<f32>,
    /// Of valence and arousal.
    pub valence_arousal: Vec<f32>,
}

impl BlendWeights {
    /// The same weight for each of so many members.
    pub fn equal(members: usize) -> Self {
        let list = vec![1.0 / members as f32; members];
        Self {
            action_units: list.clone(),
            expressions: list.clone(),
            valence_arousal: list,
        }
    }

    /// Checks that each list has a weight for each of so many members, none below 0, and that they add up
    /// to 1 but for 0.001.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the list.
    pub fn validate(&self, members: usize) -> Result<()> {
        for (task, list) in [
            ("action units", &self.action_units),
            ("expressions", &self.expressions),
            ("valence and arousal", &self.valence_arousal),
        ] {
            let wrong = |expected: String, found: String| {
                let what = format!("the blend's weights of {task}");
                Err(Error::argument(what, expected, found))
            };
            if list.len() != members {
                return wrong(format!("{members}, one per member"), list.len().to_string());
            }
            if let Some(weight) = list.iter().find(|weight| !(0.0..=1.0).contains(*weight)) {
                return wrong("numbers from 0 to 1".into(), weight.to_string());
            }
            let sum: f64 = list.iter().copied().map(f64::from).sum();
            if (sum - 1.0).abs() > 1e-3 {
                return wrong("a sum of 1".into(), sum.to_string());
            }
        }
        Ok(())
    }
}

/// Weights and their score.
#[derive(Clone, Debug, PartialEq)]
pub struct BestWeights {
    /// One per member; they add up to 1.
    pub weights: Vec<f32>,
    /// What the score said of them.
    pub score: f64,
    /// What it said of equal ones.
    pub untuned: f64,
}

/// The most members that weights are searched for.
const MOST: usize = 8;
/// Grids along which weight goes from one member to another: the step, and how many of them at most.
const GRIDS: [(f64, usize); 2] = [(0.05, 20), (0.01, 5)];

/// The weights of 1 to 8 members for which `score` is largest.
///
/// Weight is moved between two members at a time, on a grid of steps of 0.05 and then of 0.01, until no
/// pair gains; of two members that is every weight of the first grid. It starts at the best of equal
/// weights and each member alone, so that what it finds is no worse than these. Where nothing is gained
/// the weights stay equal.
///
/// A score that is `None` or not a number never wins; `None` if equal weights have no score.
///
/// ```
/// use countenance::calibrate::best_weights;
///
/// let distance = |weights: &[f32]| Some(-f64::from((weights[0] - 0.3).abs()));
/// let best = best_weights(3, distance)?.expect("a score");
/// assert!((best.weights[0] - 0.3).abs() < 0.01);
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] unless there are 1 to 8 members.
pub fn best_weights(
    members: usize,
    mut score: impl FnMut(&[f32]) -> Option<f64>,
) -> Result<Option<BestWeights>> {
    if !(1..=MOST).contains(&members) {
        return Err(Error::argument("members of a blend", "1 to 8", members));
    }
    let mut score = |weights: &[f64]| {
        let told = score(
            &weights
                .iter()
                .map(|weight| *weight as f32)
                .collect::<Vec<_>>(),
        );
        told.filter(|score| !score.is_nan())
    };
    let equal = vec![1.0 / members as f64; members];
    let Some(untuned) = score(&equal) else {
        return Ok(None);
    };
    let mut best = (equal, untuned);
    // Weights that are tried, and taken if they gain.
    let mut gains = |weights: Vec<f64>, best: &mut (Vec<f64>, f64)| {
        let told = score(&weights).filter(|score| *score > best.1);
        if let Some(score) = told {
            *best = (weights, score);
        }
        told.is_some()
    };
    if members > 1 {
        for alone in 0..members {
            let weights = (0..members).map(|member| f64::from(u8::from(member == alone)));
            gains(weights.collect(), &mut best);
        }
    }
    let pairs = || (0..members).flat_map(|to| (0..members).map(move |from| (from, to)));
    for (step, most) in GRIDS {
        let mut gained = true;
        while gained {
            gained = false;
            for (from, to) in pairs().filter(|(from, to)| from != to) {
                let start = best.0.clone();
                for steps in 1..=most {
                    let before = step * (steps - 1) as f64;
                    // The last step takes what is left, and none is for an error of rounding.
                    if start[from] - before < 1e-9 {
                        break;
                    }
                    let moved = match start[from] - step * steps as f64 {
                        left if left < 1e-9 => start[from],
                        _ => step * steps as f64,
                    };
                    let mut weights = start.clone();
                    weights[from] -= moved;
                    weights[to] += moved;
                    gained |= gains(weights, &mut best);
                }
            }
        }
    }
    let (weights, score) = best;
    Ok(Some(BestWeights {
        weights: weights.into_iter().map(|weight| weight as f32).collect(),
        score,
        untuned,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How near some weights are to others.
    fn near(to: &[f64]) -> impl Fn(&[f32]) -> Option<f64> + '_ {
        move |weights| {
            let away = weights
                .iter()
                .zip(to)
                .map(|(one, other)| (f64::from(*one) - other).powi(2));
            Some(-away.sum::<f64>())
        }
    }

    #[test]
    fn the_best_weights_are_found_for_any_number_of_members() {
        for to in [
            vec![1.0],
            vec![0.0, 1.0],
            vec![0.62, 0.38],
            vec![0.1, 0.7, 0.2],
            vec![0.5, 0.0, 0.25, 0.25],
            vec![0.3, 0.05, 0.05, 0.1, 0.1, 0.2, 0.1, 0.1],
        ] {
            let best = best_weights(to.len(), near(&to)).unwrap().unwrap();
            for (weight, to) in best.weights.iter().zip(&to) {
                assert!((f64::from(*weight) - to).abs() < 0.0101, "{best:?}");
            }
            let sum: f32 = best.weights.iter().sum();
            assert!((sum - 1.0).abs() < 1e-6 && best.score >= best.untuned);
            assert!(
                best.weights
                    .iter()
                    .all(|weight| (0.0..=1.0).contains(weight))
            );
            assert_eq!(near(&to)(&best.weights), Some(best.score));
        }
    }

    #[test]
    fn two_members_are_tried_at_every_weight_of_the_grid() {
        let mut tried = Vec::new();
        // A narrow peak far from where the search begins.
        let best = best_weights(2, |weights| {
            tried.push(weights[0]);
            Some(f64::from(u8::from((weights[0] - 0.15).abs() < 0.004)))
        });
        assert!((best.unwrap().unwrap().weights[0] - 0.15).abs() < 1e-6);
        for twentieth in 0..=20 {
            let weight = twentieth as f32 / 20.0;
            assert!(
                tried.iter().any(|tried| (tried - weight).abs() < 1e-6),
                "{weight}"
            );
        }
        assert!(tried.len() < 80, "{}", tried.len());
    }

    #[test]
    fn what_nothing_beats_stays_equal_and_what_has_no_score_never_wins() {
        let even = best_weights(3, |_| Some(0.7)).unwrap().unwrap();
        assert_eq!(even.weights, [1.0f32 / 3.0; 3]);
        let best = best_weights(2, |weights| match weights[0] {
            weight if weight > 0.5 => Some(f64::NAN),
            weight if weight < 0.25 => None,
            weight => Some(-f64::from(weight)),
        });
        assert!((best.unwrap().unwrap().weights[0] - 0.25).abs() < 1e-6);
        assert_eq!(best_weights(2, |_| None).unwrap(), None);
        assert_eq!(best_weights(2, |_| Some(f64::NAN)).unwrap(), None);
        // The best alone is better than any that is near the middle.
        let alone = |weights: &[f32]| Some(f64::from(u8::from(weights[2] == 1.0)));
        assert_eq!(
            best_weights(4, alone).unwrap().unwrap().weights,
            [0.0, 0.0, 1.0, 0.0]
        );
        for members in [0, 9] {
            let told = best_weights(members, |_| Some(1.0))
                .unwrap_err()
                .to_string();
            assert_eq!(
                told,
                format!("members of a blend: expected 1 to 8, found {members}")
            );
        }
    }

    #[test]
    fn weights_are_one_per_member_and_add_up() {
        let good = BlendWeights::equal(3);
        good.validate(3).unwrap();
        BlendWeights::equal(0).validate(1).unwrap_err();
        let message = |list: Vec<f32>| {
            let weights = BlendWeights {
                expressions: list,
                ..BlendWeights::equal(2)
            };
            weights.validate(2).unwrap_err().to_string()
        };
        let begin = "the blend's weights of expressions: expected";
        assert_eq!(
            message(vec![1.0]),
            format!("{begin} 2, one per member, found 1")
        );
        assert_eq!(
            message(vec![1.5, -0.5]),
            format!("{begin} numbers from 0 to 1, found 1.5")
        );
        assert_eq!(
            message(vec![0.5, f32::NAN]),
            format!("{begin} numbers from 0 to 1, found NaN")
        );
        assert_eq!(
            message(vec![0.5, 0.25]),
            format!("{begin} a sum of 1, found 0.75")
        );
        let json = serde_json::to_string(&good).unwrap();
        assert_eq!(serde_json::from_str::<BlendWeights>(&json).unwrap(), good);
    }
}
