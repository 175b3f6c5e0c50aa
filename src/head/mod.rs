//! The three heads: feature to action units (Eq. 1 to 3), valence and arousal (Eq. 4), and
//! expression (Eq. 5).

mod action_unit;
mod dense;
mod expression;
mod node;
mod valence_arousal;
mod view;

#[cfg(test)]
pub(crate) use action_unit::anchor_similarity_in_steps;
pub use action_unit::{ActionUnitHead, ActionUnitHeadConfig, anchor_similarity};
pub use expression::{ExpressionHead, ExpressionHeadConfig};
pub use node::{NodeFeatures, NodeFeaturesConfig, NodeMap};
pub use valence_arousal::{ValenceArousalHead, ValenceArousalHeadConfig};
