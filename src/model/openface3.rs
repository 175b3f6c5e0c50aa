//! OpenFace 3.0's network: one feature of the image for each of three tasks.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::ModelOutput;
use crate::backbone::{Backbone, BackboneConfig};
use crate::face::Crop;
use crate::head::{ActionUnitHead, ActionUnitHeadConfig, NodeMap};
use crate::{ActionUnit, Expression, Result};

/// Configuration of [`OpenFace3`].
#[derive(Config, Debug)]
pub struct OpenFace3Config {
    /// The network from image to feature, without a classifier.
    pub backbone: BackboneConfig,
    /// Which part of a photograph the network reads. Default: [`Crop::Box`], as OpenFace 3.0 cuts
    /// faces.
    #[config(default = "Crop::Box")]
    pub crop: Crop,
}

/// OpenFace 3.0's network: expression, gaze and eight action units.
///
/// `x_t = relu(W_t x + b_t)` for each task t; expression logits and gaze angles are linear in
/// theirs, the action units are read by the [`ActionUnitHead`] with plain node maps.
///
/// Expressions are those of [`Expression::OPENFACE3`], units those of [`ActionUnit::OPENFACE3`].
#[derive(Module, Debug)]
pub struct OpenFace3 {
    /// Image to feature.
    pub backbone: Backbone,
    /// Feature to that of the expression.
    pub expression_feature: Linear,
    /// Feature to that of the gaze.
    pub gaze_feature: Linear,
    /// Feature to that of the action units.
    pub action_unit_feature: Linear,
    /// The expression's logits.
    pub expression: Linear,
    /// The gaze's two angles.
    pub gaze: Linear,
    /// The action units.
    pub action_unit: ActionUnitHead,
    /// What the network was made from, which goes into its file.
    #[module(skip)]
    pub config: OpenFace3Config,
}

impl OpenFace3Config {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        self.backbone.validate()
    }

    /// Builds the network.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> OpenFace3 {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let width = self.backbone.feature_width();
        let map = |output| LinearConfig::new(width, output).init(device);
        OpenFace3 {
            backbone: self.backbone.init(device),
            expression_feature: map(width),
            gaze_feature: map(width),
            action_unit_feature: map(width),
            expression: map(Expression::OPENFACE3.len()),
            gaze: map(2),
            action_unit: ActionUnitHeadConfig::new(width)
                .with_nodes(ActionUnit::OPENFACE3.len())
                .with_node_map(NodeMap::Plain)
                .init(device),
            config: self.clone(),
        }
    }
}

impl OpenFace3 {
    /// From pooled features to expression, gaze and action units.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the width of `features` is not the network's.
    pub fn forward(&self, features: Tensor<2>) -> ModelOutput {
        let task = |map: &Linear| relu(map.forward(features.clone()));
        ModelOutput {
            action_units: Some(self.action_unit.forward(task(&self.action_unit_feature))),
            expression_logits: Some(self.expression.forward(task(&self.expression_feature))),
            valence_arousal: None,
            gaze: Some(self.gaze.forward(task(&self.gaze_feature))),
        }
    }
}
