//! What one model file holds: a network or a blend of several, and a tuning.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Model;
use super::file::{check_version, invalid};
use crate::calibrate::{BlendPlan, BlendWeights, Tuning};
use crate::network::{CONFIG_KEY, FORMAT, FORMAT_KEY, KIND_KEY, VERSION, VERSION_KEY};
use crate::weights::native::{self, WeightsFile};
use crate::{Error, Result};

/// What `kind` says in the metadata of a blend.
pub(crate) const BLEND: &str = "blend";
/// The key under which a file holds its [`Tuning`]; absent where there is none.
const TUNING_KEY: &str = "tuning";

/// A network or several, what each of them weighs, and what is done with their scores.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("blend.safetensors");
/// use burn::tensor::Device;
/// use countenance::calibrate::{BlendWeights, Tuning};
/// use countenance::model::{ModelConfig, StoredModel};
/// use countenance::network::NetworkConfig;
/// use countenance::predict::Predictor;
///
/// let device = Device::default();
/// let config = ModelConfig::Network(NetworkConfig::paper(16));
/// let stored = StoredModel {
///     models: vec![config.init(&device), config.init(&device)],
///     weights: BlendWeights::equal(2),
///     tuning: Tuning::default(),
/// };
/// stored.save(&path)?;
/// let predictor = Predictor::load_on(&path, &device)?;
/// assert_eq!(predictor.members().len(), 2);
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoredModel {
    /// At least one network.
    pub models: Vec<Model>,
    /// What each of them weighs.
    pub weights: BlendWeights,
    /// What is done with their scores; by default nothing.
    pub tuning: Tuning,
}

/// The config of a blend.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlendConfig {
    members: Vec<MemberConfig>,
    weights: BlendWeights,
}

/// One of a blend's networks, whose tensors have its number and a dot before their names.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberConfig {
    /// As the metadata of a file of this network alone have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    config: Value,
}

impl StoredModel {
    /// The most networks of a blend.
    pub const MOST: usize = 64;

    /// Writes everything to one file, whole or not at all. One network that is not tuned has the file of
    /// [`Model::save`].
    ///
    /// Of several, `kind` in the metadata is "blend", and `config` holds the kind and the config of each
    /// and the weights; the tensors of the first are called `0.` and their path, and so on. A tuning stands
    /// under `tuning`, as JSON.
    ///
    /// # Errors
    /// [`Error::Io`] if the system refuses, [`Error::Argument`] if a setting of a config is outside its
    /// range, there is no network or more than [`MOST`](Self::MOST), the weights are not as many, the
    /// networks cannot be blended, or the tuning is of something else.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.check()?;
        let mut metadata = match &self.models[..] {
            [alone] => alone.metadata()?,
            several => self.blend_metadata(several)?,
        };
        if self.tuning != Tuning::default() {
            let tuning = serde_json::to_string(&self.tuning)
                .map_err(|error| Error::argument("the tuning", "one that JSON can hold", error))?;
            metadata.insert(TUNING_KEY.into(), tuning);
        }
        let tensors = match &self.models[..] {
            [alone] => alone.collect(),
            several => {
                let members = several.iter().enumerate();
                let tensors = members.flat_map(|(member, model)| {
                    let tensors = model.collect().into_iter();
                    tensors.map(move |(name, data)| (format!("{member}.{name}"), data))
                });
                tensors.collect()
            }
        };
        native::write(path, &tensors, &metadata)
    }

    /// Reads a file of this crate.
    ///
    /// # Errors
    /// See [`Network::load`](crate::network::Network::load).
    pub(crate) fn load_own(path: &Path, device: &Device) -> Result<Self> {
        let mut file = native::read(path)?;
        let tuning = file.metadata.remove(TUNING_KEY);
        let (models, weights) = match file.metadata.get(KIND_KEY).map(String::as_str) {
            Some(BLEND) => members(path, file, device)?,
            _ => {
                let model = Model::from_file(path, file, device)?;
                (vec![model], BlendWeights::equal(1))
            }
        };
        let tuning = match tuning {
            None => Tuning::default(),
            Some(json) => serde_json::from_str(&json)
                .map_err(|error| Error::file(path, "a valid tuning", error.to_string()))?,
        };
        let stored = Self {
            models,
            weights,
            tuning,
        };
        match stored.check() {
            Ok(()) => Ok(stored),
            Err(error) => Err(Error::file(
                path,
                "a model whose parts fit each other",
                error.to_string(),
            )),
        }
    }

    fn check(&self) -> Result<()> {
        let count = self.models.len();
        if !(1..=Self::MOST).contains(&count) {
            let expected = format!("1 to {} networks", Self::MOST);
            return Err(Error::argument("a blend", expected, count));
        }
        self.weights.validate(count)?;
        let vocabularies = self.models.iter().map(|model| model.config().vocabulary());
        let vocabularies: Vec<_> = vocabularies.collect();
        self.tuning.validate()?;
        match &vocabularies[..] {
            [only] => self.tuning.is_for(only),
            several => {
                let plan = BlendPlan::new(&several.iter().collect::<Vec<_>>())?;
                self.tuning.is_for(plan.vocabulary())
            }
        }
    }

    fn blend_metadata(&self, models: &[Model]) -> Result<BTreeMap<String, String>> {
        let members = models.iter().map(|model| {
            let mut metadata = model.metadata()?;
            let config = metadata.remove(CONFIG_KEY).unwrap_or_default();
            Ok(MemberConfig {
                kind: metadata.remove(KIND_KEY),
                config: serde_json::from_str(&config)
                    .map_err(|error| Error::argument("config", "JSON", error))?,
            })
        });
        let config = BlendConfig {
            members: members.collect::<Result<_>>()?,
            weights: self.weights.clone(),
        };
        let config = serde_json::to_string(&config)
            .map_err(|error| Error::argument("config", "one that JSON can hold", error))?;
        Ok(BTreeMap::from([
            (FORMAT_KEY.to_string(), FORMAT.to_string()),
            (VERSION_KEY.to_string(), VERSION.to_string()),
            (KIND_KEY.to_string(), BLEND.to_string()),
            (CONFIG_KEY.to_string(), config),
        ]))
    }
}

