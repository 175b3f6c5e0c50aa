//! The concordance correlation coefficient.
//!
//! # Example
//! ```
//! use countenance::metric::moment::PairMoments;
//!
//! // A prediction that follows the label exactly, but half as far, is not in full concordance.
//! let mut half = PairMoments::new();
//! for label in [-1.0, 0.0, 1.0] {
//!     half.push(label, label / 2.0);
//! }
//! assert!((half.ccc().unwrap() - 0.8).abs() < 1e-12);
//! ```

use crate::metric::moment::PairMoments;

impl PairMoments {
    /// The concordance correlation coefficient (Eq. 12), in [-1, 1], with population moments over
    /// all pairs:
    ///
    /// `CCC(x, y) = 2 cov(x, y) / (var(x) + var(y) + (mean(x) - mean(y))^2)`
    ///
    /// `None` without a pair. 0 where both sides are one and the same constant, a single pair
    /// included: agreement on a constant says nothing. NaN if a NaN was counted.
    ///
    /// ```
    /// use countenance::metric::moment::PairMoments;
    ///
    /// let same: PairMoments = [0.3, -0.7, 0.1].map(|x| (x, x)).into_iter().collect();
    /// assert_eq!(same.ccc(), Some(1.0));
    /// ```
    pub fn ccc(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let count = self.count as f64;
        let offset = self.mean_x - self.mean_y;
        let scatter = (self.spread_x + self.spread_y) / count + offset * offset;
        if scatter == 0.0 {
            return Some(0.0);
        }
        Some(2.0 * (self.cross / count) / scatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ccc(pairs: &[(f64, f64)]) -> Option<f64> {
        pairs.iter().copied().collect::<PairMoments>().ccc()
    }

    #[test]
    fn a_series_agrees_with_itself_perfectly_and_with_its_mirror_not_at_all() {
        let series = [0.31, -0.77, 0.12, 0.98, -0.4];
        let same: Vec<_> = series.iter().map(|&x| (x, x)).collect();
        let mirrored: Vec<_> = series.iter().map(|&x| (x - 0.048, 0.048 - x)).collect();
        assert!((ccc(&same).unwrap() - 1.0).abs() < 1e-15);
        assert!((ccc(&mirrored).unwrap() + 1.0).abs() < 1e-12);
    }

    #[test]
    fn degenerate_series_have_no_agreement() {
        assert_eq!(ccc(&[]), None);
        assert_eq!(ccc(&[(0.3, 0.3)]), Some(0.0));
        assert_eq!(ccc(&[(0.3, -0.2)]), Some(0.0));
        assert_eq!(ccc(&[(0.5, 0.5), (0.5, 0.5)]), Some(0.0));
        assert_eq!(ccc(&[(0.5, 0.1), (0.5, 0.7)]), Some(0.0));
        assert!(ccc(&[(f64::NAN, 0.1), (0.5, 0.7)]).unwrap().is_nan());
    }
}
