//! The network's file: its tensors, with its config in the metadata.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde_json::{Value, json};

use super::{Coupling, Network, NetworkConfig};
use crate::config::text;
use crate::face::Crop;
use crate::label::AffectRange;
use crate::weights::native::{self, WeightsFile};
use crate::{Error, Result, weights};

pub(crate) const FORMAT_KEY: &str = "format";
pub(crate) const FORMAT: &str = "countenance";
pub(crate) const VERSION_KEY: &str = "version";
pub(crate) const VERSION: &str = "1";
pub(crate) const CONFIG_KEY: &str = "config";
/// The key under which the file names its kind of model; absent for [`Network`].
pub(crate) const KIND_KEY: &str = "kind";

impl Network {
    /// Writes the network and its config to one file, whole or not at all. Parts that were put in by
    /// hand are those of the config, or the file cannot be loaded.
    ///
    /// The file is safetensors: the tensors under their field paths, and in the metadata `format`
    /// ("countenance"), `version` ("1") and `config` (the config as JSON).
    ///
    /// # Errors
    /// [`Error::Io`] if the system refuses, [`Error::Argument`] if a setting of the config is outside
    /// its range.
    pub fn save(&self, path: &Path) -> Result<()> {
        native::write(path, &weights::collect(self), &self.metadata()?)
    }

    /// What stands in the metadata of its file.
    pub(crate) fn metadata(&self) -> Result<BTreeMap<String, String>> {
        self.config.validate()?;
        Ok(BTreeMap::from([
            (FORMAT_KEY.to_string(), FORMAT.to_string()),
            (VERSION_KEY.to_string(), VERSION.to_string()),
            (CONFIG_KEY.to_string(), text(&self.config, &later())),
        ]))
    }

    /// Reads a network and its config from a file that [`save`](Network::save) wrote.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is not a whole file of this
    /// kind and version or its config is not valid, [`Error::Weights`] if the tensors do not fit
    /// the config.
    pub fn load(path: &Path, device: &Device) -> Result<(Self, NetworkConfig)> {
        Self::from_file(path, native::read(path)?, device)
    }

    /// Takes the network out of the contents of the file at `path`.
    pub(crate) fn from_file(
        path: &Path,
        file: WeightsFile,
        device: &Device,
    ) -> Result<(Self, NetworkConfig)> {
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
        if let Some(kind) = entry(KIND_KEY) {
            let found = format!("a model of the kind {kind:?}");
            return Err(expect("a network that `train` writes", found));
        }
        let config = entry(CONFIG_KEY).unwrap_or_default();
        let mut older = vec![("crop", json!(Crop::Aligned))];
        older.extend(later());
        let config: NetworkConfig = crate::config::parse_older(config, &older)
            .map_err(|found| expect("a valid config", found))?;
        config
            .validate()
            .map_err(|error| expect("a valid config", error.to_string()))?;
        let network =
            weights::assign(config.init(device), file.tensors).map_err(Error::weights(path))?;
        Ok((network, config))
    }
}

