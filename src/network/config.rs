//! The settings of the whole network, and its presets.

use burn::config::Config;
use burn::tensor::Device;

use super::range::{probability, setting, validate_backbone, within};
use super::{FeatureKind, Network, Tasks};
use crate::Result;
use crate::attention::Attention;
use crate::backbone::EfficientNetConfig;
use crate::face::Crop;
use crate::graph::Similarity;
use crate::head::{ActionUnitHeadConfig, ExpressionHeadConfig, NodeMap, ValenceArousalHeadConfig};
use crate::label::{ACTION_UNITS, EXPRESSIONS};

/// Configuration of [`Network`].
#[derive(Config, Debug)]
pub struct NetworkConfig {
    /// The network from image to feature. Default: none, the network takes features.
    pub backbone: Option<EfficientNetConfig>,
    /// Which output of the backbone is the feature. Default: [`FeatureKind::Pooled`].
    #[config(default = "FeatureKind::Pooled")]
    pub feature: FeatureKind,
    /// Width of the feature, 1 to 16384. With a backbone it must be the width of that output.
    pub feature_width: usize,
    /// Number of action units, 1 to 256. Default: 12.
    #[config(default = 12)]
    pub action_units: usize,
    /// Number of expressions, 1 to 4096. Default: 8.
    #[config(default = 8)]
    pub expressions: usize,
    /// What maps the feature to a unit's node. Default: [`NodeMap::Normalised`], the paper's.
    #[config(default = "NodeMap::Normalised")]
    pub node_map: NodeMap,
    /// Dropout of the node maps' inputs in training, in [0, 1). Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// How a node's neighbours are found. Default: [`Similarity::Dot`], the paper's.
    #[config(default = "Similarity::Dot")]
    pub similarity: Similarity,
    /// Number of nearest neighbours of a node, itself included; 1 to `action_units`. Default: 4.
    #[config(default = 4)]
    pub neighbours: usize,
    /// What the expression logits pass through. Default: [`Attention::Elementwise`], the paper's.
    #[config(default = "Attention::Elementwise")]
    pub attention: Attention,
    /// The tasks that the weights were trained for. Default: all.
    #[config(default = "Tasks::new()")]
    pub tasks: Tasks,
    /// Which part of a photograph the network reads. Default: [`Crop::Aligned`], as s-Aff-Wild2's
    /// images are.
    #[config(default = "Crop::Aligned")]
    pub crop: Crop,
}

impl NetworkConfig {
    /// The paper's network on features of a given width: every equation as it is written.
    pub fn paper(feature_width: usize) -> Self {
        Self::new(feature_width)
    }

    /// The authors' program's network ("MtlAbaw4"), which their checkpoints are of: features of
    /// 1280 pooled values and 8 logits, additive attention.
    pub fn mtl_abaw4() -> Self {
        Self::new(1288)
            .with_feature(FeatureKind::PooledAndLogits)
            .with_attention(Attention::Additive { hidden: 64 })
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        within("feature_width", self.feature_width, 16_384)?;
        within("action_units", self.action_units, 256)?;
        within("expressions", self.expressions, 4_096)?;
        within("neighbours", self.neighbours, self.action_units)?;
        probability("dropout", self.dropout)?;
        if let Attention::Additive { hidden } = self.attention {
            within("attention.Additive.hidden", hidden, 16_384)?;
        }
        match &self.backbone {
            None => Ok(()),
            Some(backbone) => self.validate_width(backbone),
        }
    }

    fn validate_width(&self, backbone: &EfficientNetConfig) -> Result<()> {
        validate_backbone(backbone)?;
        let width = self.feature.width(backbone)?;
        setting(
            "feature_width",
            self.feature_width == width,
            &format!("{width}, the width of the backbone's feature"),
            self.feature_width,
        )
    }

    /// Checks that the outputs are the 12 action units and 8 expressions of s-Aff-Wild2: of others
    /// neither names nor labels are known.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if they are not.
    pub fn check_aff_wild2(&self) -> Result<()> {
        setting(
            "the network",
            (self.action_units, self.expressions) == (ACTION_UNITS, EXPRESSIONS),
            &format!("{ACTION_UNITS} action units and {EXPRESSIONS} expressions, s-Aff-Wild2's"),
            format!("{} and {}", self.action_units, self.expressions),
        )
    }

    /// Builds the network, each part initialised as its own config says.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Network {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let width = self.feature_width;
        Network {
            backbone: self.backbone.as_ref().map(|config| config.init(device)),
            action_unit: ActionUnitHeadConfig::new(width)
                .with_nodes(self.action_units)
                .with_neighbours(self.neighbours)
                .with_similarity(self.similarity)
                .with_dropout(self.dropout)
                .with_node_map(self.node_map)
                .init(device),
            expression: ExpressionHeadConfig::new(width)
                .with_classes(self.expressions)
                .init(device),
            valence_arousal: ValenceArousalHeadConfig::new(width).init(device),
            attention: self
                .attention
                .init(self.action_units, self.expressions, device),
            config: self.clone(),
        }
    }
}
