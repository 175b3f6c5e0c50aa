//! The crate's own file of any model: one safetensors with the config in its metadata.

use std::collections::BTreeMap;
use std::path::Path;

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, TensorData};

use super::{
    Baseline, BaselineConfig, Classifier, ClassifierConfig, MeGraphAu, MeGraphAuConfig, Model,
    ModelConfig, OpenFace3, OpenFace3Config,
};
use crate::face::Crop;
use crate::network::{CONFIG_KEY, FORMAT, FORMAT_KEY, KIND_KEY, Network, VERSION, VERSION_KEY};
use crate::weights::native::{self, WeightsFile};
use crate::{Error, Result, weights};

const CLASSIFIER: &str = "classifier";
const OPENFACE3: &str = "openface3";
const ME_GRAPH_AU: &str = "me-graphau";
const BASELINE: &str = "baseline";

impl Model {
    /// Writes the model and its config to one file, whole or not at all.
    ///
    /// The file is that of [`Network::save`]; of the other models, the metadata names the kind.
    ///
    /// # Errors
    /// [`Error::Io`] if the system refuses, [`Error::Argument`] if a setting of the config is outside
    /// its range.
    pub fn save(&self, path: &Path) -> Result<()> {
        native::write(path, &self.collect(), &self.metadata()?)
    }

    /// Reads a model and its config from any file that [`weights::import()`] reads, with its default
    /// options; what was guessed then is in an [`Import`](weights::Import) alone.
    ///
    /// # Errors
    /// See [`weights::import()`].
    pub fn load(path: &Path, device: &Device) -> Result<(Self, ModelConfig)> {
        let imported = weights::import(path, &weights::ImportOptions::default(), device)?;
        Ok((imported.model, imported.config))
    }

    /// What stands in the metadata of its file.
    pub(super) fn metadata(&self) -> Result<BTreeMap<String, String>> {
        self.config().validate()?;
        match self {
            Self::Network(network) => network.metadata(),
            Self::Classifier(network) => metadata(CLASSIFIER, &network.config),
            Self::OpenFace3(network) => metadata(OPENFACE3, &network.config),
            Self::MeGraphAu(network) => metadata(ME_GRAPH_AU, &network.config),
            Self::Baseline(network) => metadata(BASELINE, &network.config),
        }
    }

    /// Takes the model out of the contents of the file of this crate at `path`.
    ///
    /// # Errors
    /// See [`Network::load`].
    pub(super) fn from_file(path: &Path, file: WeightsFile, device: &Device) -> Result<Self> {
        match file.metadata.get(KIND_KEY).map(String::as_str) {
            Some(CLASSIFIER) => {
                let (config, tensors) = contents(path, file)?;
                let config: ClassifierConfig = config;
                config
                    .validate()
                    .map_err(|error| invalid(path, error.to_string()))?;
                let network: Classifier = fill(path, config.init(device), tensors)?;
                Ok(Self::Classifier(Box::new(network)))
            }
            Some(OPENFACE3) => {
                let (config, tensors) = contents(path, file)?;
                let config: OpenFace3Config = config;
                config
                    .validate()
                    .map_err(|error| invalid(path, error.to_string()))?;
                let network: OpenFace3 = fill(path, config.init(device), tensors)?;
                Ok(Self::OpenFace3(Box::new(network)))
            }
            Some(ME_GRAPH_AU) => {
                let (config, tensors) = contents(path, file)?;
                let config: MeGraphAuConfig = config;
                config
                    .validate()
                    .map_err(|error| invalid(path, error.to_string()))?;
                let network: MeGraphAu = fill(path, config.init(device), tensors)?;
                Ok(Self::MeGraphAu(Box::new(network)))
            }
            Some(BASELINE) => {
                let (config, tensors) = contents(path, file)?;
                let config: BaselineConfig = config;
                config
                    .validate()
                    .map_err(|error| invalid(path, error.to_string()))?;
                let network: Baseline = fill(path, config.init(device), tensors)?;
                Ok(Self::Baseline(Box::new(network)))
            }
            Some(weights::DETECTOR) => Err(weights::finds_faces(path)),
            Some(other) => Err(Error::file(
                path,
                "a model that this version knows",
                format!("one of the kind {other:?}"),
            )),
            None => {
                let (network, _) = Network::from_file(path, file, device)?;
                Ok(Self::Network(Box::new(network)))
            }
        }
    }
}

