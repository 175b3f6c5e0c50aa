//! From a model to the names that PyTorch programs expect.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::layout::{self, Place};
use super::timm::{CLASSIFIER, backbone_places};
use super::{mtl_abaw4, native};
use crate::model::{Model, ModelConfig};
use crate::{Error, Result};

/// A program that a file is exported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportTarget {
    /// timm: the model's EfficientNet, with its classifier if it has one.
    Timm,
    /// The program of the paper's authors: the multi-task network, with its backbone if it has one.
    MtlAbaw4,
}

/// Writes a model as a safetensors file for another program.
///
/// Norms' batch counters are not written: PyTorch takes them for zero where they are absent, in
/// strict loading too. Returns the parameters of the model that the program has no place for, such as
/// the heads of a network whose backbone is written for timm.
///
/// # Errors
/// [`Error::Argument`] if the model is not one that the program has, [`Error::Io`] if the system
/// refuses.
pub fn export(
    model: &Model,
    config: &ModelConfig,
    target: ExportTarget,
    path: &Path,
) -> Result<Vec<String>> {
    let places = match target {
        ExportTarget::Timm => timm_places(model)?,
        ExportTarget::MtlAbaw4 => mtl_places(model, config)?,
    };
    let tensors: BTreeMap<_, _> = model.collect().into_iter().collect();
    // The mark that PyTorch's own writers leave.
    let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
    native::write(path, &layout::export(&tensors, &places), &metadata)?;
    let written = |name: &String| places.iter().any(|place| place.path == *name);
    Ok(tensors.into_keys().filter(|name| !written(name)).collect())
}

fn timm_places(model: &Model) -> Result<Vec<Place>> {
    let backbone = model.backbone().ok_or_else(|| {
        Error::argument("the model for timm", "one with a backbone", "heads alone")
    })?;
    if backbone.as_efficientnet().is_none() {
        let expected = "an EfficientNet; other backbones are read and not written";
        return Err(Error::argument(
            "the backbone for timm",
            expected,
            "another",
        ));
    }
    Ok(backbone_places(backbone, "backbone.", "", Some(CLASSIFIER)))
}

fn mtl_places(model: &Model, config: &ModelConfig) -> Result<Vec<Place>> {
    match (model, config) {
        (Model::Network(network), ModelConfig::Network(config)) => {
            mtl_abaw4::check(config)?;
            Ok(mtl_abaw4::network_places(network, &Default::default()))
        }
        _ => Err(Error::argument(
            "the model for mtl-abaw4",
            "a multi-task network",
            "another kind of model",
        )),
    }
}

impl fmt::Display for ExportTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Timm => "timm",
            Self::MtlAbaw4 => "mtl-abaw4",
        })
    }
}

impl FromStr for ExportTarget {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Timm, Self::MtlAbaw4]
            .into_iter()
            .find(|target| target.to_string() == text)
            .ok_or_else(|| Error::argument("target", "timm or mtl-abaw4", text))
    }
}
