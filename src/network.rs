//! The whole network, its config and its file.

use std::collections::BTreeMap;
use std::path::Path;

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::attention::{Attention, CrossAttention};
use crate::backbone::{EfficientNet, EfficientNetConfig};
use crate::graph::Similarity;
use crate::head::{
    ActionUnitHead, ActionUnitHeadConfig, ExpressionHead, ExpressionHeadConfig, NodeMap,
    ValenceArousalHead, ValenceArousalHeadConfig,
};
use crate::weights::native;
use crate::{Error, Result, weights};

/// What of the backbone is the image feature X.
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

/// Which tasks a network was trained for; it has no scores for the others.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub struct Tasks {
    /// Action units.
    #[config(default = true)]
    pub action_unit: bool,
    /// Expressions.
    #[config(default = true)]
    pub expression: bool,
    /// Valence and arousal.
    #[config(default = true)]
    pub valence_arousal: bool,
}

/// Configuration of [`Network`].
#[derive(Config, Debug)]
pub struct NetworkConfig {
    /// The network from image to feature. Default: none, the network takes features.
    pub backbone: Option<EfficientNetConfig>,
    /// What of the backbone is the feature. Default: [`FeatureKind::Pooled`].
    #[config(default = "FeatureKind::Pooled")]
    pub feature: FeatureKind,
    /// Width of the feature, 1 to 16384. With a backbone it must be what `feature` says.
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
    /// [`Error::Argument`] that names the first setting outside its range.
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
            Some(backbone) => self.validate_backbone(backbone),
        }
    }

    fn validate_backbone(&self, backbone: &EfficientNetConfig) -> Result<()> {
        probability("backbone.drop_path", backbone.drop_path)?;
        probability("backbone.dropout", backbone.dropout)?;
        if let Some(momentum) = backbone.momentum {
            let fits = (0.0..=1.0).contains(&momentum);
            setting("backbone.momentum", fits, "0 to 1", momentum)?;
        }
        for (name, factor) in [
            ("backbone.width", backbone.width),
            ("backbone.depth", backbone.depth),
        ] {
            setting(name, factor > 0.0 && factor <= 8.0, "above 0, to 8", factor)?;
        }
        if let Some(classes) = backbone.classes {
            within("backbone.classes", classes, 4_096)?;
        }
        let width = self.feature.width(backbone)?;
        setting(
            "feature_width",
            self.feature_width == width,
            &format!("{width}, the width of the backbone's feature"),
            self.feature_width,
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
            feature: self.feature,
        }
    }
}

fn within(what: &str, found: usize, most: usize) -> Result<()> {
    let fits = (1..=most).contains(&found);
    setting(what, fits, &format!("1 to {most}"), found)
}

fn probability(what: &str, found: f64) -> Result<()> {
    setting(what, (0.0..1.0).contains(&found), "0 to below 1", found)
}

fn setting(what: &str, fits: bool, expected: &str, found: impl std::fmt::Display) -> Result<()> {
    match fits {
        true => Ok(()),
        false => Err(Error::argument(what, expected, found)),
    }
}

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
/// The field names are the names in the [file](Network::save).
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::network::NetworkConfig;
///
/// let device = Device::default();
/// let network = NetworkConfig::paper(40).init(&device);
/// let output = network.forward(Tensor::zeros([2, 40], &device));
/// assert_eq!(output.action_units.dims(), [2, 12]);
/// assert_eq!(output.expression_logits.dims(), [2, 8]);
/// assert_eq!(output.valence_arousal.dims(), [2, 2]);
/// ```
#[derive(Module, Debug)]
pub struct Network {
    /// Image to feature, if the network has it.
    pub backbone: Option<EfficientNet>,
    /// Feature to action units.
    pub action_unit: ActionUnitHead,
    /// Feature to expression logits.
    pub expression: ExpressionHead,
    /// Feature to valence and arousal.
    pub valence_arousal: ValenceArousalHead,
    /// Action units attending to expression logits, if they do.
    pub attention: Option<CrossAttention>,
    /// What of the backbone is the feature.
    #[module(skip)]
    pub feature: FeatureKind,
}

/// What a [`Network`] says of a batch.
#[derive(Clone, Debug)]
pub struct NetworkOutput {
    /// `[batch, action_units]`, probabilities in [0, 1].
    pub action_units: Tensor<2>,
    /// `[batch, expressions]`, logits after the attention.
    pub expression_logits: Tensor<2>,
    /// `[batch, 2]`, valence then arousal, each in [-1, 1].
    pub valence_arousal: Tensor<2>,
}

impl Network {
    /// All three tasks at once.
    ///
    /// # Shapes
    /// - `features`: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the width of `features` is not the config's.
    pub fn forward(&self, features: Tensor<2>) -> NetworkOutput {
        let action_units = self.action_unit.forward(features.clone());
        let logits = self.expression.forward(features.clone());
        NetworkOutput {
            expression_logits: self.attend(action_units.clone(), logits),
            action_units,
            valence_arousal: self.valence_arousal.forward(features),
        }
    }

