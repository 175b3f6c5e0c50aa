//! How far predictions are from labels: mean absolute error, mean squared error and its root.
//!
//! # Example
//! ```
//! use countenance::metric::deviation::Deviation;
//!
//! let errors: Deviation = [(1.0, 1.5), (0.0, 2.0)].into_iter().collect();
//! assert_eq!(errors.mae(), Some(1.25));
//! assert_eq!(errors.mse(), Some(2.125));
//! ```

use crate::metric::merge::Merge;

/// Running sums of the errors, in the unit of the labels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deviation {
    count: u64,
    absolute: f64,
    squared: f64,
}

impl Deviation {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one prediction and its label.
    pub fn push(&mut self, predicted: f64, label: f64) {
        let error = predicted - label;
        self.count += 1;
        self.absolute += error.abs();
        self.squared += error * error;
    }

    /// The number of pairs.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean absolute error; `None` without a pair, NaN if a NaN was counted.
    pub fn mae(&self) -> Option<f64> {
        self.mean(self.absolute)
    }

    /// The mean squared error; `None` without a pair, NaN if a NaN was counted.
    pub fn mse(&self) -> Option<f64> {
        self.mean(self.squared)
    }

    /// The root of the mean squared error; `None` without a pair, NaN if a NaN was counted.
    pub fn rmse(&self) -> Option<f64> {
        self.mse().map(f64::sqrt)
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        (self.count > 0).then(|| sum / self.count as f64)
    }
}

impl FromIterator<(f64, f64)> for Deviation {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(pairs: I) -> Self {
        let mut errors = Self::new();
        for (predicted, label) in pairs {
            errors.push(predicted, label);
        }
        errors
    }
}

impl Merge for Deviation {
    fn merge(&mut self, other: &Self, times: u32) {
        if times > 0 {
            self.count += u64::from(times) * other.count;
            self.absolute += f64::from(times) * other.absolute;
            self.squared += f64::from(times) * other.squared;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_no_error_and_a_nan_is_one_of_nan() {
        let none = Deviation::new();
        assert_eq!((none.mae(), none.mse(), none.rmse()), (None, None, None));
        let broken: Deviation = [(0.0, 1.0), (f64::NAN, 1.0)].into_iter().collect();
        let found = [broken.mae(), broken.mse(), broken.rmse()];
        assert!(found.iter().all(|error| error.unwrap().is_nan()));
        let mut whole: Deviation = [(0.0, 2.0)].into_iter().collect();
        whole.merge(&broken, 0);
        assert_eq!((whole.count(), whole.mae()), (1, Some(2.0)));
    }
}