/// The keys of a config that older files lack, with what they then mean; newer files lack them where that
/// is what they say.
fn later() -> [(&'static str, Value); 4] {
    [
        ("affect_range", json!(AffectRange::default())),
        ("map_head", Value::Null),
        ("coupling", json!(Coupling::new())),
        ("temporal", Value::Null),
    ]
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::{Distribution, Tensor, TensorData, Tolerance};

    use super::*;
    use crate::attention::Attention;
    use crate::backbone::{EfficientNetConfig, Variant};
    use crate::network::FeatureKind;
    use crate::network::tests::small;
    use crate::temporal::TemporalConfig;

    fn saved(network: &Network) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.safetensors");
        network.save(&path).expect("a saved network");
        (folder, path)
    }

    #[test]
    fn a_network_comes_back_bit_for_bit_with_its_config() {
        let device = Device::default();
        let training = device.clone().autodiff();
        let config = NetworkConfig::new(195)
            .with_attention(Attention::Additive { hidden: 5 })
            .with_backbone(Some(
                EfficientNetConfig::new(Variant::Tiny)
                    .with_classes(Some(3))
                    .into(),
            ))
            .with_feature(FeatureKind::PooledAndLogits)
            .with_neighbours(3);
        let network = config.init(&training);
        let features = Tensor::random([4, 195], Distribution::Normal(0.0, 1.0), &training);
        network.forward(features);

        let (_folder, path) = saved(&network);
        let (loaded, read) = Network::load(&path, &device).expect("the network");
        assert_eq!(read.to_string(), config.to_string());
        assert_eq!(weights::collect(&loaded), weights::collect(&network));

        let images = Tensor::random([2, 3, 32, 32], Distribution::Default, &device);
        let expected = network.valid();
        let left = loaded.features(images.clone());
        let right = expected.features(images);
        assert_eq!(left.dims(), [2, 195]);
        // A GPU may compute the second time with another kernel than the first.
        let same = |a: Tensor<2>, b: Tensor<2>| {
            let tolerance = Tolerance::rel_abs(1e-4, 1e-5);
            a.into_data()
                .assert_approx_eq::<f32>(&b.into_data(), tolerance);
        };
        same(left.clone(), right.clone());
        let (left, right) = (loaded.forward(left), expected.forward(right));
        same(left.action_units.unwrap(), right.action_units.unwrap());
        same(
            left.expression_logits.unwrap(),
            right.expression_logits.unwrap(),
        );
        same(left.valence_arousal, right.valence_arousal);

        let (_second, again) = saved(&loaded);
        let bytes = |path| std::fs::read(path).expect("bytes");
        assert_eq!(bytes(again), bytes(path));
    }

    #[test]
    fn metadata_that_is_wrong_is_named() {
        let device = Device::default();
        let config = small();
        let (folder, path) = saved(&config.init(&device));
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
            ("crop", json!("sideways"), "`aligned` or `box`"),
            ("affect_range", json!([9, 1]), "the smaller first"),
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
    fn a_file_from_before_crops_were_told_is_of_aligned_faces() {
        let device = Device::default();
        let config = small().with_crop(Crop::Box);
        let (folder, path) = saved(&config.init(&device));
        let (_, read) = Network::load(&path, &device).expect("the network");
        assert_eq!(read.crop, Crop::Box);

        let mut file = native::read(&path).expect("the file");
        let mut older = json!(config);
        older.as_object_mut().expect("keys").remove("crop");
        file.metadata.insert("config".into(), older.to_string());
        let tensors: Vec<_> = file.tensors.into_iter().collect();
        let path = folder.path().join("older.safetensors");
        native::write(&path, &tensors, &file.metadata).expect("a file");
        let (_, read) = Network::load(&path, &device).expect("the network");
        assert_eq!(read.crop, Crop::Aligned);
    }

    #[test]
    fn a_file_tells_the_range_of_valence_and_arousal_where_it_is_another_than_the_usual() {
        let device = Device::default();
        let range = AffectRange::new(1.0, 9.0).unwrap();
        for (given, is_told) in [(AffectRange::default(), false), (range, true)] {
            let config = small().with_affect_range(given);
            let (_folder, path) = saved(&config.init(&device));
            let file = native::read(&path).expect("the file");
            let written: serde_json::Value =
                serde_json::from_str(&file.metadata["config"]).expect("JSON");
            assert_eq!(written.get("affect_range").is_some(), is_told);
            assert_eq!(written["crop"], "aligned");
            let (_, read) = Network::load(&path, &device).expect("the network");
            assert_eq!(read.affect_range, given);
            assert_eq!(read.vocabulary().valence_arousal, Some(given));
        }
        // As it was written before there was any other range.
        let text = text(&small(), &later());
        assert!(text.ends_with("\"crop\": \"aligned\"\n}"), "{text}");
    }

    #[test]
    fn a_file_tells_the_coupling_where_there_is_one_and_it_comes_back() {
        let device = Device::default();
        let coupling = Coupling::new()
            .with_valence_arousal(Attention::Additive { hidden: 3 })
            .with_expression(true);
        for (given, is_told) in [(Coupling::new(), false), (coupling, true)] {
            let config = small().with_coupling(given.clone());
            let network = config.init(&device);
            let (_folder, path) = saved(&network);
            let file = native::read(&path).expect("the file");
            let written: Value = serde_json::from_str(&file.metadata["config"]).expect("JSON");
            assert_eq!(written.get("coupling").is_some(), is_told);
            let coupled = |name: &&String| name.starts_with("affect_attention.");
            assert_eq!(
                file.tensors.keys().filter(coupled).count(),
                3 * usize::from(is_told)
            );
            let (again, read) = Network::load(&path, &device).expect("the network");
            assert_eq!(read.coupling, given);
            assert_eq!(weights::collect(&again), weights::collect(&network));
        }
    }

    #[test]
    fn a_temporal_head_comes_back_with_its_settings_and_its_weights() {
        let device = Device::default();
        let temporal = TemporalConfig::new().with_width(8).with_causal(true);
        let config = small().with_temporal(Some(temporal));
        let network = config.init(&device);
        let (_folder, path) = saved(&network);
        let (loaded, read) = Network::load(&path, &device).expect("the network");
        assert_eq!(read.temporal, config.temporal);
        assert_eq!(weights::collect(&loaded), weights::collect(&network));
        assert!(loaded.temporal.is_some());
        // Without one nothing of it is in the file.
        assert!(!text(&small(), &later()).contains("temporal"));
    }

    #[test]
    fn weights_of_another_config_are_reported() {
        let device = Device::default();
        let config = small();
        let (folder, path) = saved(&config.init(&device));
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
    fn a_network_whose_config_was_spoilt_is_not_saved() {
        let device = Device::default();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.safetensors");
        let mut network = small().init(&device);
        network.config.neighbours = 0;
        network
            .save(&path)
            .expect_err("a setting outside its range");
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
