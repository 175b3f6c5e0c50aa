//! Where a face is and how it moves.

use super::filter::Filter;
use crate::face::Bounds;

/// Deviation of a detector's boxes: of the centre in sides of the face, of the logarithms of its side and
/// of its aspect.
const OFF: f64 = 0.05;
/// Deviation of the rates of the four coordinates when nothing is known of them, a second.
const RATES: [f64; 4] = [3.0, 3.0, 0.5, 0.5];
/// By how much the rates of the logarithms of side and aspect change within a second.
const GROWTH: f64 = 0.5;
/// What a face may be off in addition to what the filter knows, in sides: heads nod and cameras shake,
/// and neither is a nearly constant rate.
const SHAKE: f64 = 0.1;
/// The shortest edge that a box is taken for: a logarithm needs one.
const LEAST: f64 = 1e-3;
/// The farthest that a logarithm is believed, so that its exponential is finite.
const MOST: f64 = 30.0;

/// A box as it is measured: its centre, the logarithm of its side (the root of its area), and that of its
/// aspect (width by height).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measure(pub [f64; 4]);

impl Measure {
    /// Nothing if a number is not finite.
    pub fn of(bounds: &Bounds) -> Option<Self> {
        let numbers = <[f32; 4]>::from(*bounds).map(f64::from);
        let [x, y, width, height] = numbers;
        let [across, down] = [width, height].map(|edge| edge.max(LEAST).ln());
        let centre = [x + width / 2.0, y + height / 2.0];
        let finite = numbers.iter().all(|number| number.is_finite());
        finite.then_some(Self([
            centre[0],
            centre[1],
            (across + down) / 2.0,
            across - down,
        ]))
    }
}

/// Four coordinates, each with its rate (Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016).
/// The noise of the centre is in proportion to the face (Zhang et al., "ByteTrack", ECCV 2022).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Motion {
    axes: [Filter; 4],
    /// The side of the face when it was last measured: the unit of its centre's noise until the next time.
    side: f64,
    /// By how many sides a second the speed changes within a second.
    acceleration: f64,
}

/// How well a measurement fits a motion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// Of centre and size, the squared Mahalanobis distance from what is expected.
    pub squared: f64,
    /// The logarithm of the density of measurements there, but for a constant; in sides of the face, so
    /// that large and small faces compare.
    pub density: f64,
}

impl Motion {
    /// Of a face that was measured once.
    pub fn new(measured: &Measure, acceleration: f64) -> Self {
        let side = exponential(measured.0[2]);
        Self {
            axes: std::array::from_fn(|axis| {
                let unit = unit(axis, side);
                Filter::new(measured.0[axis], OFF * unit, RATES[axis] * unit)
            }),
            side,
            acceleration,
        }
    }

    /// Later by `seconds`.
    pub fn after(&self, seconds: f64) -> Self {
        let drift = |axis| match axis {
            0 | 1 => self.acceleration * self.side,
            _ => GROWTH,
        };
        Self {
            axes: std::array::from_fn(|axis| self.axes[axis].after(seconds, drift(axis))),
            ..*self
        }
    }

    /// After it was measured.
    pub fn corrected(&self, measured: &Measure) -> Self {
        let axes: [Filter; 4] = std::array::from_fn(|axis| {
            let deviation = OFF * unit(axis, self.side);
            self.axes[axis].corrected(measured.0[axis], deviation)
        });
        Self {
            axes,
            side: exponential(axes[2].value),
            ..*self
        }
    }

    /// The box that is expected.
    pub fn bounds(&self) -> Bounds {
        let [x, y, size, aspect] = self.axes.map(|axis| axis.value);
        let half = aspect.clamp(-MOST, MOST) / 2.0;
        let (width, height) = (exponential(size + half), exponential(size - half));
        Bounds::from([x - width / 2.0, y - height / 2.0, width, height].map(|edge| edge as f32))
    }

    /// How well a measurement fits. How a head turns says little of whose it is: the aspect is left out.
    pub fn fit(&self, measured: &Measure) -> Fit {
        let (mut squared, mut volume) = (0.0, 0.0);
        for axis in 0..3 {
            let unit = unit(axis, self.side);
            let expected = &self.axes[axis];
            let variance = expected.variance(OFF * unit) / unit.powi(2) + SHAKE.powi(2);
            squared += ((measured.0[axis] - expected.value) / unit).powi(2) / variance;
            volume += variance.ln() / 2.0;
        }
        Fit {
            squared,
            density: -squared / 2.0 - volume,
        }
    }
}

/// In what a coordinate's noise is measured.
fn unit(axis: usize, side: f64) -> f64 {
    match axis {
        0 | 1 => side,
        _ => 1.0,
    }
}

fn exponential(logarithm: f64) -> f64 {
    logarithm.clamp(-MOST, MOST).exp()
}