fn metadata(kind: &str, config: &impl Config) -> Result<BTreeMap<String, String>> {
    Ok(BTreeMap::from([
        (FORMAT_KEY.to_string(), FORMAT.to_string()),
        (VERSION_KEY.to_string(), VERSION.to_string()),
        (KIND_KEY.to_string(), kind.to_string()),
        (
            CONFIG_KEY.to_string(),
            serde_json::to_string(config)
                .map_err(|error| Error::argument("config", "one that JSON can hold", error))?,
        ),
    ]))
}

/// The config and the tensors of a file of this crate.
fn contents<C: Config>(
    path: &Path,
    file: WeightsFile,
) -> Result<(C, BTreeMap<String, TensorData>)> {
    check_version(path, &file.metadata)?;
    let config = file.metadata.get(CONFIG_KEY).map(String::as_str);
    let later = [("crop", serde_json::json!(Crop::Box))];
    let config = crate::config::parse_older(config.unwrap_or_default(), &later)
        .map_err(|found| invalid(path, found))?;
    Ok((config, file.tensors))
}

/// Refuses a file of another format or version.
pub(super) fn check_version(path: &Path, metadata: &BTreeMap<String, String>) -> Result<()> {
    let entry = |key| metadata.get(key).map(String::as_str);
    if (entry(FORMAT_KEY), entry(VERSION_KEY)) == (Some(FORMAT), Some(VERSION)) {
        return Ok(());
    }
    let expected = format!("a file of this crate of version {VERSION}");
    let found = format!("version {:?}", entry(VERSION_KEY));
    Err(Error::file(path, expected, found))
}

fn fill<M: Module>(path: &Path, network: M, tensors: BTreeMap<String, TensorData>) -> Result<M> {
    weights::assign(network, tensors).map_err(Error::weights(path))
}

pub(super) fn invalid(path: &Path, found: String) -> Error {
    Error::file(path, "a valid config", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Expression;
    use crate::backbone::{EfficientNetConfig, Variant};

    #[test]
    fn the_crop_is_read_back_and_a_file_from_before_it_was_told_is_of_boxes() {
        let folder = tempfile::tempdir().unwrap();
        let device = Device::default();
        let tiny = EfficientNetConfig::new(Variant::Tiny);
        let classes = vec![Expression::Fear, Expression::Anger];
        let classifier = ClassifierConfig::new(tiny.clone().with_classes(Some(2)).into(), classes);
        for config in [
            ModelConfig::Classifier(classifier.with_crop(Crop::Aligned)),
            ModelConfig::OpenFace3(OpenFace3Config::new(tiny.into()).with_crop(Crop::Aligned)),
        ] {
            let path = folder.path().join("model.safetensors");
            config.init(&device).save(&path).unwrap();
            assert_eq!(Model::load(&path, &device).unwrap().1.crop(), Crop::Aligned);

            let file = native::read(&path).unwrap();
            let tensors: Vec<_> = file.tensors.into_iter().collect();
            let load = |crop: &str| {
                let mut metadata = file.metadata.clone();
                let config = metadata[CONFIG_KEY].replace(r#","crop":"aligned""#, crop);
                assert_ne!(config, metadata[CONFIG_KEY]);
                metadata.insert(CONFIG_KEY.into(), config);
                native::write(&path, &tensors, &metadata).unwrap();
                Model::load(&path, &device).map(|(_, config)| config.crop())
            };
            assert_eq!(load("").unwrap(), Crop::Box);
            let error = load(r#","crop":"round""#).unwrap_err();
            assert!(matches!(error, Error::File { .. }), "{error:?}");
            assert!(error.to_string().contains("`aligned` or `box`"), "{error}");
        }
    }
}
