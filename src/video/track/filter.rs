//! A Kalman filter of one coordinate that moves at a nearly constant rate.

/// What is known of a coordinate: its value, its rate a second, and how certain both are.
///
/// The rate drifts like a Brownian motion (white noise of acceleration), so that what is known after two
/// steps of time is what is known after one as long as both: frames may come at any times, and be missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Filter {
    pub value: f64,
    pub rate: f64,
    /// Variances of value and rate, and between them their covariance.
    covariance: [f64; 3],
}

impl Filter {
    /// Measured once; the rate is 0 but for the given deviation.
    pub fn new(measured: f64, deviation: f64, rate_deviation: f64) -> Self {
        Self {
            value: measured,
            rate: 0.0,
            covariance: [deviation.powi(2), 0.0, rate_deviation.powi(2)],
        }
    }

    /// Later by `seconds`, in each of which the rate changes by `drift` (a standard deviation).
    pub fn after(&self, seconds: f64, drift: f64) -> Self {
        let [value, both, rate] = self.covariance;
        let density = drift.powi(2);
        Self {
            value: self.value + self.rate * seconds,
            rate: self.rate,
            covariance: [
                value + seconds * (2.0 * both + seconds * rate) + density * seconds.powi(3) / 3.0,
                both + seconds * rate + density * seconds.powi(2) / 2.0,
                rate + density * seconds,
            ],
        }
    }

    /// After a measurement at the same time.
    pub fn corrected(&self, measured: f64, deviation: f64) -> Self {
        let [value, both, rate] = self.covariance;
        let total = self.variance(deviation);
        let (gain, rate_gain) = (value / total, both / total);
        let off = measured - self.value;
        Self {
            value: self.value + gain * off,
            rate: self.rate + rate_gain * off,
            covariance: [
                (1.0 - gain) * value,
                (1.0 - gain) * both,
                rate - rate_gain * both,
            ],
        }
    }

    /// The variance of what a measurement with this deviation would give.
    pub fn variance(&self, deviation: f64) -> f64 {
        self.covariance[0] + deviation.powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: &Filter, expected: &Filter) {
        let numbers = |filter: &Filter| {
            let [a, b, c] = filter.covariance;
            [filter.value, filter.rate, a, b, c]
        };
        for (found, expected) in numbers(found).iter().zip(numbers(expected)) {
            assert!(
                (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
                "{found} for {expected}"
            );
        }
    }

    #[test]
    fn two_steps_of_time_are_one_as_long_as_both() {
        let known = Filter::new(3.0, 0.5, 2.0)
            .after(0.2, 1.5)
            .corrected(4.0, 0.5);
        let steps = known.after(0.04, 1.5).after(0.71, 1.5);
        near(&steps, &known.after(0.75, 1.5));
        near(&known.after(0.0, 1.5), &known);
    }

    #[test]
    fn a_steady_rate_is_learnt() {
        let mut known = Filter::new(0.0, 0.1, 10.0);
        for step in 1..=50 {
            let time = f64::from(step) * 0.04;
            known = known.after(0.04, 0.5).corrected(7.0 * time, 0.1);
        }
        assert!((known.rate - 7.0).abs() < 0.01, "{known:?}");
        assert!((known.after(1.0, 0.5).value - 21.0).abs() < 0.05);
    }
}
