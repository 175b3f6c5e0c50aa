//! Every network that predicts, in one file format: what it reads, by name, is in its config.
//!
//! [`Network`] is the crate's own, trained here or by its authors. [`Classifier`] is a backbone
//! whose classifier names expressions, as HSEmotion's. [`OpenFace3`] is OpenFace 3.0's, [`MeGraphAu`] one of
//! ME-GraphAU or OpenGraphAU.
//! [`Baseline`] is the challenge's.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("model.safetensors");
//! use burn::tensor::{Device, Tensor};
//! use countenance::Expression;
//! use countenance::backbone::{EfficientNetConfig, Variant};
//! use countenance::model::{ClassifierConfig, Model, ModelConfig};
//!
//! let expressions = vec![Expression::Happiness, Expression::Sadness];
//! let backbone = EfficientNetConfig::new(Variant::Tiny).with_classes(Some(2));
//! let config = ModelConfig::Classifier(ClassifierConfig::new(backbone.into(), expressions));
//! let device = Device::default();
//! config.init(&device).save(&path)?;
//!
//! // The file says what it holds.
//! let (model, config) = Model::load(&path, &device)?;
//! assert_eq!(config.expressions()[1], Expression::Sadness);
//! let features = model.features(Tensor::zeros([1, 3, 112, 112], &device));
//! let output = model.forward(features);
//! assert_eq!(output.expression_logits.unwrap().dims(), [1, 2]);
//! assert!(output.action_units.is_none());
//! # Ok::<(), countenance::Error>(())
//! ```

mod affect;
mod baseline;
mod classifier;
mod file;
mod me_graph_au;
mod openface3;
mod stored;

use burn::tensor::{Device, Tensor};

use crate::backbone::{Backbone, BackboneConfig};
use crate::face::Crop;
use crate::label::{AffectRange, UnitSet, Vocabulary};
use crate::network::{FeatureKind, Network, NetworkConfig, NetworkOutput};
use crate::precision::Precision;
use crate::{ActionUnit, Expression, Result};

pub use baseline::{Baseline, BaselineConfig, BaselineOutput};
pub use classifier::{Classifier, ClassifierConfig};
pub use me_graph_au::{MeGraphAu, MeGraphAuConfig};
pub use openface3::{OpenFace3, OpenFace3Config};
pub(crate) use stored::BLEND;
pub use stored::StoredModel;

/// Any network that predicts.
#[derive(Clone, Debug)]
pub enum Model {
    /// The multi-task network with cross attention.
    Network(Box<Network>),
    /// A backbone with a classifier of its own.
    Classifier(Box<Classifier>),
    /// OpenFace 3.0's network.
    OpenFace3(Box<OpenFace3>),
    /// A network of ME-GraphAU or OpenGraphAU.
    MeGraphAu(Box<MeGraphAu>),
    /// The challenge's baseline.
    Baseline(Box<Baseline>),
}

/// The config of a [`Model`].
#[derive(Clone, Debug)]
pub enum ModelConfig {
    /// Of the multi-task network.
    Network(NetworkConfig),
    /// Of a backbone with a classifier of its own.
    Classifier(ClassifierConfig),
    /// Of OpenFace 3.0's network.
    OpenFace3(OpenFace3Config),
    /// Of a network of ME-GraphAU or OpenGraphAU.
    MeGraphAu(MeGraphAuConfig),
    /// Of the challenge's baseline.
    Baseline(BaselineConfig),
}

/// What a [`Model`] says of a batch; what it does not read is absent.
#[derive(Clone, Debug, Default)]
pub struct ModelOutput {
    /// `[batch, units]`, in [0, 1], in the order of [`ModelConfig::action_units`]: probabilities, of
    /// intensities shares of their largest, 5.
    pub action_units: Option<Tensor<2>>,
    /// `[batch, classes]`, logits, in the order of [`ModelConfig::expressions`].
    pub expression_logits: Option<Tensor<2>>,
    /// `[batch, 2]`, valence then arousal, each in [-1, 1].
    pub valence_arousal: Option<Tensor<2>>,
    /// `[batch, 2]`, the two numbers of the gaze, in the order and unit that OpenFace was trained in.
    pub gaze: Option<Tensor<2>>,
}

