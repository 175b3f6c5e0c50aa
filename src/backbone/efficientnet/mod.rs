//! EfficientNet: the stage table, its layers, the network.
//!
//! The family is one table of stages ([`stage`]) scaled by a width and a depth factor (Tan and Le,
//! arXiv 1905.11946). Fields are named as timm names them, so [`timm_name`] is all that stands
//! between a module path and a key of a timm checkpoint.

mod depth;
mod mbconv;
mod network;
mod range;
mod squeeze_excite;
pub mod stage;
mod timm;
mod view;

pub use mbconv::{DepthwiseSeparable, InvertedResidual, MbConv, MbConvConfig};
pub use network::{EfficientNet, EfficientNetConfig};
pub use squeeze_excite::{SqueezeExcite, SqueezeExciteConfig};
pub use stage::{Flavour, Variant};
pub use timm::timm_name;
