//! The challenge's baseline: fixed convolutions, three fully connected layers, one output for everything.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use super::ModelOutput;
use super::affect::bounded;
use crate::Result;
use crate::backbone::{Backbone, BackboneConfig, connected, fully_connected};
use crate::face::Crop;
use crate::label::{AffectRange, ClassSet, UnitSet, Vocabulary};
use crate::network::Tasks;
use crate::range::{probability, setting, within};

/// Configuration of [`Baseline`].
#[derive(Config, Debug)]
pub struct BaselineConfig {
    /// The convolutions, without fully connected layers and without a classifier; the challenge's are
    /// VGG-16's.
    pub backbone: BackboneConfig,
    /// Widths of the fully connected layers before the outputs, 1 to 4 of them. Default: VGG's, twice
    /// 4096.
    #[config(default = "vec![4096; 2]")]
    pub hidden: Vec<usize>,
    /// Probability of dropout before each fully connected layer but the first, in [0, 1). Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
    /// The action units. Default: s-Aff-Wild2's 12.
    #[config(default = "UnitSet::aff_wild2()")]
    pub action_units: UnitSet,
    /// The expressions. Default: s-Aff-Wild2's 8.
    #[config(default = "ClassSet::aff_wild2()")]
    pub expressions: ClassSet,
    /// The tasks that the weights were trained for. Default: all.
    #[config(default = "Tasks::new()")]
    pub tasks: Tasks,
    /// The range in which valence and arousal stood in the labels; as
    /// [`NetworkConfig::affect_range`](crate::network::NetworkConfig::affect_range). Default: -1 to 1.
    #[config(default = "AffectRange::default()")]
    pub affect_range: AffectRange,
    /// Which part of a photograph the network reads. Default: [`Crop::Aligned`], as s-Aff-Wild2's
    /// images are.
    #[config(default = "Crop::Aligned")]
    pub crop: Crop,
}

/// The baseline of the fourth ABAW challenge (Kollias, arXiv 2207.01138).
///
/// ```text
/// image -> convolutions -> map, flattened -> [linear, ReLU, dropout] * 2 -> linear
///       -> valence, arousal | logits of the expressions | logits of the action units
/// ```
/// The organisers keep VGGFACE's convolutions as they are and train the rest: `2 + 8 + 12` outputs, of which
/// valence and arousal are taken as they are, the expressions through a softmax and the units through
/// a sigmoid each.
///
/// # Deviation
/// A valence or an arousal beyond [-1, 1] is clipped, as every score of this crate stands in it; the
/// [outputs](Self::outputs), which training sees, are not.
#[derive(Module, Debug)]
pub struct Baseline {
    /// Image to flattened map.
    pub backbone: Backbone,
    /// The fully connected layers before the outputs.
    pub hidden: Vec<Linear>,
    /// Dropout before each fully connected layer but the first.
    pub dropout: Dropout,
    /// To valence and arousal, the expressions, the action units, in this order.
    pub output: Linear,
    /// What the network was made from, which goes into its file.
    #[module(skip)]
    pub config: BaselineConfig,
}

/// The three groups of a [`Baseline`]'s outputs, as its last layer gives them.
#[derive(Clone, Debug)]
pub struct BaselineOutput {
    /// `[batch, 2]`, valence then arousal, without a bound.
    pub valence_arousal: Tensor<2>,
    /// `[batch, expressions]`, logits.
    pub expression_logits: Tensor<2>,
    /// `[batch, action_units]`, logits.
    pub action_unit_logits: Tensor<2>,
}

impl BaselineConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        self.backbone.validate()?;
        within("hidden", self.hidden.len(), 4)?;
        for &width in &self.hidden {
            within("hidden", width, 16_384)?;
        }
        probability("dropout", self.dropout)?;
        let (units, classes) = (self.action_units.len(), self.expressions.len());
        setting("action_units", units <= 256, "at most 256", units)?;
        setting("expressions", classes <= 4_096, "at most 4096", classes)?;
        self.action_units.validate()?;
        self.expressions.validate()
    }

    /// What the network has scores of, trained for it or not.
    pub fn vocabulary(&self) -> Vocabulary {
        Vocabulary {
            action_units: self.action_units.clone(),
            expressions: self.expressions.clone(),
            valence_arousal: Some(self.affect_range),
        }
    }

    /// Builds the network, its fully connected layers as VGG's begin.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Baseline {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let mut width = self.backbone.feature_width();
        let mut layer = |output: usize| {
            let layer = fully_connected([width, output], device);
            width = output;
            layer
        };
        let outputs = 2 + self.expressions.len() + self.action_units.len();
        Baseline {
            backbone: self.backbone.init(device),
            hidden: self.hidden.iter().map(|&width| layer(width)).collect(),
            dropout: DropoutConfig::new(self.dropout).init(),
            output: layer(outputs),
            config: self.clone(),
        }
    }
}

