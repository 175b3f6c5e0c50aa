//! Scores of one action unit's intensity, from 0 to 5.
//!
//! # Example
//! ```
//! use countenance::metric::intensity::Intensity;
//!
//! let mut unit = Intensity::default();
//! // What the network said, as a share of 5, and what the coder did.
//! for (share, label) in [(0.1, 0.0), (0.5, 2.0), (0.9, 4.0)] {
//!     unit.push(share, label);
//! }
//! // Half a degree too much everywhere: consistent, yet not right.
//! assert!((unit.icc().unwrap() - 1.0).abs() < 1e-6);
//! assert!((unit.mae().unwrap() - 0.5).abs() < 1e-6);
//! ```

use crate::label::Scale;
use crate::metric::deviation::Deviation;
use crate::metric::merge::Merge;
use crate::metric::moment::PairMoments;

/// The sufficient statistics of an intensity's scores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Intensity {
    moments: PairMoments,
    errors: Deviation,
}

impl Intensity {
    /// Counts one labelled row: the network's score, which 1 stands for intensity 5 in, and the label
    /// from 0 to 5.
    pub fn push(&mut self, share: f32, label: f32) {
        let predicted = f64::from(share) * f64::from(Scale::Intensity.most());
        self.moments.push(predicted, label.into());
        self.errors.push(predicted, label.into());
    }

    /// ICC(3,1), see [`PairMoments::icc`]; `None` without a row.
    pub fn icc(&self) -> Option<f64> {
        self.moments.icc()
    }

    /// Pearson's correlation, see [`PairMoments::pcc`]; `None` without a row.
    pub fn pcc(&self) -> Option<f64> {
        self.moments.pcc()
    }

    /// The mean absolute error in degrees; `None` without a row.
    pub fn mae(&self) -> Option<f64> {
        self.errors.mae()
    }

    /// The mean squared error in squared degrees; `None` without a row.
    pub fn mse(&self) -> Option<f64> {
        self.errors.mse()
    }
}

impl Merge for Intensity {
    fn merge(&mut self, other: &Self, times: u32) {
        self.moments.merge(&other.moments, times);
        self.errors.merge(&other.errors, times);
    }
}
