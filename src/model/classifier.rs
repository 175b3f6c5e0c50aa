//! A backbone whose own classifier names expressions.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::ModelOutput;
use super::affect::bounded;
use crate::backbone::{Backbone, BackboneConfig};
use crate::face::Crop;
use crate::{Error, Expression, Result};

/// Configuration of [`Classifier`].
#[derive(Config, Debug)]
pub struct ClassifierConfig {
    /// The network. Its classes are the expressions, then valence and arousal if it reads them.
    pub backbone: BackboneConfig,
    /// What the first classes stand for, in order. Empty if the classifier is not about faces, or
    /// there is none: then the network is for its features alone.
    pub expressions: Vec<Expression>,
    /// Whether two classes after the expressions are valence and arousal. Default: false.
    #[config(default = false)]
    pub valence_arousal: bool,
    /// Which part of a photograph the network reads. Default: [`Crop::Box`], as HSEmotion cuts faces.
    #[config(default = "Crop::Box")]
    pub crop: Crop,
}

/// A backbone with a classifier of expressions, as HSEmotion's EfficientNets.
///
/// Valence and arousal, where it has them, are trained without a bound; here they are clipped to
/// [-1, 1].
#[derive(Module, Debug)]
pub struct Classifier {
    /// The network, with its classifier.
    pub backbone: Backbone,
    /// What the network was made from, which goes into its file: it says what the classes are.
    #[module(skip)]
    pub config: ClassifierConfig,
}

impl ClassifierConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        self.backbone.validate()?;
        for (index, class) in self.expressions.iter().enumerate() {
            if self.expressions[..index].contains(class) {
                let expected = "different classes";
                return Err(Error::argument(
                    "expressions",
                    expected,
                    format!("{class} twice"),
                ));
            }
        }
        let named = self.expressions.len() + if self.valence_arousal { 2 } else { 0 };
        let classes = self.backbone.classes().unwrap_or(0);
        match named == 0 || named == classes {
            true => Ok(()),
            false => {
                let expected = format!("{named}, the expressions, valence and arousal");
                Err(Error::argument("backbone.classes", expected, classes))
            }
        }
    }

    /// Builds the network.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Classifier {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        Classifier {
            backbone: self.backbone.init(device),
            config: self.clone(),
        }
    }
}

impl Classifier {
    /// From pooled features to expressions, and to valence and arousal if the network reads them.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the width of `features` is not the network's.
    pub fn forward(&self, features: Tensor<2>) -> ModelOutput {
        let count = self.config.expressions.len();
        if count == 0 && !self.config.valence_arousal {
            return ModelOutput::default();
        }
        let logits = self.backbone.forward_head(features);
        let valence_arousal = self.config.valence_arousal.then(|| {
            let unbounded = logits.clone().narrow(1, count, 2);
            bounded(unbounded)
        });
        ModelOutput {
            expression_logits: (count > 0).then(|| logits.narrow(1, 0, count)),
            valence_arousal,
            ..Default::default()
        }
    }
}