impl Baseline {
    /// From flattened maps to the last layer's outputs, as training sees them.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]` of the backbone
    ///
    /// # Panics
    /// If the width of `features` is not the backbone's.
    pub fn outputs(&self, features: Tensor<2>) -> BaselineOutput {
        let hidden = connected(&self.hidden, &self.dropout, features);
        let outputs = self.output.forward(self.dropout.forward(hidden));
        let columns = |start, count| outputs.clone().narrow(1, start, count);
        let (classes, units) = (
            self.config.expressions.len(),
            self.config.action_units.len(),
        );
        BaselineOutput {
            valence_arousal: columns(0, 2),
            expression_logits: columns(2, classes),
            action_unit_logits: columns(2 + classes, units),
        }
    }

    /// From flattened maps to all that the network says.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]` of the backbone
    ///
    /// # Panics
    /// If the width of `features` is not the backbone's.
    pub fn forward(&self, features: Tensor<2>) -> ModelOutput {
        let outputs = self.outputs(features);
        let config = &self.config;
        ModelOutput {
            action_units: (!config.action_units.is_empty())
                .then(|| sigmoid(outputs.action_unit_logits)),
            expression_logits: (!config.expressions.is_empty())
                .then_some(outputs.expression_logits),
            valence_arousal: Some(bounded(outputs.valence_arousal)),
            gaze: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbone::VggConfig;
    use crate::model::{Model, ModelConfig};

    #[test]
    fn a_baseline_comes_back_from_its_file_with_all_that_it_says() {
        let device = Device::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.safetensors");
        let config = BaselineConfig::new(VggConfig::micro().into())
            .with_hidden(vec![6, 5])
            .with_tasks(Tasks::ALL.and(Tasks {
                expression: false,
                ..Tasks::ALL
            }))
            .with_affect_range(AffectRange::new(1.0, 9.0).unwrap());
        let model = ModelConfig::Baseline(config.clone()).init(&device);
        model.save(&path).unwrap();
        let (again, read) = Model::load(&path, &device).unwrap();
        let ModelConfig::Baseline(found) = &read else {
            panic!("{read:?}")
        };
        assert_eq!(found.to_string(), config.to_string());
        assert_eq!(read.action_units().len(), 12);
        assert!(read.expressions().is_empty() && read.valence_arousal());
        assert_eq!(read.affect_range().bounds(), [1.0, 9.0]);
        assert_eq!((read.crop(), read.feature_width()), (Crop::Aligned, 576));
        let features = crate::testing::drawn([3, 576], 2, &device);
        let outputs = |model: &Model| model.forward(features.clone()).action_units.unwrap();
        outputs(&again)
            .into_data()
            .assert_eq(&outputs(&model).into_data(), true);
    }

    #[test]
    fn valence_and_arousal_are_clipped_where_they_leave_their_range_and_nowhere_else() {
        let device = Device::default();
        let config = BaselineConfig::new(VggConfig::micro().into()).with_hidden(vec![4]);
        let mut network = config.init(&device);
        network.output.weight = network.output.weight.map(|weight| weight * 1e3);
        let features = crate::testing::drawn([40, 576], 7, &device) * 3.0;
        let raw = network.outputs(features.clone()).valence_arousal;
        let clipped = network.forward(features).valence_arousal.unwrap();
        let beyond = raw.clone().abs().greater_scalar(1.0);
        let count = beyond.clone().int().sum().into_scalar::<i64>();
        assert!((1..80).contains(&count), "{count}");
        let inside = |values: Tensor<2>| values.mask_fill(beyond.clone(), 0.0).into_data();
        inside(clipped.clone()).assert_eq(&inside(raw), true);
        assert!(clipped.abs().max().into_scalar::<f32>() <= 1.0);
    }
}
