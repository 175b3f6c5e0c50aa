//! Where a face is and how it moves.

use super::filter::{Course, Filter};
use crate::face::Bounds;

/// Deviation of a detector's boxes: of the centre in sides of the face, of the logarithms of its side and
/// of its aspect.
const OFF: f64 = 0.05;
/// Seconds after which 1/e of the speed of a face is left.
const LASTING: f64 = 1.0;
/// How the logarithms of side and aspect change. Nothing of their rates lasts: they are those of a face that
/// is being hidden or turns away, and would make it vanish or grow without end.
const GROWTH: Course = Course {
    drift: 3.0,
    lasting: 0.1,
};
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

/// Four coordinates, each with its rate (after Bewley et al., "Simple Online and Realtime Tracking", ICIP 2016).
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
                let course = course(axis, side, acceleration);
                Filter::new(measured.0[axis], OFF * unit(axis, side), &course)
            }),
            side,
            acceleration,
        }
    }

    /// Later by `seconds`.
    pub fn after(&self, seconds: f64) -> Self {
        let course = |axis| course(axis, self.side, self.acceleration);
        Self {
            axes: std::array::from_fn(|axis| self.axes[axis].after(seconds, &course(axis))),
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

/// How a coordinate moves, of a face of this side.
fn course(axis: usize, side: f64, acceleration: f64) -> Course {
    match axis {
        0 | 1 => Course {
            drift: acceleration * side,
            lasting: LASTING,
        },
        _ => GROWTH,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(x: f32, side: f32) -> Measure {
        Measure::of(&Bounds::from([x, 40.0, side, side])).unwrap()
    }

    #[test]
    fn a_box_survives_being_measured() {
        let bounds = Bounds::from([12.0, -30.0, 80.0, 100.0]);
        let back = Motion::new(&Measure::of(&bounds).unwrap(), 4.0).bounds();
        for (found, expected) in <[f32; 4]>::from(back).iter().zip(<[f32; 4]>::from(bounds)) {
            assert!((found - expected).abs() < 1e-4, "{back:?}");
        }
    }

    #[test]
    fn what_is_not_finite_is_not_measured_and_what_is_empty_is_small() {
        for edge in 0..4 {
            let mut numbers = [1.0; 4];
            numbers[edge] = f32::NAN;
            assert_eq!(Measure::of(&Bounds::from(numbers)), None);
            numbers[edge] = f32::INFINITY;
            assert_eq!(Measure::of(&Bounds::from(numbers)), None);
        }
        for empty in [
            [1.0, 2.0, 0.0, 0.0],
            [1.0, 2.0, -5.0, 3.0],
            [0.0, 0.0, f32::MAX, f32::MAX],
        ] {
            let motion = Motion::new(&Measure::of(&Bounds::from(empty)).unwrap(), 4.0);
            let later = motion.after(1e9).corrected(&measure(0.0, 10.0)).bounds();
            assert!(
                <[f32; 4]>::from(later)
                    .iter()
                    .all(|number| number.is_finite())
            );
        }
    }

    #[test]
    fn the_longer_nobody_looks_the_farther_away_a_face_may_be() {
        let motion = Motion::new(&measure(0.0, 100.0), 4.0);
        let far = measure(150.0, 100.0);
        let fits: Vec<Fit> = [0.04, 0.2, 1.0]
            .map(|time| motion.after(time).fit(&far))
            .into();
        assert!(fits[0].squared > fits[1].squared && fits[1].squared > fits[2].squared);
        // But where it is expected it is likelier after a short time.
        let here = measure(0.0, 100.0);
        let [soon, late] = [0.04, 1.0].map(|time| motion.after(time).fit(&here).density);
        assert!(soon > late + 3.0, "{soon} {late}");
    }

    #[test]
    fn large_and_small_faces_fit_alike() {
        let fit = |side: f32| {
            let motion = Motion::new(&measure(0.0, side), 4.0).after(0.3);
            motion.fit(&measure(0.7 * side, 1.1 * side))
        };
        assert!((fit(20.0).squared - fit(200.0).squared).abs() < 1e-3);
        assert!((fit(20.0).density - fit(200.0).density).abs() < 1e-3);
    }
}
