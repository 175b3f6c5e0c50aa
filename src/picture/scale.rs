//! Round numbers along an axis.

/// A range from one round number to another, in steps as large as each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    step: f64,
    steps: usize,
}

/// Beyond this, differences could overflow; nothing that is measured comes near.
const MOST: f64 = 1e300;

impl Scale {
    /// The tightest scale of `steps` round steps, at least two, that holds all `values`; those that
    /// are not finite do not count.
    pub fn around(values: impl Iterator<Item = f64>, steps: usize) -> Self {
        let values = values.filter(|value| value.is_finite());
        let (low, high) = values
            .map(|value| value.clamp(-MOST, MOST))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return Self::between(0.0, 1.0, steps);
        }
        if high - low > 1e-9 * high.abs().max(low.abs()) {
            return Self::between(low, high, steps);
        }
        // A single value stands in the middle of a range of its own size.
        let around = match low.abs() / 2.0 {
            0.0 => 0.5,
            half => half,
        };
        Self::between(low - around, high + around, steps)
    }

    fn between(low: f64, high: f64, steps: usize) -> Self {
        let magnitude = 10f64.powf(((high - low) / steps as f64).log10().floor());
        for factor in [1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0] {
            let step = factor * magnitude;
            let first = (low / step + 1e-9).floor();
            if high <= (first + steps as f64 + 1e-9) * step {
                return Self {
                    low: first * step,
                    step,
                    steps,
                };
            }
        }
        unreachable!("a step as long as both ends holds the range on both sides of zero")
    }

    /// The round numbers, from the lowest to the highest.
    pub fn ticks(self) -> impl Iterator<Item = f64> {
        (0..=self.steps).map(move |tick| self.low + tick as f64 * self.step)
    }

    /// Where `value` lies: 0 at the lowest number, 1 at the highest.
    pub fn share(self, value: f64) -> f32 {
        ((value.clamp(-MOST, MOST) - self.low) / (self.step * self.steps as f64)) as f32
    }

    /// A tick as text, with no more decimals than the step has.
    pub fn label(self, tick: f64) -> String {
        let decimals = (0..=6).find(|&decimals| {
            let scaled = self.step * 10f64.powi(decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled
        });
        // What is nothing but an error of rounding is zero.
        let tick = if tick.abs() < 1e-9 * self.step {
            0.0
        } else {
            tick
        };
        match decimals {
            Some(decimals) if tick.abs() < 1e6 => format!("{tick:.*}", decimals as usize),
            _ => format!("{tick:.1e}"),
        }
    }
}

/// At most `most` round whole numbers from `first` to `last`.
pub(super) fn whole_ticks(first: usize, last: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = |step: usize| (last / step).saturating_add(1) - first.div_ceil(step);
    let mut steps = (0..).flat_map(|power| [1, 2, 5].map(|factor| factor * 10usize.pow(power)));
    let step = steps
        .find(|&step| count(step) <= most.max(1))
        .expect("some step is as large as the last number");
    (first.div_ceil(step)..=last / step).map(move |number| number * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], steps: usize) -> Vec<String> {
        let scale = Scale::around(values.iter().copied(), steps);
        for &value in values.iter().filter(|value| value.is_finite()) {
            let share = scale.share(value);
            assert!((-1e-6..=1.000001).contains(&share), "{values:?}: {share}");
        }
        scale.ticks().map(|tick| scale.label(tick)).collect()
    }

    #[test]
    fn a_range_is_widened_to_round_numbers_and_no_further() {
        assert_eq!(
            labels(&[0.0, 1.0], 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(&[0.04, 0.62], 4),
            ["0.0", "0.2", "0.4", "0.6", "0.8"]
        );
        assert_eq!(labels(&[1.49, 4.01], 4), ["1", "2", "3", "4", "5"]);
        assert_eq!(
            labels(&[-3.0, 7.0], 5),
            ["-5.0", "-2.5", "0.0", "2.5", "5.0", "7.5"]
        );
    }

    #[test]
    fn any_finite_values_have_a_scale_and_others_do_not_count() {
        for values in [
            vec![],
            vec![f64::NAN, f64::INFINITY],
            vec![0.0],
            vec![0.5, 0.5],
            vec![-2.0],
            vec![1e-12, 3e-12],
            vec![f64::MAX, f64::MIN],
            vec![1e9, 1e9 + 0.25],
            vec![0.1, f64::NAN, 0.7],
        ] {
            for steps in 2..12 {
                assert_eq!(labels(&values, steps).len(), steps + 1, "{values:?}");
            }
        }
    }

    #[test]
    fn epochs_are_counted_in_round_steps_and_never_too_many() {
        let ticks = |first, last| whole_ticks(first, last, 8).collect::<Vec<_>>();
        assert_eq!(ticks(1, 1), [1]);
        assert_eq!(ticks(1, 5), [1, 2, 3, 4, 5]);
        assert_eq!(ticks(1, 15), [2, 4, 6, 8, 10, 12, 14]);
        assert_eq!(ticks(1, 25), [5, 10, 15, 20, 25]);
        assert_eq!(ticks(1, 100), [20, 40, 60, 80, 100]);
        for last in 1..2000 {
            assert!((1..=8).contains(&ticks(1, last).len()), "{last}");
        }
        assert_eq!(ticks(1, 1_000_000).len(), 5);
    }
}