    /// The expression logits after the attention (Eq. 7), or as they are without one.
    ///
    /// # Shapes
    /// - `action_units`: `[batch, action_units]`, probabilities
    /// - `logits`: `[batch, expressions]`
    /// - output: `[batch, expressions]`
    ///
    /// # Panics
    /// If the shapes do not fit the network or each other.
    pub fn attend(&self, action_units: Tensor<2>, logits: Tensor<2>) -> Tensor<2> {
        match &self.attention {
            None => logits,
            Some(attention) => attention.forward(action_units, logits),
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
        self.feature.of(backbone, images)
    }

    /// Writes the network and its config to one file, whole or not at all.
    ///
    /// The file is safetensors: the tensors under their field paths, and in the metadata `format`
    /// ("countenance"), `version` ("1") and `config` (the config as JSON).
    ///
    /// # Errors
    /// [`Error::Io`] if the system refuses, [`Error::Argument`] if the network is not one of
    /// `config`: the file could not be loaded.
    pub fn save(&self, config: &NetworkConfig, path: &Path) -> Result<()> {
        config.validate()?;
        let device = Device::default();
        if weights::slots(&config.init(&device)) != weights::slots(self) {
            let expected = "the config that the network was made from";
            return Err(Error::argument("config", expected, config));
        }
        let metadata = BTreeMap::from([
            (FORMAT_KEY.to_string(), FORMAT.to_string()),
            (VERSION_KEY.to_string(), VERSION.to_string()),
            (CONFIG_KEY.to_string(), config.to_string()),
        ]);
        native::write(path, &weights::collect(self), &metadata)
    }

    /// Reads a network and its config from a file that [`save`](Network::save) wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is not a whole file of this
    /// kind and version or its config is not valid, [`Error::Weights`] if the tensors do not fit
    /// the config.
    pub fn load(path: &Path, device: &Device) -> Result<(Self, NetworkConfig)> {
        let file = native::read(path)?;
        let entry = |key| file.metadata.get(key).map(String::as_str);
        let expect = |expected: &str, found: String| Error::file(path, expected, found);

        match entry(FORMAT_KEY) {
            Some(FORMAT) => {}
            found => {
                let expected = "a network saved by countenance (convert other checkpoints first)";
                let found = found.map_or("no such mark in the metadata".into(), |found| {
                    format!("the format {found:?}")
                });
                return Err(expect(expected, found));
            }
        }
        match entry(VERSION_KEY) {
            Some(VERSION) => {}
            found => {
                let expected = format!("version {VERSION} of the format");
                return Err(expect(&expected, format!("version {found:?}")));
            }
        }
        let config = entry(CONFIG_KEY).unwrap_or_default();
        let config: NetworkConfig =
            crate::config::parse(config).map_err(|found| expect("a valid config", found))?;
        config
            .validate()
            .map_err(|error| expect("a valid config", error.to_string()))?;
        let network =
            weights::assign(config.init(device), file.tensors).map_err(Error::weights(path))?;
        Ok((network, config))
    }
}

const FORMAT_KEY: &str = "format";
const FORMAT: &str = "countenance";
const VERSION_KEY: &str = "version";
const VERSION: &str = "1";
const CONFIG_KEY: &str = "config";

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::tensor::{Distribution, TensorData};
    use serde_json::json;

    use super::*;
    use crate::backbone::Variant;

    /// The number of trained values: burn counts running statistics as parameters, the paper and
    /// PyTorch do not.
    fn trained<M: Module>(module: &M) -> usize {
        weights::slots(module)
            .into_iter()
            .filter(|(name, _)| !name.contains("running_"))
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }

    fn small() -> NetworkConfig {
        NetworkConfig::new(10).with_attention(Attention::Additive { hidden: 5 })
    }

