//! Action units, expressions, their orders in the field's data sets, and one row's labels.
//!
//! # Example
//! ```
//! use countenance::{ActionUnit, Expression, Labels};
//!
//! let smile: ActionUnit = "AU12".parse()?;
//! assert_eq!(smile.name(), "lip corner puller");
//! assert_eq!(ActionUnit::AFF_WILD2[6], smile);
//!
//! // A row of which nothing but the expression is known.
//! let happy = Expression::AFF_WILD2.iter().position(|class| *class == Expression::Happiness);
//! let labels = Labels { expression: happy, ..Labels::default() };
//! assert!(!labels.is_empty() && !labels.has_action_units());
//! # Ok::<(), countenance::Error>(())
//! ```

mod expression;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::expression::Expression;
use crate::Error;

/// Number of action units annotated in s-Aff-Wild2.
pub const ACTION_UNITS: usize = ActionUnit::AFF_WILD2.len();
/// Number of expression classes annotated in s-Aff-Wild2.
pub const EXPRESSIONS: usize = Expression::AFF_WILD2.len();

/// A facial action unit of the Facial Action Coding System.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(
    missing_docs,
    reason = "the variants are the units' numbers; `name` says what they are"
)]
pub enum ActionUnit {
    Au1,
    Au2,
    Au4,
    Au6,
    Au7,
    Au9,
    Au10,
    Au12,
    Au15,
    Au23,
    Au24,
    Au25,
    Au26,
}

impl ActionUnit {
    /// The order of s-Aff-Wild2 and of the paper.
    pub const AFF_WILD2: [Self; 12] = [
        Self::Au1,
        Self::Au2,
        Self::Au4,
        Self::Au6,
        Self::Au7,
        Self::Au10,
        Self::Au12,
        Self::Au15,
        Self::Au23,
        Self::Au24,
        Self::Au25,
        Self::Au26,
    ];

    /// The order of the OpenFace 3.0 checkpoint.
    pub const OPENFACE3: [Self; 8] = [
        Self::Au1,
        Self::Au2,
        Self::Au4,
        Self::Au6,
        Self::Au9,
        Self::Au12,
        Self::Au25,
        Self::Au26,
    ];

    /// The unit's number in the Facial Action Coding System.
    pub const fn number(self) -> u8 {
        match self {
            Self::Au1 => 1,
            Self::Au2 => 2,
            Self::Au4 => 4,
            Self::Au6 => 6,
            Self::Au7 => 7,
            Self::Au9 => 9,
            Self::Au10 => 10,
            Self::Au12 => 12,
            Self::Au15 => 15,
            Self::Au23 => 23,
            Self::Au24 => 24,
            Self::Au25 => 25,
            Self::Au26 => 26,
        }
    }

    /// The movement's name in the Facial Action Coding System.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Au1 => "inner brow raiser",
            Self::Au2 => "outer brow raiser",
            Self::Au4 => "brow lowerer",
            Self::Au6 => "cheek raiser",
            Self::Au7 => "lid tightener",
            Self::Au9 => "nose wrinkler",
            Self::Au10 => "upper lip raiser",
            Self::Au12 => "lip corner puller",
            Self::Au15 => "lip corner depressor",
            Self::Au23 => "lip tightener",
            Self::Au24 => "lip pressor",
            Self::Au25 => "lips part",
            Self::Au26 => "jaw drop",
        }
    }
}

impl fmt::Display for ActionUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AU{}", self.number()))
    }
}

/// One row's labels in s-Aff-Wild2's orders; each may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Valence and arousal, each in [-1, 1]; one may be missing without the other.
    pub valence_arousal: [Option<f32>; 2],
    /// Index into [`Expression::AFF_WILD2`].
    pub expression: Option<usize>,
    /// Presence of each of [`ActionUnit::AFF_WILD2`].
    pub action_units: [Option<bool>; ACTION_UNITS],
}

impl Labels {
    /// Whether any action unit is labelled.
    pub fn has_action_units(&self) -> bool {
        self.action_units.iter().any(Option::is_some)
    }

    /// Whether valence or arousal is labelled.
    pub fn has_valence_arousal(&self) -> bool {
        self.valence_arousal.iter().any(Option::is_some)
    }

    /// Whether no task is labelled at all.
    pub fn is_empty(&self) -> bool {
        !self.has_valence_arousal() && self.expression.is_none() && !self.has_action_units()
    }
}

impl FromStr for ActionUnit {
    type Err = Error;

    /// Reads "AU12" or "12".
    fn from_str(text: &str) -> Result<Self, Error> {
        const ALL: [ActionUnit; 13] = {
            use ActionUnit::*;
            [
                Au1, Au2, Au4, Au6, Au7, Au9, Au10, Au12, Au15, Au23, Au24, Au25, Au26,
            ]
        };
        let digits = text.strip_prefix("AU").unwrap_or(text);
        ALL.into_iter()
            .find(|unit| digits == unit.number().to_string())
            .ok_or_else(|| Error::argument("action unit", "one of AU1 to AU26", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_print_parse_and_serialise_under_one_name() {
        for unit in ActionUnit::AFF_WILD2
            .into_iter()
            .chain(ActionUnit::OPENFACE3)
        {
            let printed = unit.to_string();
            assert_eq!(printed.parse::<ActionUnit>().unwrap(), unit);
            assert_eq!(
                serde_json::to_string(&unit).unwrap(),
                format!("\"{printed}\"")
            );
        }
    }
}
