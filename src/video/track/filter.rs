//! A Kalman filter of one coordinate that keeps its rate for a while.

/// How a coordinate moves: its rate drifts and forgets itself (an Ornstein-Uhlenbeck process).
///
/// The longer a rate lasts, the more it is a constant one, as in SORT. What moves is not going on for ever,
/// and where nobody looks, less is known of its rate than that it was one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Course {
    /// By how much the rate changes within a second, as a standard deviation.
    pub drift: f64,
    /// Seconds after which 1/e of a rate is left.
    pub lasting: f64,
}

/// What is known of a coordinate: its value, its rate a second, and how certain both are.
///
/// The covariance is that of the process in continuous time, so that what is known after two steps of time
/// is what is known after one as long as both: frames may come at any times, and be missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Filter {
    pub value: f64,
    pub rate: f64,
    /// The variance of the value, the covariance of both, the variance of the rate.
    covariance: [f64; 3],
}

impl Filter {
    /// Measured once, with this deviation; of the rate is known only what rates are like.
    pub fn new(measured: f64, deviation: f64, course: &Course) -> Self {
        let rate = course.drift.powi(2) * course.lasting / 2.0;
        Self {
            value: measured,
            rate: 0.0,
            covariance: [deviation.powi(2), 0.0, rate],
        }
    }

    /// Later by `seconds`.
    pub fn after(&self, seconds: f64, course: &Course) -> Self {
        let [value, both, rate] = self.covariance;
        let Course { drift, lasting } = *course;
        let kept = (-seconds / lasting).exp();
        // How far a rate of 1 goes.
        let way = lasting * (1.0 - kept);
        let density = drift.powi(2);
        let noise = [
            density * lasting.powi(2) * (seconds - 2.0 * way + way * (1.0 + kept) / 2.0),
            density * way.powi(2) / 2.0,
            density * way * (1.0 + kept) / 2.0,
        ];
        Self {
            value: self.value + way * self.rate,
            rate: kept * self.rate,
            covariance: [
                value + way * (2.0 * both + way * rate) + noise[0],
                kept * (both + way * rate) + noise[1],
                kept.powi(2) * rate + noise[2],
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

    const COURSE: Course = Course {
        drift: 1.5,
        lasting: 0.8,
    };

    #[test]
    fn two_steps_of_time_are_one_as_long_as_both() {
        let known = Filter::new(3.0, 0.5, &COURSE)
            .after(0.2, &COURSE)
            .corrected(4.0, 0.5);
        let steps = known.after(0.04, &COURSE).after(0.71, &COURSE);
        near(&steps, &known.after(0.75, &COURSE));
        near(&known.after(0.0, &COURSE), &known);
    }

    #[test]
    fn a_steady_rate_is_learnt_and_lasts_as_long_as_rates_do() {
        let steady = Course {
            drift: 1.0,
            lasting: 1e3,
        };
        let mut known = Filter::new(0.0, 0.1, &steady);
        for step in 1..=50 {
            let time = f64::from(step) * 0.04;
            known = known.after(0.04, &steady).corrected(7.0 * time, 0.1);
        }
        assert!((known.rate - 7.0).abs() < 0.05, "{known:?}");
        assert!((known.after(1.0, &steady).value - 21.0).abs() < 0.1);
        let later = known.after(1.0, &COURSE);
        assert!((later.rate / known.rate - (-1.25f64).exp()).abs() < 1e-12);
    }
}
