//! How a data set codes an action unit: present or absent, or by degrees.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ActionUnit;
use crate::Error;

/// How an action unit is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scale {
    /// Present, 1, or absent, 0.
    Occurrence,
    /// From 0, absent, over 1 (a trace, A) to 5 (maximum, E).
    Intensity,
}

impl Scale {
    /// The largest label; the smallest is 0.
    pub const fn most(self) -> f32 {
        match self {
            Self::Occurrence => 1.0,
            Self::Intensity => 5.0,
        }
    }
}

/// An action unit, and how it is coded.
///
/// Its name is the unit's, "AU1"; of an intensity "AU01_r", as OpenFace's tables call their columns.
///
/// ```
/// use countenance::label::{ActionUnit, CodedUnit, Scale};
///
/// let unit: CodedUnit = "AU01_r".parse()?;
/// assert_eq!((unit.unit, unit.scale), (ActionUnit::AU1, Scale::Intensity));
/// assert_eq!("AU01_c".parse::<CodedUnit>()?, CodedUnit::occurrence(ActionUnit::AU1));
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodedUnit {
    /// The unit.
    pub unit: ActionUnit,
    /// How it is coded.
    pub scale: Scale,
}

impl CodedUnit {
    /// A unit that is present or absent.
    pub const fn occurrence(unit: ActionUnit) -> Self {
        Self {
            unit,
            scale: Scale::Occurrence,
        }
    }

    /// A unit with an intensity.
    pub const fn intensity(unit: ActionUnit) -> Self {
        Self {
            unit,
            scale: Scale::Intensity,
        }
    }
}

impl fmt::Display for CodedUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scale {
            Scale::Occurrence => self.unit.fmt(f),
            Scale::Intensity => {
                let side = self.unit.side().letter();
                f.pad(&format!("AU{side}{:02}_r", self.unit.number()))
            }
        }
    }
}

impl FromStr for CodedUnit {
    type Err = Error;

    /// Reads "AU12", "AU12_c" or, of an intensity, "AU12_r".
    ///
    /// # Errors
    /// As of [`ActionUnit`].
    fn from_str(text: &str) -> Result<Self, Error> {
        let lower = text.to_ascii_lowercase();
        if let Some(unit) = lower.strip_suffix("_r") {
            return Ok(Self::intensity(unit.parse()?));
        }
        let unit = lower.strip_suffix("_c").unwrap_or(&lower);
        Ok(Self::occurrence(unit.parse()?))
    }
}

impl Serialize for CodedUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodedUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}
