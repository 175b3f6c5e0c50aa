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

mod action_unit;
mod affect;
mod coded;
mod expression;
mod set;
mod translation;
mod vocabulary;

pub use self::action_unit::{ActionUnit, Side};
pub use self::affect::AffectRange;
pub use self::coded::{CodedUnit, Scale};
pub use self::expression::Expression;
pub use self::set::{ClassSet, UnitSet};
pub use self::translation::{Lost, Translation};
pub use self::vocabulary::Vocabulary;

/// Number of action units annotated in s-Aff-Wild2.
pub const ACTION_UNITS: usize = ActionUnit::AFF_WILD2.len();
/// Number of expression classes annotated in s-Aff-Wild2.
pub const EXPRESSIONS: usize = Expression::AFF_WILD2.len();

/// One row's labels in the orders of a [`Vocabulary`]; each may be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// Valence and arousal, each in [-1, 1]; one may be missing without the other.
    pub valence_arousal: [Option<f32>; 2],
    /// Index into the vocabulary's expressions; of soft labels, that of the largest share.
    pub expression: Option<usize>,
    /// Soft labels: the share of each of the vocabulary's expressions, which add up to 1; empty where the
    /// label is one class, or missing.
    pub shares: Vec<f32>,
    /// One for each of the vocabulary's action units: 0 or 1 of an occurrence, 0 to 5 of an intensity.
    /// Empty where none is labelled.
    pub action_units: Vec<Option<f32>>,
}

impl Labels {
    /// The label of the unit at this place of the vocabulary.
    pub fn action_unit(&self, place: usize) -> Option<f32> {
        self.action_units.get(place).copied().flatten()
    }

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
