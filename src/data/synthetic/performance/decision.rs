//! The decisions that score best, from what is expected alone: no label is looked at.

/// Steps of the search for the classes.
const STEPS: usize = 100;

/// The probability from which a yes gives the largest F1 to be expected, `2 sum of p over the yeses /
/// (yeses + sum of p)`.
pub(super) fn threshold(probabilities: &[f64]) -> f64 {
    let mut falling = probabilities.to_vec();
    falling.sort_unstable_by(|one, other| other.total_cmp(one));
    let whole: f64 = falling.iter().sum();
    let (mut best, mut hits, mut threshold) = (0.0, 0.0, 1.0);
    for (place, &probability) in falling.iter().enumerate() {
        hits += probability;
        let f1 = 2.0 * hits / ((place + 1) as f64 + whole);
        if f1 > best {
            (best, threshold) = (f1, probability);
        }
    }
    threshold
}

/// The class of each row so that the macro F1 to be expected is a largest one.
///
/// A class's F1, `F = 2 sum of p / (n + sum of all p)` with the first sum over its `n` rows, grows by
/// `(2 p - F) / (n + sum of all p)` with a row of probability `p`. Where every row stands where it adds
/// most, none can do better alone; such a place is looked for step by step, half of the way at a time, so
/// that classes that look alike do not swap all their rows. The best on the way is taken.
pub(super) fn classes<const CLASSES: usize>(probabilities: &[[f64; CLASSES]]) -> Vec<usize> {
    let wholes: [f64; CLASSES] = std::array::from_fn(|class| {
        let all = probabilities.iter().map(|row| row[class]);
        all.sum::<f64>().max(f64::MIN_POSITIVE)
    });
    let choose = |gain: &dyn Fn(usize, f64) -> f64| -> Vec<usize> {
        let rows = probabilities.iter().map(|row| {
            let gains: [f64; CLASSES] = std::array::from_fn(|class| gain(class, row[class]));
            let first = |best, class| {
                if gains[class] > gains[best] {
                    class
                } else {
                    best
                }
            };
            (1..CLASSES).fold(0, first)
        });
        rows.collect()
    };
    let scored = |chosen: &[usize]| {
        let (mut hits, mut sizes) = ([0.0; CLASSES], wholes);
        for (&class, row) in chosen.iter().zip(probabilities) {
            hits[class] += row[class];
            sizes[class] += 1.0;
        }
        let f1: [f64; CLASSES] = std::array::from_fn(|class| 2.0 * hits[class] / sizes[class]);
        (f1, sizes)
    };
    let mut chosen = choose(&|class, probability| probability / wholes[class]);
    let (mut f1, mut sizes) = scored(&chosen);
    let mut best = (f1.iter().sum::<f64>(), chosen.clone());
    for _ in 0..STEPS {
        chosen = choose(&|class, probability| (2.0 * probability - f1[class]) / sizes[class]);
        let (next, next_sizes) = scored(&chosen);
        let sum = next.iter().sum();
        if sum > best.0 {
            best = (sum, chosen);
        }
        for class in 0..CLASSES {
            f1[class] = (f1[class] + next[class]) / 2.0;
            sizes[class] = (sizes[class] + next_sizes[class]) / 2.0;
        }
    }
    best.1
}

/// The straight line through what is expected that gives the largest concordance: that with the mean and
/// the spread of the labels.
///
/// Of all predictions a linear function of the posterior mean has the largest CCC, and its covariance with
/// the labels is its own variance; `2 c s^2 / (c^2 s^2 + S^2)` is largest at `c = S / s`.
pub(super) fn stretched(expected: &[f64], labels: &[f64]) -> Vec<f64> {
    let [(middle, spread), (mean, deviation)] = [expected, labels].map(|values| {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|value| (value - mean) * (value - mean));
        (mean, (squares.sum::<f64>() / count).sqrt())
    });
    let stretch = if spread > 0.0 {
        deviation / spread
    } else {
        0.0
    };
    let line = |value: &f64| (mean + stretch * (value - middle)).clamp(-1.0, 1.0);
    expected.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve numbers in [0, 1) without order.
    fn numbers(seed: usize) -> [f64; 12] {
        std::array::from_fn(|place| ((place * 29 + seed * 17) % 37) as f64 / 37.0)
    }

    #[test]
    fn no_other_set_of_yeses_has_a_larger_expected_f1() {
        for seed in 0..20 {
            let probabilities = numbers(seed);
            let whole: f64 = probabilities.iter().sum();
            let f1 = |yes: &dyn Fn(usize) -> bool| {
                let chosen = (0..12).filter(|&row| yes(row));
                let (count, hits) = chosen.fold((0.0, 0.0), |(count, hits), row| {
                    (count + 1.0, hits + probabilities[row])
                });
                2.0 * hits / (count + whole)
            };
            let threshold = threshold(&probabilities);
            let ours = f1(&|row| probabilities[row] >= threshold);
            for set in 0..1 << 12 {
                assert!(f1(&|row| set >> row & 1 == 1) <= ours + 1e-12, "{seed}");
            }
        }
    }

    #[test]
    fn rare_classes_are_chosen_where_that_raises_the_macro_f1() {
        // The second class is never the likeliest.
        let rows: Vec<[f64; 2]> = numbers(3).map(|p| [1.0 - 0.45 * p, 0.45 * p]).to_vec();
        let f1 = |chosen: &dyn Fn(usize) -> usize| {
            let class = |class: usize| {
                let mine = (0..12).filter(|&row| chosen(row) == class);
                let hits: f64 = mine.clone().map(|row| rows[row][class]).sum();
                let whole: f64 = rows.iter().map(|row| row[class]).sum();
                2.0 * hits / (mine.count() as f64 + whole)
            };
            class(0) + class(1)
        };
        let ours = classes(&rows);
        assert!(ours.contains(&1));
        let best = (0..1 << 12)
            .map(|set| f1(&|row| set >> row & 1))
            .fold(0.0, f64::max);
        let ours = f1(&|row| ours[row]);
        assert!(ours > f1(&|_| 0) && ours > 0.99 * best, "{ours} {best}");
    }

    #[test]
    fn predictions_get_the_mean_and_the_spread_of_the_labels() {
        let line = stretched(&[0.1, 0.2, 0.3], &[-0.4, 0.0, 0.4]);
        for (one, other) in line.iter().zip([-0.4, 0.0, 0.4]) {
            assert!((one - other).abs() < 1e-12, "{line:?}");
        }
        assert_eq!(stretched(&[0.5, 0.5], &[0.0, 0.2]), [0.1, 0.1]);
    }
}
