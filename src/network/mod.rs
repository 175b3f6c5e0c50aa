//! The whole network, its config and its file.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("network.safetensors");
//! use burn::tensor::{Device, Tensor};
//! use countenance::attention::Attention;
//! use countenance::network::{Network, NetworkConfig, NetworkOutput};
//!
//! // The second row of the paper's Table 1: without cross attention.
//! let config = NetworkConfig::paper(16).with_attention(Attention::None);
//! let device = Device::default();
//! let network = config.init(&device);
//! network.save(&path)?;
//!
//! let (again, _) = Network::load(&path, &device)?;
//! let features = Tensor::ones([1, 16], &device);
//! let [before, after] = [network, again].map(|network| network.forward(features.clone()));
//! let data = |output: NetworkOutput| output.action_units.unwrap().into_data();
//! data(after).assert_eq(&data(before), true);
//! # Ok::<(), countenance::Error>(())
//! ```

mod config;
mod coupling;
mod feature;
mod file;
mod score;
mod task;
mod transfer;

use burn::module::Module;
use burn::tensor::Tensor;

pub use self::config::NetworkConfig;
pub use self::coupling::Coupling;
pub use self::feature::FeatureKind;
pub(crate) use self::file::{CONFIG_KEY, FORMAT, FORMAT_KEY, KIND_KEY, VERSION, VERSION_KEY};
pub(crate) use self::score::Scores;
pub use self::task::Tasks;
pub use self::transfer::Transfer;
use crate::attention::CrossAttention;
use crate::backbone::Backbone;
use crate::head::{ActionUnitHead, ExpressionHead, MapHead, ValenceArousalHead};
use crate::temporal::{Temporal, Windows};

/// The multi-task cross-attention network: from an image, or its feature, to action units,
/// expression, valence and arousal.
///
/// ```text
/// image -> backbone -> feature X -+-> action units (Eq. 1-3) --+-> probabilities
///                                 |                            v
///                                 +-> expression (Eq. 5) -> attention (Eq. 6-7) -> logits
///                                 +-> valence, arousal (Eq. 4)
/// ```
///
/// With a [`Coupling`] valence and arousal attend to the other two, and expressions to valence and arousal
/// as well.
/// A network may have a [`Temporal`] head between the feature and the others, which reads the frames of a
/// video together.
///
/// The field names are the names in the [file](Network::save).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::network::NetworkConfig;
///
/// let device = Device::default();
/// let network = NetworkConfig::paper(40).init(&device);
/// let output = network.forward(Tensor::zeros([2, 40], &device));
/// assert_eq!(output.action_units.unwrap().dims(), [2, 12]);
/// assert_eq!(output.expression_logits.unwrap().dims(), [2, 8]);
/// assert_eq!(output.valence_arousal.dims(), [2, 2]);
/// ```
#[derive(Module, Debug)]
pub struct Network {
    /// Image to feature, if the network has it.
    pub backbone: Option<Backbone>,
    /// Feature to action units, if the vocabulary has any and no head reads them from the map.
    pub action_unit: Option<ActionUnitHead>,
    /// Feature to expression logits, if the vocabulary has any.
    pub expression: Option<ExpressionHead>,
    /// Feature to valence and arousal.
    pub valence_arousal: ValenceArousalHead,
    /// The cross attention of action units and expression logits, if there is one.
    pub attention: Option<CrossAttention>,
    /// Map to action units, if that is where they are read from.
    pub map_head: Option<MapHead>,
    /// What valence and arousal attend to action units and expressions with, if they do.
    pub affect_attention: Option<CrossAttention>,
    /// What reads the features of a video's frames together, if there is such.
    pub temporal: Option<Temporal>,
    /// What the network was made from, which goes into its file.
    #[module(skip)]
    pub config: NetworkConfig,
}

/// The output of a [`Network`] for a batch.
#[derive(Clone, Debug)]
pub struct NetworkOutput {
    /// `[batch, action_units]`, in [0, 1]: probabilities, of intensities shares of their largest, 5.
    pub action_units: Option<Tensor<2>>,
    /// `[batch, expressions]`, logits after the attention.
    pub expression_logits: Option<Tensor<2>>,
    /// `[batch, 2]`, valence then arousal, each in [-1, 1].
    pub valence_arousal: Tensor<2>,
}

impl Network {
    /// All three tasks at once, of images that have nothing to do with each other: with a temporal head each is
    /// a window of one frame.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the width of `features` is not the config's.
    pub fn forward(&self, features: Tensor<2>) -> NetworkOutput {
        match &self.temporal {
            None => self.heads(features),
            Some(temporal) => self.heads(temporal.alone(features)),
        }
    }

    /// All three tasks at once, of the frames that are read in windows of videos; without a temporal head of
    /// each frame alone.
    ///
    /// # Panics
    /// If the width of the features is not the config's.
    pub fn forward_windows(&self, windows: &Windows) -> NetworkOutput {
        self.heads(self.read(windows))
    }

