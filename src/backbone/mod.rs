//! EfficientNet: from a normalised image to one pooled feature.
//!
//! The family is one table of stages ([`stage`]) scaled by a width and a depth factor (Tan and Le,
//! arXiv 1905.11946). Fields are named as timm names them, so [`timm_name`] is all that stands
//! between a module path and a key of a timm checkpoint.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use countenance::backbone::{EfficientNetConfig, Variant};
//!
//! let device = Device::default();
//! let network = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(3)).init(&device);
//! // Any size goes; a detector reads the stages, a classifier the logits.
//! let images = Tensor::zeros([2, 3, 64, 48], &device);
//! let stages = network.forward_stages(images.clone());
//! assert_eq!(stages.last().unwrap().dims()[2..], [4, 3]);
//! assert_eq!(network.forward(images).dims(), [2, 3]);
//! ```

mod conv;
mod depth;
mod drop_path;
mod efficientnet;
mod mbconv;
mod squeeze_excite;
pub mod stage;
mod timm;
mod view;

pub use drop_path::{DropPath, DropPathConfig};
pub use efficientnet::{EfficientNet, EfficientNetConfig};
pub use mbconv::{DepthwiseSeparable, InvertedResidual, MbConv, MbConvConfig};
pub use squeeze_excite::{SqueezeExcite, SqueezeExciteConfig};
pub use stage::{Flavour, Variant};
pub use timm::timm_name;
