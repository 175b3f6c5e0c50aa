//! Which output of the backbone the heads read.

use burn::config::Config;
use burn::tensor::Tensor;

use crate::backbone::{Backbone, BackboneConfig};
use crate::{Error, Result};

/// Which output of the backbone is the image feature X.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// The pooled feature; 1280 wide for EfficientNet-B0.
    Pooled,
    /// The pooled feature, then the logits of the backbone's own classifier; 1288 wide for an
    /// EfficientNet-B0 with 8 classes. The authors' program's choice.
    PooledAndLogits,
    /// The last map before it is pooled, token by token: the channels of its first pixel, of its second,
    /// and so on, row by row. What a [`MapHead`](crate::head::MapHead) reads; heads on features read its
    /// mean. 9408 wide for the backbone that a run trains itself.
    Maps,
}

impl FeatureKind {
    /// The width of this feature of a backbone.
    ///
    /// # Errors
    /// [`Error::Argument`] if it includes logits and the backbone has no classifier.
    pub fn width(self, backbone: &BackboneConfig) -> Result<usize> {
        let logits = match (self, backbone.classes()) {
            (Self::Maps, _) => return Ok(backbone.map_channels() * backbone.map_side().pow(2)),
            (Self::Pooled, _) => 0,
            (Self::PooledAndLogits, Some(classes)) => classes,
            (Self::PooledAndLogits, None) => {
                let expected = "the number of logits, as the feature includes them";
                return Err(Error::argument("backbone.classes", expected, "none"));
            }
        };
        Ok(backbone.feature_width() + logits)
    }

    /// The features of images.
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`, normalised as the backbone's weights ask for
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the feature includes logits and the backbone has no classifier.
    pub fn of(self, backbone: &Backbone, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Pooled => backbone.forward_features(images),
            Self::PooledAndLogits => {
                let pooled = backbone.forward_features(images);
                let logits = backbone.forward_head(pooled.clone());
                Tensor::cat(vec![pooled, logits], 1)
            }
            Self::Maps => {
                let maps = backbone.forward_maps(images);
                maps.permute([0, 2, 3, 1]).flatten(1, 3)
            }
        }
    }
}