impl From<NetworkOutput> for ModelOutput {
    fn from(output: NetworkOutput) -> Self {
        Self {
            action_units: output.action_units,
            expression_logits: output.expression_logits,
            valence_arousal: Some(output.valence_arousal),
            gaze: None,
        }
    }
}

impl ModelConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        match self {
            Self::Network(config) => config.validate(),
            Self::Classifier(config) => config.validate(),
            Self::OpenFace3(config) => config.validate(),
            Self::MeGraphAu(config) => config.validate(),
            Self::Baseline(config) => config.validate(),
        }
    }

    /// Builds the model.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Model {
        match self {
            Self::Network(config) => Model::Network(Box::new(config.init(device))),
            Self::Classifier(config) => Model::Classifier(Box::new(config.init(device))),
            Self::OpenFace3(config) => Model::OpenFace3(Box::new(config.init(device))),
            Self::MeGraphAu(config) => Model::MeGraphAu(Box::new(config.init(device))),
            Self::Baseline(config) => Model::Baseline(Box::new(config.init(device))),
        }
    }

    /// The action units that the model was trained to read, in the order of its outputs.
    pub fn action_units(&self) -> UnitSet {
        match self {
            Self::Network(config) if config.tasks.action_unit => config.action_units.clone(),
            Self::Baseline(config) if config.tasks.action_unit => config.action_units.clone(),
            Self::Network(_) | Self::Classifier(_) | Self::Baseline(_) => UnitSet::default(),
            Self::OpenFace3(_) => ActionUnit::OPENFACE3.into_iter().collect(),
            Self::MeGraphAu(config) => config.action_units.clone(),
        }
    }

    /// The expressions that the model was trained to tell apart, in the order of its logits.
    pub fn expressions(&self) -> &[Expression] {
        match self {
            Self::Network(config) if config.tasks.expression => &config.expressions,
            Self::Baseline(config) if config.tasks.expression => &config.expressions,
            Self::Network(_) | Self::Baseline(_) | Self::MeGraphAu(_) => &[],
            Self::Classifier(config) => &config.expressions,
            Self::OpenFace3(_) => &Expression::OPENFACE3,
        }
    }

    /// Whether it is known what the model's expressions are, and not only how many there are.
    pub fn classes_are_named(&self) -> bool {
        let mut classes = self.expressions().iter().enumerate();
        !classes.any(|(index, class)| *class == Expression::unnamed(index))
    }

    /// Whether the model was trained to read valence and arousal.
    pub fn valence_arousal(&self) -> bool {
        match self {
            Self::Network(config) => config.tasks.valence_arousal,
            Self::Classifier(config) => config.valence_arousal,
            Self::OpenFace3(_) | Self::MeGraphAu(_) => false,
            Self::Baseline(config) => config.tasks.valence_arousal,
        }
    }

    /// The range in which valence and arousal stood in the labels that the model was trained on. Its scores
    /// are in [-1, 1] whatever it is: -1 and 1 stand for its ends. The usual range where it was not trained
    /// on them.
    pub fn affect_range(&self) -> AffectRange {
        match self {
            Self::Network(config) if config.tasks.valence_arousal => config.affect_range,
            Self::Baseline(config) if config.tasks.valence_arousal => config.affect_range,
            _ => AffectRange::default(),
        }
    }

    /// All that the model was trained to read, in the order of its outputs; the gaze aside.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            action_units: self.action_units(),
            expressions: self.expressions().to_vec().into(),
            valence_arousal: self.valence_arousal().then(|| self.affect_range()),
        }
    }

    /// The order of labels that the model is judged by: that of what it reads, and of networks that say
    /// which tasks they were trained for also that of what they could have been.
    pub(crate) fn label_vocabulary(&self) -> Vocabulary {
        match self {
            Self::Network(config) => config.vocabulary(),
            Self::Baseline(config) => config.vocabulary(),
            _ => self.vocabulary(),
        }
    }

    /// Whether the model reads the gaze.
    pub fn gaze(&self) -> bool {
        matches!(self, Self::OpenFace3(_))
    }

    /// Which part of a photograph the model reads.
    pub fn crop(&self) -> Crop {
        match self {
            Self::Network(config) => config.crop,
            Self::Classifier(config) => config.crop,
            Self::OpenFace3(config) => config.crop,
            Self::MeGraphAu(config) => config.crop,
            Self::Baseline(config) => config.crop,
        }
    }

    /// The network from image to feature, if the model has it.
    pub fn backbone(&self) -> Option<&BackboneConfig> {
        match self {
            Self::Network(config) => config.backbone.as_ref(),
            Self::Classifier(config) => Some(&config.backbone),
            Self::OpenFace3(config) => Some(&config.backbone),
            Self::MeGraphAu(config) => Some(&config.backbone),
            Self::Baseline(config) => Some(&config.backbone),
        }
    }

    /// Which output of the backbone is the feature.
    pub fn feature(&self) -> FeatureKind {
        match self {
            Self::Network(config) => config.feature,
            Self::Classifier(_) | Self::OpenFace3(_) | Self::Baseline(_) => FeatureKind::Pooled,
            Self::MeGraphAu(_) => FeatureKind::Maps,
        }
    }

    /// The width of the feature.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn feature_width(&self) -> usize {
        match self {
            Self::Network(config) => config.feature_width,
            Self::Classifier(config) => config.backbone.feature_width(),
            Self::OpenFace3(config) => config.backbone.feature_width(),
            Self::MeGraphAu(config) => config.feature_width(),
            Self::Baseline(config) => config.backbone.feature_width(),
        }
    }
}

