//! Moments of pairs of numbers: all that concordance and correlations need to know of the rows.
//!
//! # Example
//! ```
//! use countenance::metric::moment::PairMoments;
//!
//! // Predictions beside labels: they rise together, but half as far and a little too high.
//! let pairs = [-1.0, 0.0, 1.0].map(|label| (label / 2.0 + 0.1, label));
//! let moments: PairMoments = pairs.into_iter().collect();
//! assert!((moments.pcc().unwrap() - 1.0).abs() < 1e-12);
//! assert!((moments.icc().unwrap() - 0.8).abs() < 1e-12);
//! assert!(moments.ccc() < moments.icc());
//! ```

use crate::metric::merge::Merge;

/// Running moments of pairs `(x, y)`: their number, means, and centred sums of squares and products.
///
/// They are updated pair by pair (Welford), which loses no digits to cancellation where sums of
/// squares would, and in the order of the pairs, so that batches make no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairMoments {
    pub(super) count: u64,
    pub(super) mean_x: f64,
    pub(super) mean_y: f64,
    pub(super) spread_x: f64,
    pub(super) spread_y: f64,
    pub(super) cross: f64,
}

impl PairMoments {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one pair.
    pub fn push(&mut self, x: f64, y: f64) {
        self.count += 1;
        let count = self.count as f64;
        let (before_x, before_y) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += before_x / count;
        self.mean_y += before_y / count;
        let (after_x, after_y) = (x - self.mean_x, y - self.mean_y);
        self.spread_x += before_x * after_x;
        self.spread_y += before_y * after_y;
        self.cross += before_x * after_y;
    }

    /// The number of pairs.
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl FromIterator<(f64, f64)> for PairMoments {
    fn from_iter<I: IntoIterator<Item = (f64, f64)>>(pairs: I) -> Self {
        let mut moments = Self::new();
        for (x, y) in pairs {
            moments.push(x, y);
        }
        moments
    }
}

impl Merge for PairMoments {
    /// By Chan, Golub and LeVeque's formula: equal to the moments of all pairs up to rounding.
    fn merge(&mut self, other: &Self, times: u32) {
        let added = u64::from(times) * other.count;
        if added == 0 {
            return;
        }
        self.count += added;
        let share = added as f64 / self.count as f64;
        let times = f64::from(times);
        let (x, y) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y);
        self.mean_x += x * share;
        self.mean_y += y * share;
        // The distance of the two means, by the pairs on both sides of it.
        let between = (self.count - added) as f64 * share;
        self.spread_x += times * other.spread_x + between * x * x;
        self.spread_y += times * other.spread_y + between * y * y;
        self.cross += times * other.cross + between * x * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_moments_are_those_of_all_pairs() {
        let pairs: Vec<(f64, f64)> = (0..40)
            .map(|row| {
                let x = 1e6 + f64::from(row * 37 % 19) / 7.0;
                (x, x * 0.3 + f64::from(row * 11 % 5))
            })
            .collect();
        let whole: PairMoments = pairs.iter().chain(&pairs[12..]).copied().collect();
        let mut merged = PairMoments::new();
        merged.merge(&pairs[..12].iter().copied().collect(), 1);
        merged.merge(&pairs[..12].iter().copied().collect(), 0);
        merged.merge(&pairs[12..13].iter().copied().collect(), 2);
        merged.merge(&PairMoments::new(), 5);
        merged.merge(&pairs[13..].iter().copied().collect(), 2);
        assert_eq!(merged.count(), whole.count());
        for (merged, whole) in [
            (merged.mean_x, whole.mean_x),
            (merged.mean_y, whole.mean_y),
            (merged.spread_x, whole.spread_x),
            (merged.spread_y, whole.spread_y),
            (merged.cross, whole.cross),
        ] {
            assert!((merged / whole - 1.0).abs() < 1e-9, "{merged} {whole}");
        }
    }

    #[test]
    fn merging_keeps_a_constant_constant_and_a_copy_a_copy() {
        let one: PairMoments = [(0.1, 0.7), (0.1, 0.2)].into_iter().collect();
        let mut merged = PairMoments::new();
        merged.merge(&one, 1);
        assert_eq!(merged, one);
        merged.merge(&one, 6);
        assert_eq!(merged.spread_x, 0.0);
        let broken: PairMoments = [(f64::NAN, 0.0)].into_iter().collect();
        let before = merged;
        merged.merge(&broken, 0);
        assert_eq!(merged, before);
    }
}
