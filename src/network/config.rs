//! The settings of the whole network, and its presets.

use burn::config::Config;
use burn::tensor::Device;

use super::{Coupling, FeatureKind, Network, Tasks};
use crate::attention::Attention;
use crate::backbone::BackboneConfig;
use crate::face::Crop;
use crate::graph::Similarity;
use crate::head::{
    ActionUnitHeadConfig, ExpressionHeadConfig, MapHeadConfig, NodeMap, ValenceArousalHeadConfig,
};
use crate::label::{AffectRange, ClassSet, UnitSet, Vocabulary};
use crate::range::{probability, setting, within};
use crate::temporal::TemporalConfig;
use crate::{Error, Result};

/// Configuration of [`Network`].
#[derive(Config, Debug)]
pub struct NetworkConfig {
    /// The network from image to feature. Default: none, the network takes features.
    pub backbone: Option<BackboneConfig>,
    /// Which output of the backbone is the feature. Default: [`FeatureKind::Pooled`].
    #[config(default = "FeatureKind::Pooled")]
    pub feature: FeatureKind,
    /// Width of the feature, 1 to 16384, of a map 1 to 1048576. With a backbone it must be the width of that output.
    pub feature_width: usize,
    /// The action units, at most 256; without any the network has no such head. Default: s-Aff-Wild2's 12.
    #[config(default = "UnitSet::aff_wild2()")]
    pub action_units: UnitSet,
    /// The expressions, at most 4096; without any the network has no such head. Default: s-Aff-Wild2's 8.
    #[config(default = "ClassSet::aff_wild2()")]
    pub expressions: ClassSet,
    /// What maps the feature to a unit's node. Default: [`NodeMap::Normalised`], the paper's.
    #[config(default = "NodeMap::Normalised")]
    pub node_map: NodeMap,
    /// Dropout of the node maps' inputs in training, in [0, 1). Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// How a node's neighbours are found. Default: [`Similarity::Dot`], the paper's.
    #[config(default = "Similarity::Dot")]
    pub similarity: Similarity,
    /// Number of nearest neighbours of a node, itself included; 1 to the number of action units.
    /// Default: 4.
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
    /// The range in which valence and arousal stood in the labels that the weights were trained on. What
    /// the network says of them is in [-1, 1] whatever it is: -1 and 1 stand for its ends. Default:
    /// -1 to 1, of which a network's file says nothing.
    #[config(default = "AffectRange::default()")]
    pub affect_range: AffectRange,
    /// The head that reads the action units from the backbone's map, in place of the paper's. The feature is
    /// then [`FeatureKind::Maps`], of which the other heads read the mean. Default: none, of which a
    /// network's file says nothing.
    #[config(default = "None")]
    pub map_head: Option<MapHeadConfig>,
    /// How tasks attend to others beyond the paper's cross attention. Default: not at all, of which a
    /// network's file says nothing.
    #[config(default = "Coupling::new()")]
    pub coupling: Coupling,
    /// What reads the features of a face in a video together before the heads do. Default: none, every
    /// image is read alone; of which a network's file says nothing.
    #[config(default = "None")]
    pub temporal: Option<TemporalConfig>,
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
        let widest = if self.map_head.is_some() {
            1 << 20
        } else {
            16_384
        };
        within("feature_width", self.feature_width, widest)?;
        let (units, classes) = (self.action_units.len(), self.expressions.len());
        setting("action_units", units <= 256, "at most 256", units)?;
        setting("expressions", classes <= 4_096, "at most 4096", classes)?;
        self.action_units.validate()?;
        self.expressions.validate()?;
        self.validate_map_head()?;
        if units > 0 && self.map_head.is_none() {
            within("neighbours", self.neighbours, units)?;
        }
        if self.attention != Attention::None && (units == 0 || classes == 0) {
            let expected = "None, as action units and expressions are not both there";
            return Err(Error::argument(
                "attention",
                expected,
                format!("{:?}", self.attention),
            ));
        }
        probability("dropout", self.dropout)?;
        if let Attention::Additive { hidden } = self.attention {
            within("attention.Additive.hidden", hidden, 16_384)?;
        }
        self.coupling.validate(units, classes, &self.attention)?;
        if let Some(temporal) = &self.temporal {
            temporal.validate()?;
            let is_pooled = self.map_head.is_none();
            setting(
                "temporal",
                is_pooled,
                "none, beside `map_head`",
                "a temporal head",
            )?;
        }
        match &self.backbone {
            None => Ok(()),
            Some(backbone) => self.validate_width(backbone),
        }
    }

    /// Checks that the head on the map suits the feature and the units.
    fn validate_map_head(&self) -> Result<()> {
        let is_map = self.backbone.is_some() && self.feature == FeatureKind::Maps;
        let Some(head) = &self.map_head else {
            let expected = "Pooled or PooledAndLogits, as there is no head on maps";
            return setting("feature", !is_map, expected, "Maps");
        };
        let is_other = self.backbone.is_some() && !is_map;
        let expected = "Maps, as a head reads them";
        setting(
            "feature",
            !is_other,
            expected,
            format!("{:?}", self.feature),
        )?;
        head.validate().map_err(|error| match error {
            Error::Argument {
                what,
                expected,
                found,
            } => Error::argument(format!("map_{what}"), expected, found),
            other => other,
        })?;
        let (scores, units) = (head.units(), self.action_units.len());
        let expected = format!("{units}, one for each action unit");
        setting("map_head.nodes", scores == units, &expected, scores)?;
        let expected = format!("a multiple of the {} channels of the map", head.channels);
        let fits = self.feature_width.is_multiple_of(head.channels);
        setting("feature_width", fits, &expected, self.feature_width)
    }

    /// The width of what the heads on features read.
    fn pooled_width(&self) -> usize {
        match &self.map_head {
            Some(head) => head.channels,
            None => self.feature_width,
        }
    }

    fn validate_width(&self, backbone: &BackboneConfig) -> Result<()> {
        backbone.validate()?;
        if let Some(head) = &self.map_head {
            let (channels, found) = (backbone.map_channels(), head.channels);
            let expected = format!("{channels}, those of the backbone's map");
            setting("map_head.channels", found == channels, &expected, found)?;
        }
        let width = self.feature.width(backbone)?;
        setting(
            "feature_width",
            self.feature_width == width,
            &format!("{width}, the width of the backbone's feature"),
            self.feature_width,
        )
    }

    /// The settings for data that `vocabulary` is of: with its action units, its expressions and its range
    /// of valence and arousal, no more neighbours than there are units, and no attention nor coupling where
    /// one of both is not there.
    pub fn with_vocabulary(mut self, vocabulary: &Vocabulary) -> Self {
        let (units, classes) = (&vocabulary.action_units, &vocabulary.expressions);
        self.neighbours = self.neighbours.min(units.len().max(1));
        if units.is_empty() || classes.is_empty() {
            self.attention = Attention::None;
            self.coupling = Coupling::new();
        }
        self.with_action_units(units.clone())
            .with_expressions(classes.clone())
            .with_affect_range(vocabulary.valence_arousal.unwrap_or_default())
    }

    /// What the network has scores of, trained for it or not.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            action_units: self.action_units.clone(),
            expressions: self.expressions.clone(),
            valence_arousal: Some(self.affect_range),
        }
    }

    /// Builds the network, each part initialised as its own config says.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Network {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let width = self.pooled_width();
        let (units, classes) = (self.action_units.len(), self.expressions.len());
        Network {
            backbone: self.backbone.as_ref().map(|config| config.init(device)),
            action_unit: (units > 0 && self.map_head.is_none()).then(|| {
                ActionUnitHeadConfig::new(width)
                    .with_nodes(units)
                    .with_neighbours(self.neighbours)
                    .with_similarity(self.similarity)
                    .with_dropout(self.dropout)
                    .with_node_map(self.node_map)
                    .init(device)
            }),
            expression: (classes > 0).then(|| {
                ExpressionHeadConfig::new(width)
                    .with_classes(classes)
                    .init(device)
            }),
            valence_arousal: ValenceArousalHeadConfig::new(width).init(device),
            attention: {
                let query = self.coupling.expression_query(units);
                self.attention.init(query, classes, device)
            },
            affect_attention: {
                let query = units + classes;
                self.coupling.valence_arousal.init(query, 2, device)
            },
            temporal: (self.temporal.as_ref()).map(|config| config.init(width, device)),
            map_head: self.map_head.as_ref().map(|config| config.init(device)),
            config: self.clone(),
        }
    }
}