    /// The features that the heads read of the frames that are read in windows.
    ///
    /// # Shapes
    /// - output: `[frames, feature_width]`
    ///
    /// # Panics
    /// If the width of the features is not the config's.
    pub(crate) fn read(&self, windows: &Windows) -> Tensor<2> {
        match &self.temporal {
            None => windows.frames(),
            Some(temporal) => temporal.read(windows),
        }
    }

    /// The heads on features as they are.
    pub(crate) fn heads(&self, features: Tensor<2>) -> NetworkOutput {
        let scores = self.scores(&features, Tasks::ALL);
        let valence_arousal = scores.valence_arousal;
        NetworkOutput {
            action_units: scores.action_units,
            expression_logits: scores.expression_logits,
            valence_arousal: valence_arousal.expect("asked about, and every network has it"),
        }
    }

    /// The action units alone, if the network has such a head.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    /// - output: `[batch, action_units]`, each in [0, 1]
    ///
    /// # Panics
    /// If the width of `features` is not the config's.
    pub fn action_units(&self, features: Tensor<2>) -> Option<Tensor<2>> {
        match (&self.map_head, &self.action_unit) {
            (Some(head), _) => Some(head.forward_flat(features).action_units),
            (None, head) => head.as_ref().map(|head| head.forward(features)),
        }
    }

    /// What the other heads read of the features: all of them, or of a map its mean.
    pub(crate) fn pooled(&self, features: Tensor<2>) -> Tensor<2> {
        match &self.map_head {
            Some(head) => head.mean(features),
            None => features,
        }
    }

    /// The expression logits after the attention (Eq. 7), or as they are without one.
    ///
    /// # Shapes
    /// - `query`: `[batch, action_units]`, probabilities; where the [`Coupling`] of expressions is on,
    ///   `[batch, action_units + 2]`, valence and arousal behind them
    /// - `logits`: `[batch, expressions]`
    /// - output: `[batch, expressions]`
    ///
    /// # Panics
    /// If the shapes do not fit the network or each other.
    pub fn attend(&self, query: Tensor<2>, logits: Tensor<2>) -> Tensor<2> {
        match &self.attention {
            None => logits,
            Some(attention) => attention.forward(query, logits),
        }
    }

    /// The features of images.
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`, normalised as the backbone's weights ask for
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the network has no backbone.
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        let backbone = self
            .backbone
            .as_ref()
            .expect("only a network with a backbone reads images");
        self.config.feature.of(backbone, images)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::tensor::Device;

    use super::*;
    use crate::attention::Attention;
    use crate::backbone::{EfficientNetConfig, Variant};
    use crate::weights;

    /// The number of trained values: burn counts running statistics as parameters, the paper and
    /// PyTorch do not.
    fn trained<M: Module>(module: &M) -> usize {
        weights::slots(module)
            .into_iter()
            .filter(|(name, _)| !name.contains("running_"))
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }

    pub(super) fn small() -> NetworkConfig {
        NetworkConfig::new(10).with_attention(Attention::Additive { hidden: 5 })
    }

    #[test]
    fn the_authors_network_has_the_authors_number_of_parameters() {
        let network = NetworkConfig::mtl_abaw4().init(&Device::default());
        assert_eq!(trained(&network.action_unit), 23_289_640);
        assert_eq!(trained(&network.valence_arousal), 2_582);
        assert_eq!(trained(&network.expression), 10_312);
        assert_eq!(trained(&network.attention), 896);
    }

    #[test]
    fn counting_initialises_nothing() {
        struct Untouched;
        impl ModuleVisitor for Untouched {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let running = !param.is_initialized() || D == 1;
                assert!(running, "a parameter was initialised");
            }
        }
        let network = NetworkConfig::mtl_abaw4().init(&Device::default());
        trained(&network);
        network.visit(&mut Untouched);
    }

    #[test]
    fn a_network_prints_its_parts_and_their_settings() {
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        let config = NetworkConfig::paper(192).with_backbone(Some(backbone.into()));
        let printed = config.init(&Device::default()).to_string();
        let line = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "backbone: EfficientNet { feature_width: 192",
            "conv_stem: Conv2d {ch_in: 3, ch_out: 8, stride: [2, 2], kernel_size: [3, 3]",
            "SqueezeExcite {channels: 8, reduced: 2",
            "0: InvertedResidual { conv_pw: Conv2d {ch_in: 16",
            "DropPath {prob: 0.04}",
            "epsilon: 0.001",
            "ActionUnitHead { units: 12 feature_width: 192 neighbours: 4 similarity: Dot",
            "NodeFeatures { nodes: 12 width: 192",
            "Dropout {prob: 0.5}",
            "GraphConvolution { nodes: 12 width: 192",
            "ExpressionHead {feature_width: 192, classes: 8",
            "ValenceArousalHead { feature_width: 192",
            "CrossAttention { form: Elementwise inputs: 12",
            "feature: Pooled",
        ] {
            assert!(line.contains(part), "{part}: {printed}");
        }
        let additive = small().init(&Device::default()).to_string();
        let part = "form: Additive { hidden: 5 }";
        assert!(additive.contains(part), "{additive}");
    }
}
