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
mod challenge;
mod coded;
mod expression;
mod rate;
mod row;
mod set;
mod translation;
mod vocabulary;

pub use self::action_unit::{ActionUnit, Side};
pub use self::affect::AffectRange;
pub use self::coded::{CodedUnit, Scale};
pub use self::expression::Expression;
pub use self::rate::UnitRates;
pub use self::row::Labels;
pub use self::set::{ClassSet, UnitSet};
pub use self::translation::{Lost, Translation};
pub use self::vocabulary::Vocabulary;

/// Number of action units annotated in s-Aff-Wild2.
pub const ACTION_UNITS: usize = ActionUnit::AFF_WILD2.len();
/// Number of expression classes annotated in s-Aff-Wild2.
pub const EXPRESSIONS: usize = Expression::AFF_WILD2.len();
