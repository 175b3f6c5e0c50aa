//! Sign agreement (SAGR) of valence and arousal.
//!
//! # Example
//! ```
//! use countenance::metric::sign::SignAgreement;
//!
//! // Far off and on the right side counts; close and on the wrong side does not.
//! let signs: SignAgreement = [(0.1, 0.9), (-0.05, 0.05)].into_iter().collect();
//! assert_eq!(signs.sagr(), Some(0.5));
//! ```

use crate::metric::merge::Merge;

/// How often prediction and label have the same sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignAgreement {
    agreeing: u64,
    count: u64,
    broken: bool,
}

impl SignAgreement {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one prediction and its label. Zero is a sign of its own, as in NumPy's `sign`: it
    /// agrees with zero alone.
    pub fn push(&mut self, predicted: f64, label: f64) {
        let sign = |value: f64| value.partial_cmp(&0.0);
        self.count += 1;
        match (sign(predicted), sign(label)) {
            (Some(predicted), Some(label)) => self.agreeing += u64::from(predicted == label),
            _ => self.broken = true,
        }
    }

    /// The share of pairs that agree, in [0, 1]; `None` without a pair, NaN if a NaN was counted.
    pub fn sagr(&self) -> Option<f64> {
        match (self.count, self.broken) {
            (0, _) => None,
            (_, true) => Some(f64::NAN),
            (count, false) => Some(self.agreeing as f64 / count as f64),
        }
    }
}

impl FromIterator<(f64, f64)> for SignAgreement {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(pairs: I) -> Self {
        let mut signs = Self::new();
        for (predicted, label) in pairs {
            signs.push(predicted, label);
        }
        signs
    }
}

impl Merge for SignAgreement {
    fn merge(&mut self, other: &Self, times: u32) {
        self.agreeing += u64::from(times) * other.agreeing;
        self.count += u64::from(times) * other.count;
        self.broken |= times > 0 && other.broken;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_sign_and_nan_is_none() {
        let share = |pairs: &[(f64, f64)]| pairs.iter().copied().collect::<SignAgreement>().sagr();
        assert_eq!(share(&[]), None);
        assert_eq!(
            share(&[(0.0, -0.0), (0.0, 0.1), (-0.1, 0.0)]),
            Some(1.0 / 3.0)
        );
        assert!(share(&[(f64::NAN, 0.1), (0.1, 0.1)]).unwrap().is_nan());
    }
}
