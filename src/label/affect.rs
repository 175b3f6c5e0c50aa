//! The range in which a data set labels valence and arousal.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The range in which a data set labels valence and arousal, such as -1 to 1, 0 to 1 or 1 to 9.
///
/// ```
/// use countenance::label::AffectRange;
///
/// // Self-assessment manikins.
/// let manikins = AffectRange::new(1.0, 9.0)?;
/// assert_eq!(manikins.to_unit(5.0), 0.0);
/// assert_eq!(manikins.to_unit(9.0), 1.0);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "[f32; 2]", try_from = "[f32; 2]")]
pub struct AffectRange {
    low: f32,
    high: f32,
}

impl Default for AffectRange {
    /// From -1 to 1.
    fn default() -> Self {
        Self {
            low: -1.0,
            high: 1.0,
        }
    }
}

impl AffectRange {
    /// A range.
    ///
    /// # Errors
    /// [`Error::Argument`] if a bound is not finite, or `low` is not below `high`.
    pub fn new(low: f32, high: f32) -> Result<Self> {
        match low.is_finite() && high.is_finite() && low < high && (high - low).is_finite() {
            true => Ok(Self { low, high }),
            false => {
                let expected = "two finite numbers, the smaller first";
                Err(Error::argument(
                    "range of valence and arousal",
                    expected,
                    format!("{low} to {high}"),
                ))
            }
        }
    }

    /// The two ends.
    pub const fn bounds(self) -> [f32; 2] {
        [self.low, self.high]
    }

    /// Whether `value` is in it.
    pub fn contains(self, value: f32) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The opposite of [`to_unit`](Self::to_unit), to the rounding.
    pub fn of_unit(self, value: f32) -> f32 {
        match self == Self::default() {
            true => value,
            false => {
                let [low, high] = self.bounds().map(f64::from);
                let value = low + (f64::from(value) + 1.0) / 2.0 * (high - low);
                (value as f32).clamp(self.low, self.high)
            }
        }
    }

    /// A label of this range as one in [-1, 1]; from -1 to 1 it stays as it is, to the last bit.
    pub fn to_unit(self, value: f32) -> f32 {
        match self == Self::default() {
            true => value,
            false => {
                let [low, high] = self.bounds().map(f64::from);
                (2.0 * (f64::from(value) - low) / (high - low) - 1.0) as f32
            }
        }
    }
}

impl From<AffectRange> for [f32; 2] {
    fn from(range: AffectRange) -> Self {
        range.bounds()
    }
}

impl TryFrom<[f32; 2]> for AffectRange {
    type Error = Error;

    fn try_from([low, high]: [f32; 2]) -> Result<Self> {
        Self::new(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_range_are_the_ends_of_the_unit_range() {
        for (low, high) in [(-1.0, 1.0), (0.0, 1.0), (1.0, 9.0), (-1000.0, 1000.0)] {
            let range = AffectRange::new(low, high).unwrap();
            assert_eq!([low, high].map(|end| range.to_unit(end)), [-1.0, 1.0]);
            assert_eq!([-1.0, 1.0].map(|end| range.of_unit(end)), [low, high]);
            assert!(range.contains(low) && range.contains(high) && !range.contains(high + 1.0));
        }
        assert_eq!(AffectRange::default().to_unit(0.1), 0.1);
        for (low, high) in [
            (1.0, 1.0),
            (2.0, 1.0),
            (f32::NAN, 1.0),
            (0.0, f32::INFINITY),
        ] {
            AffectRange::new(low, high).unwrap_err();
        }
        serde_json::from_str::<AffectRange>("[1, 0]").unwrap_err();
    }
}