/// The networks of a blend's file, and their weights.
fn members(path: &Path, file: WeightsFile, device: &Device) -> Result<(Vec<Model>, BlendWeights)> {
    check_version(path, &file.metadata)?;
    let config = file.metadata.get(CONFIG_KEY).map(String::as_str);
    let BlendConfig { members, weights } = serde_json::from_str(config.unwrap_or_default())
        .map_err(|error| invalid(path, error.to_string()))?;
    if !(2..=StoredModel::MOST).contains(&members.len()) {
        let expected = format!("a blend of 2 to {} networks", StoredModel::MOST);
        return Err(Error::file(path, expected, members.len().to_string()));
    }
    let mut tensors = vec![BTreeMap::new(); members.len()];
    for (name, data) in file.tensors {
        let place = name.split_once('.').and_then(|(member, own)| {
            let number: usize = member.parse().ok()?;
            // `00.` or `+0.` would take the place of what `0.` has.
            let is_plain = number.to_string() == member;
            let tensors = tensors.get_mut(number).filter(|_| is_plain)?;
            Some((tensors, own.to_string()))
        });
        let Some((tensors, own)) = place else {
            let expected = format!("tensors of its {} networks alone", members.len());
            return Err(Error::file(path, expected, format!("the tensor {name:?}")));
        };
        tensors.insert(own, data);
    }
    let models = members.into_iter().zip(tensors).enumerate();
    let models = models.map(|(number, (member, tensors))| {
        let mut metadata = BTreeMap::from([
            (FORMAT_KEY.to_string(), FORMAT.to_string()),
            (VERSION_KEY.to_string(), VERSION.to_string()),
            (CONFIG_KEY.to_string(), member.config.to_string()),
        ]);
        metadata.extend(member.kind.map(|kind| (KIND_KEY.to_string(), kind)));
        let file = WeightsFile { tensors, metadata };
        Model::from_file(path, file, device).map_err(|error| of_member(number, error))
    });
    Ok((models.collect::<Result<_>>()?, weights))
}

/// The error of one of a blend's networks.
fn of_member(number: usize, error: Error) -> Error {
    match error {
        Error::File {
            path,
            expected,
            found,
        } => Error::File {
            path,
            expected: format!("of its network {number} {expected}"),
            found,
        },
        Error::Weights { path, report } => Error::Weights {
            path,
            report: Box::new(report.prefixed(&format!("{number}."))),
        },
        other => other,
    }
}
