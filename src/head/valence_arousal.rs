//! The valence-arousal head (Eq. 4).

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::dense::dense;

/// Configuration of [`ValenceArousalHead`].
#[derive(Config, Debug)]
pub struct ValenceArousalHeadConfig {
    /// Width of the image feature; positive.
    pub feature_width: usize,
}

/// Valence and arousal: `y_VA = tanh(norm(W_VA X + b_VA))` (Eq. 4).
///
/// # Deviation
/// Eq. 4 omits the batch norm that section 3.2's text names; the authors' program has it, and so
/// does this head. The norm's running variance is the population variance (see
/// [`GraphConvolution`](crate::graph::GraphConvolution)).
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct ValenceArousalHead {
    /// The map from feature to the two raw values.
    pub linear: Linear,
    /// The norm of each of the two values over the batch.
    pub norm: BatchNorm,
}

impl ValenceArousalHeadConfig {
    /// Builds the head: weights from `N(0, 1 / 2)`, biases from `U(-b, b)` with
    /// `b = 1 / sqrt(feature_width)`, the norm's scale one and shift zero.
    ///
    /// # Panics
    /// If `feature_width` is zero.
    pub fn init(&self, device: &Device) -> ValenceArousalHead {
        ValenceArousalHead {
            linear: dense(self.feature_width, 2, device),
            norm: BatchNormConfig::new(2).init(device),
        }
    }
}

impl ModuleDisplay for ValenceArousalHead {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [width, _] = self.linear.weight.shape().dims();
        content
            .add("feature_width", &width)
            .add("linear", &self.linear)
            .add("norm", &self.norm)
            .optional()
    }
}

impl ValenceArousalHead {
    /// Valence and arousal.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    /// - output: `[batch, 2]`, valence then arousal, each in [-1, 1]
    ///
    /// # Panics
    /// If the width of `features` is not `feature_width`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        self.raw(features).tanh()
    }

    /// What the hyperbolic tangent of Eq. 4 is taken of.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    /// - output: `[batch, 2]`, valence then arousal, unbounded
    ///
    /// # Panics
    /// If the width of `features` is not `feature_width`.
    pub fn raw(&self, features: Tensor<2>) -> Tensor<2> {
        self.norm.forward(self.linear.forward(features))
    }
}
