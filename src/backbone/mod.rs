//! Backbones: from a normalised image to a map and to one feature.
//!
//! [`EfficientNet`] is the paper's, and the one that a run trains itself; [`Vgg`], [`ResNet`] and
//! [`Swin`] are those of other systems. [`Backbone`] is any of them, [`BackboneConfig`] its config.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use countenance::backbone::{BackboneConfig, EfficientNetConfig, SwinConfig, Variant};
//!
//! let device = Device::default();
//! let network = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(3)).init(&device);
//! // Any size goes; a detector reads the stages, a classifier the logits.
//! let images = Tensor::zeros([2, 3, 64, 48], &device);
//! let stages = network.forward_stages(images.clone());
//! assert_eq!(stages.last().unwrap().dims()[2..], [4, 3]);
//! assert_eq!(network.forward(images.clone()).dims(), [2, 3]);
//!
//! // What holds for every kind.
//! let any = BackboneConfig::from(SwinConfig::micro());
//! let features = any.init(&device).forward_features(images);
//! assert_eq!(features.dims(), [2, any.feature_width()]);
//! ```

mod config;
mod conv;
mod depth;
mod drop_path;
mod efficientnet;
mod kind;
mod resnet;
mod swin;
mod vgg;

pub use config::BackboneConfig;
pub use drop_path::{DropPath, DropPathConfig};
pub use efficientnet::{
    DepthwiseSeparable, EfficientNet, EfficientNetConfig, Flavour, InvertedResidual, MbConv,
    MbConvConfig, SqueezeExcite, SqueezeExciteConfig, Variant, stage, timm_name,
};
pub use kind::Backbone;
pub use resnet::{Bottleneck, Downsample, ResNet, ResNetConfig, resnet_name};
pub use swin::{
    Mlp, PatchEmbedding, PatchMerging, Swin, SwinBlock, SwinConfig, SwinLayout, SwinStage,
    WindowAttention,
};
pub use vgg::{Vgg, VggConfig};
pub(crate) use vgg::{connected, fully_connected};