    fn saved(network: &Network, config: &NetworkConfig) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.safetensors");
        network.save(config, &path).expect("a saved network");
        (folder, path)
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
    fn counting_and_printing_initialise_nothing() {
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
    fn a_network_prints_its_parts() {
        let printed = small().init(&Device::default()).to_string();
        for part in [
            "ActionUnitHead",
            "ExpressionHead",
            "ValenceArousalHead",
            "CrossAttention",
        ] {
            assert!(printed.contains(part), "{printed}");
        }
    }

    #[test]
    fn a_network_comes_back_bit_for_bit_with_its_config() {
        let device = Device::default();
        let training = device.clone().autodiff();
        let config = NetworkConfig::new(195)
            .with_attention(Attention::Additive { hidden: 5 })
            .with_backbone(Some(
                EfficientNetConfig::new(Variant::Tiny).with_classes(Some(3)),
            ))
            .with_feature(FeatureKind::PooledAndLogits)
            .with_neighbours(3);
        let network = config.init(&training);
        let features = Tensor::random([4, 195], Distribution::Normal(0.0, 1.0), &training);
        network.forward(features);

        let (_folder, path) = saved(&network, &config);
        let (loaded, read) = Network::load(&path, &device).expect("the network");
        assert_eq!(read.to_string(), config.to_string());
        assert_eq!(weights::collect(&loaded), weights::collect(&network));

        let images = Tensor::random([2, 3, 32, 32], Distribution::Default, &device);
        let expected = network.valid();
        let left = loaded.features(images.clone());
        let right = expected.features(images);
        assert_eq!(left.dims(), [2, 195]);
        left.to_data().assert_eq(&right.to_data(), true);
        let (left, right) = (loaded.forward(left), expected.forward(right));
        let same = |a: Tensor<2>, b: Tensor<2>| a.into_data().assert_eq(&b.into_data(), true);
        same(left.action_units, right.action_units);
        same(left.expression_logits, right.expression_logits);
        same(left.valence_arousal, right.valence_arousal);

        let (_second, again) = saved(&loaded, &read);
        let bytes = |path| std::fs::read(path).expect("bytes");
        assert_eq!(bytes(again), bytes(path));
    }

    #[test]
    fn metadata_that_is_wrong_is_named() {
        let device = Device::default();
        let config = small();
        let (folder, path) = saved(&config.init(&device), &config);
        let file = native::read(&path).expect("the file");
        let tensors: Vec<(String, TensorData)> = file.tensors.into_iter().collect();
        let load = |key: &str, value: &str| {
            let mut metadata = file.metadata.clone();
            metadata.insert(key.into(), value.into());
            let path = folder.path().join("other.safetensors");
            native::write(&path, &tensors, &metadata).expect("a file");
            let error = Network::load(&path, &device).expect_err(value);
            assert!(matches!(error, Error::File { .. }), "{error:?}");
            error.to_string()
        };
        for (key, value, named) in [
            ("format", "onnx", "onnx"),
            ("version", "2", "2"),
            ("config", "{", "EOF"),
            ("config", "{}", "missing field"),
        ] {
            let error = load(key, value);
            assert!(error.contains(named), "{error}");
        }

        let backbone = json!(EfficientNetConfig::new(Variant::B0));
        let wide = json!(EfficientNetConfig::new(Variant::B0).with_width(1e300));
        for (key, value, named) in [
            ("colour", json!(1), "colour"),
            (
                "attention",
                json!({"Additive": {"hidden": 5, "heads": 1}}),
                "heads",
            ),
            ("attention", json!({"Additive": {"hidden": 0}}), "hidden"),
            ("attention", json!("Sideways"), "Sideways"),
            ("neighbours", json!(13), "neighbours"),
            ("feature_width", json!(99_999_999_999u64), "feature_width"),
            ("feature_width", json!(-1), "-1"),
            ("dropout", json!(1.0), "dropout"),
            ("backbone", backbone, "1280"),
            ("backbone", wide, "backbone.width"),
        ] {
            let mut other = json!(config);
            other[key] = value;
            let error = load("config", &other.to_string());
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn weights_of_another_config_are_reported() {
        let device = Device::default();
        let config = small();
        let (folder, path) = saved(&config.init(&device), &config);
        let mut file = native::read(&path).expect("the file");
        let mut wider = config;
        wider.feature_width = 11;
        file.metadata.insert("config".into(), wider.to_string());
        let tensors: Vec<_> = file.tensors.into_iter().collect();
        let path = folder.path().join("other.safetensors");
        native::write(&path, &tensors, &file.metadata).expect("a file");
        let error = Network::load(&path, &device).expect_err("another width");
        let Error::Weights { report, .. } = &error else {
            panic!("{error}");
        };
        assert!(report.missing.is_empty());
        let shapes = "action_unit.graph.u.bias: expected [11], found [10]";
        assert!(error.to_string().contains(shapes), "{error}");
    }

    #[test]
    fn a_network_is_not_saved_with_the_config_of_another() {
        let device = Device::default();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.safetensors");
        let network = small().init(&device);
        let other = small().with_attention(Attention::None);
        network.save(&other, &path).expect_err("another config");
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_another_kind_is_not_a_network() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.safetensors");
        let device = Device::default();
        let error = Network::load(&path, &device).expect_err("no file");
        assert!(matches!(error, Error::Io { .. }), "{error}");
        std::fs::write(&path, b"PK\x03\x04 a zip archive").expect("a file");
        let error = Network::load(&path, &device).expect_err("another kind");
        assert!(matches!(error, Error::File { .. }), "{error}");
        native::write(&path, &[], &BTreeMap::new()).expect("a file");
        let error = Network::load(&path, &device).expect_err("no metadata");
        assert!(error.to_string().contains("convert"), "{error}");
    }
}
