//! Pearson's correlation, and the intraclass correlation of action unit intensities.
//!
//! # Intensities
//! The challenges of intensities (FERA 2015 and 2017) and the papers that report on DISFA compare by
//! [`icc`](PairMoments::icc), ICC(3,1) of Shrout and Fleiss, with the coder and the network as the
//! two raters. It is computed for each unit over all frames of the test subjects at once, on labels
//! from 0 to 5, and the paper's headline is its mean over the units (DISFA codes twelve). Pearson's
//! correlation and the mean absolute or squared error
//! ([`deviation`](super::deviation)) stand beside it. With folds over subjects, some papers pool the
//! frames of all folds before the coefficient and others average the folds' coefficients: compare
//! with the same.
//!
//! # Example
//! ```
//! use countenance::metric::moment::PairMoments;
//!
//! // Right but for one degree everywhere: consistent, and not in concordance.
//! let pairs = [0.0, 0.0, 1.0, 3.0, 2.0].map(|label| (label + 1.0, label));
//! let moments: PairMoments = pairs.into_iter().collect();
//! assert!((moments.icc().unwrap() - 1.0).abs() < 1e-12);
//! assert!(moments.ccc().unwrap() < 0.8);
//! ```

use crate::metric::moment::PairMoments;

impl PairMoments {
    /// Pearson's correlation coefficient, in [-1, 1].
    ///
    /// `PCC(x, y) = cov(x, y) / sqrt(var(x) var(y))`
    ///
    /// `None` without a pair. 0 where a side does not vary, a single pair included: 0 / 0, for which
    /// NumPy says NaN. NaN if a NaN was counted.
    pub fn pcc(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let scatter = self.spread_x.sqrt() * self.spread_y.sqrt();
        if scatter == 0.0 {
            return Some(0.0);
        }
        // Rounding alone could leave the range.
        Some((self.cross / scatter).clamp(-1.0, 1.0))
    }

    /// ICC(3,1): the intraclass correlation of consistency, two-way mixed model, single rater, where
    /// `x` and `y` are the two raters; in [-1, 1].
    ///
    /// With the mean squares between rows `BMS` and of the residual `EMS`, and two raters, it is
    ///
    /// `ICC(3,1) = (BMS - EMS) / (BMS + EMS) = 2 cov(x, y) / (var(x) + var(y))`:
    ///
    /// the concordance coefficient but for the distance of the means, which does not count.
    ///
    /// `None` without a pair. 0 where neither side varies, a single pair included: 0 / 0, for which
    /// pingouin says NaN. NaN if a NaN was counted.
    pub fn icc(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let scatter = self.spread_x + self.spread_y;
        if scatter == 0.0 {
            return Some(0.0);
        }
        Some(2.0 * self.cross / scatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(pairs: &[(f64, f64)]) -> [Option<f64>; 2] {
        let moments: PairMoments = pairs.iter().copied().collect();
        [moments.pcc(), moments.icc()]
    }

    #[test]
    fn what_does_not_vary_does_not_correlate() {
        assert_eq!(both(&[]), [None; 2]);
        assert_eq!(both(&[(0.3, 0.3)]), [Some(0.0); 2]);
        assert_eq!(both(&[(0.1, 2.0); 7]), [Some(0.0); 2]);
        assert_eq!(both(&[(0.1, 2.0), (0.1, 3.0)]), [Some(0.0); 2]);
        for found in both(&[(f64::NAN, 2.0), (0.1, 3.0)]) {
            assert!(found.unwrap().is_nan());
        }
    }

    #[test]
    fn a_scale_lowers_the_intraclass_correlation_and_not_pearsons() {
        let [pcc, icc] = both(&[(0.0, 0.0), (1.0, 3.0), (0.5, 1.5)]);
        assert!((pcc.unwrap() - 1.0).abs() < 1e-12);
        assert!((icc.unwrap() - 0.6).abs() < 1e-12);
    }

    #[test]
    fn perfect_correlation_is_never_more_than_one() {
        for scale in 1..200 {
            let pairs = [0.1, 0.7, 0.33, 0.9].map(|x| (x, x * f64::from(scale) / 7.0));
            let pcc = both(&pairs)[0].unwrap();
            assert!(pcc <= 1.0 && pcc > 1.0 - 1e-12);
        }
    }
}
