//! Which output of the backbone the heads read.

use burn::config::Config;
use burn::tensor::Tensor;

use crate::backbone::{EfficientNet, EfficientNetConfig};
use crate::{Error, Result};

/// Which output of the backbone is the image feature X.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// The pooled feature; 1280 wide for EfficientNet-B0.
    Pooled,
    /// The pooled feature, then the logits of the backbone's own classifier; 1288 wide for an
    /// EfficientNet-B0 with 8 classes. The authors' program's choice.
    PooledAndLogits,
}

impl FeatureKind {
    /// The width of this feature of a backbone.
    ///
    /// # Errors
    /// [`Error::Argument`] if it includes logits and the backbone has no classifier.
    pub fn width(self, backbone: &EfficientNetConfig) -> Result<usize> {
        let logits = match (self, backbone.classes) {
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
    pub fn of(self, backbone: &EfficientNet, images: Tensor<4>) -> Tensor<2> {
        let pooled = backbone.forward_features(images);
        match self {
            Self::Pooled => pooled,
            Self::PooledAndLogits => {
                let logits = backbone.forward_head(pooled.clone());
                Tensor::cat(vec![pooled, logits], 1)
            }
        }
    }
}