impl Model {
    /// From features to everything that the model reads, trained for it or not.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the width of `features` is not the config's.
    pub fn forward(&self, features: Tensor<2>) -> ModelOutput {
        match self {
            Self::Network(network) => network.forward(features).into(),
            Self::Classifier(network) => network.forward(features),
            Self::OpenFace3(network) => network.forward(features),
            Self::MeGraphAu(network) => network.forward(features),
            Self::Baseline(network) => network.forward(features),
        }
    }

    /// The network of this crate that reads the frames of a video together, if it is one.
    pub(crate) fn temporal(&self) -> Option<&Network> {
        match self {
            Self::Network(network) if network.temporal.is_some() => Some(network),
            _ => None,
        }
    }

    /// What the model was made from.
    pub fn config(&self) -> ModelConfig {
        match self {
            Self::Network(network) => ModelConfig::Network(network.config.clone()),
            Self::Classifier(network) => ModelConfig::Classifier(network.config.clone()),
            Self::OpenFace3(network) => ModelConfig::OpenFace3(network.config.clone()),
            Self::MeGraphAu(network) => ModelConfig::MeGraphAu(network.config.clone()),
            Self::Baseline(network) => ModelConfig::Baseline(network.config.clone()),
        }
    }

    /// The network from image to feature, if the model has it.
    pub fn backbone(&self) -> Option<&Backbone> {
        match self {
            Self::Network(network) => network.backbone.as_ref(),
            Self::Classifier(network) => Some(&network.backbone),
            Self::OpenFace3(network) => Some(&network.backbone),
            Self::MeGraphAu(network) => Some(&network.backbone),
            Self::Baseline(network) => Some(&network.backbone),
        }
    }

    /// The model for inference with a backbone that computes in `precision`. The
    /// heads, a small part of the work, stay as they are.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) if `device` does not compute with them.
    pub fn with_precision(mut self, precision: Precision, device: &Device) -> Result<Self> {
        let backbone = match &mut self {
            Self::Network(network) => network.backbone.as_mut(),
            Self::Classifier(network) => Some(&mut network.backbone),
            Self::OpenFace3(network) => Some(&mut network.backbone),
            Self::MeGraphAu(network) => Some(&mut network.backbone),
            Self::Baseline(network) => Some(&mut network.backbone),
        };
        if let Some(backbone) = backbone {
            *backbone = precision.of(backbone.clone(), device)?;
        }
        Ok(self)
    }

    /// The features of images.
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`, normalised as the backbone's weights ask for
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the model has no backbone.
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Network(network) => network.features(images),
            Self::Classifier(network) => network.backbone.forward_features(images),
            Self::OpenFace3(network) => network.backbone.forward_features(images),
            Self::MeGraphAu(network) => network.features(images),
            Self::Baseline(network) => network.backbone.forward_features(images),
        }
    }
}
