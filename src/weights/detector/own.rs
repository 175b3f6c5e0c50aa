//! The crate's own file of a detector: one safetensors that says in its metadata which one.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use crate::face::DetectorNetwork;
use crate::face::mtcnn::Mtcnn;
use crate::face::yunet::YuNetConfig;
use crate::network::{CONFIG_KEY, FORMAT, FORMAT_KEY, KIND_KEY, VERSION, VERSION_KEY};
use crate::weights::{assign, collect, native, slots};
use crate::{Error, Result};

/// What `kind` says in the metadata.
pub(crate) const DETECTOR: &str = "detector";

/// What the metadata say of a detector.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnConfig {
    network: OwnNetwork,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OwnNetwork {
    Yunet,
    Mtcnn,
}

impl OwnNetwork {
    /// The published network, its weights drawn.
    fn init(self, device: &Device) -> DetectorNetwork {
        match self {
            Self::Yunet => DetectorNetwork::YuNet(Box::new(YuNetConfig::new().init(device))),
            Self::Mtcnn => DetectorNetwork::Mtcnn(Box::new(Mtcnn::new(device))),
        }
    }
}

/// Writes a detector to one file, whole or not at all: safetensors with the tensors under their field
/// paths, and in the metadata `format`, `version`, `kind` ("detector") and `config` (which one, as JSON).
///
/// # Errors
/// [`Error::Io`] if the system refuses, [`Error::Argument`] if the network is not of the published
/// size: the file could not be loaded.
pub fn save_detector(detector: &DetectorNetwork, path: &Path) -> Result<()> {
    let device = Device::default();
    match detector {
        DetectorNetwork::YuNet(network) => {
            let published = YuNetConfig::new().init(&device);
            write(path, OwnNetwork::Yunet, network.as_ref(), &published)
        }
        DetectorNetwork::Mtcnn(network) => {
            let published = Mtcnn::new(&device);
            write(path, OwnNetwork::Mtcnn, network.as_ref(), &published)
        }
    }
}

fn write<M: Module>(path: &Path, network: OwnNetwork, module: &M, published: &M) -> Result<()> {
    if slots(module) != slots(published) {
        let found = "one with other channels";
        return Err(Error::argument(
            "the detector",
            "the published network",
            found,
        ));
    }
    let config = serde_json::to_string(&OwnConfig { network })
        .map_err(|error| Error::argument("config", "one that JSON can hold", error))?;
    let metadata = BTreeMap::from([
        (FORMAT_KEY.to_string(), FORMAT.to_string()),
        (VERSION_KEY.to_string(), VERSION.to_string()),
        (KIND_KEY.to_string(), DETECTOR.to_string()),
        (CONFIG_KEY.to_string(), config),
    ]);
    native::write(path, &collect(module), &metadata)
}

/// Reads a detector that [`save_detector`] wrote, and how many tensors it has.
///
/// # Errors
/// [`Error::File`] if the file is broken, of another version or of no known detector;
/// [`Error::Weights`] if its tensors do not fit.
pub(super) fn load(path: &Path, device: &Device) -> Result<(DetectorNetwork, usize)> {
    let file = native::read(path)?;
    let entry = |key| file.metadata.get(key).map(String::as_str);
    if entry(VERSION_KEY) != Some(VERSION) {
        let expected = format!("version {VERSION} of the format");
        let found = format!("version {:?}", entry(VERSION_KEY));
        return Err(Error::file(path, expected, found));
    }
    let config: OwnConfig = serde_json::from_str(entry(CONFIG_KEY).unwrap_or_default())
        .map_err(|error| Error::file(path, "a valid config", error.to_string()))?;
    let count = file.tensors.len();
    let refused = Error::weights(path);
    let network = match config.network.init(device) {
        DetectorNetwork::YuNet(network) => {
            let network = assign(*network, file.tensors).map_err(refused)?;
            DetectorNetwork::YuNet(Box::new(network))
        }
        DetectorNetwork::Mtcnn(network) => {
            let network = assign(*network, file.tensors).map_err(refused)?;
            DetectorNetwork::Mtcnn(Box::new(network))
        }
    };
    Ok((network, count))
}
