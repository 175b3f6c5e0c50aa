//! Statistics that add up: those of some rows and those of other rows give those of all of them.
//!
//! A score is a function of such statistics, so that the score of any choice of videos or people
//! needs one statistic of each and never their rows again; [`bootstrap`](super::bootstrap) lives on it.
//!
//! # Example
//! ```
//! use countenance::metric::merge::Merge;
//! use countenance::metric::moment::PairMoments;
//!
//! let morning: PairMoments = [(0.1, 0.2), (0.4, 0.3)].into_iter().collect();
//! let evening: PairMoments = [(0.9, 0.5)].into_iter().collect();
//! // The morning once and the evening twice.
//! let mut all = PairMoments::new();
//! all.merge(&morning, 1);
//! all.merge(&evening, 2);
//! assert_eq!(all.count(), 4);
//! ```

use crate::metric::f1::BinaryCounts;

/// Statistics of rows, to which those of other rows can be added.
pub trait Merge {
    /// Adds what `other` counted, `times` over. With `times` 0 nothing changes, whatever `other` holds.
    fn merge(&mut self, other: &Self, times: u32);
}

impl Merge for BinaryCounts {
    fn merge(&mut self, other: &Self, times: u32) {
        let times = u64::from(times);
        self.true_positives += times * other.true_positives;
        self.false_positives += times * other.false_positives;
        self.false_negatives += times * other.false_negatives;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_are_merged_are_those_of_all_the_rows() {
        let rows = [(true, true), (false, true), (true, false), (true, true)];
        let mut twice = BinaryCounts::default();
        let mut merged = BinaryCounts::default();
        for (label, predicted) in rows {
            twice.push(label, predicted);
            twice.push(label, predicted);
            let mut one = BinaryCounts::default();
            one.push(label, predicted);
            merged.merge(&one, 2);
            merged.merge(&one, 0);
        }
        assert_eq!(merged, twice);
    }
}
