//! The expression head (Eq. 5).

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::dense::dense;

/// Configuration of [`ExpressionHead`].
#[derive(Config, Debug)]
pub struct ExpressionHeadConfig {
    /// Width of the image feature; positive.
    pub feature_width: usize,
    /// Number of expressions; positive. Default: 8.
    #[config(default = 8)]
    pub classes: usize,
}

/// One logit per expression: `e = W_EX X + b_EX` (Eq. 5).
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct ExpressionHead {
    /// The map from feature to logits.
    pub linear: Linear,
}

impl ExpressionHeadConfig {
    /// Builds the head: weights from `N(0, 1 / classes)`, biases from `U(-b, b)` with
    /// `b = 1 / sqrt(feature_width)`.
    ///
    /// # Panics
    /// If `feature_width` or `classes` is zero.
    pub fn init(&self, device: &Device) -> ExpressionHead {
        ExpressionHead {
            linear: dense(self.feature_width, self.classes, device),
        }
    }
}

impl ModuleDisplay for ExpressionHead {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let [width, classes] = self.linear.weight.shape().dims();
        content
            .add("feature_width", &width)
            .add("classes", &classes)
            .optional()
    }
}

impl ExpressionHead {
    /// The logits, before any attention.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    /// - output: `[batch, classes]`, unbounded
    ///
    /// # Panics
    /// If the width of `features` is not `feature_width`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        self.linear.forward(features)
    }
}
