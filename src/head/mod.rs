//! The heads: feature to action units (Eq. 1 to 3), valence and arousal (Eq. 4), and expression (Eq. 5);
//! and the one that reads action units from a backbone's map instead.
//!
//! Each takes a feature of any network and of any width.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Distribution, Tensor};
//! use countenance::head::{ActionUnitHeadConfig, ExpressionHeadConfig, ValenceArousalHeadConfig};
//!
//! let device = Device::default();
//! let features = Tensor::<2>::random([3, 32], Distribution::Default, &device);
//!
//! let units = ActionUnitHeadConfig::new(32).with_nodes(8).init(&device);
//! assert_eq!(units.forward(features.clone()).dims(), [3, 8]);
//! let expression = ExpressionHeadConfig::new(32).with_classes(7).init(&device);
//! assert_eq!(expression.forward(features.clone()).dims(), [3, 7]);
//! let affect = ValenceArousalHeadConfig::new(32).init(&device);
//! assert_eq!(affect.forward(features).dims(), [3, 2]);
//! ```

mod action_unit;
mod dense;
mod expression;
mod map;
mod node;
mod valence_arousal;
mod view;

#[cfg(test)]
pub(crate) use action_unit::anchor_similarity_in_steps;
pub use action_unit::{ActionUnitHead, ActionUnitHeadConfig, anchor_similarity};
pub use expression::{ExpressionHead, ExpressionHeadConfig};
pub use map::{
    LinearBlock, LinearBlockConfig, MapHead, MapHeadConfig, MapHeadOutput, PairFeatures,
    PairFeaturesConfig, Relation, TokenAttention, TokenAttentionConfig,
};
pub use node::{NodeFeatures, NodeFeaturesConfig, NodeMap};
pub use valence_arousal::{ValenceArousalHead, ValenceArousalHeadConfig};
