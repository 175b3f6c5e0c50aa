//! A backbone out of any file that has one of its own.

use std::path::Path;

use burn::tensor::Device;
use serde_json::Value;

use super::detector::{finds_faces, is_own};
use super::evidence::Evidence;
use super::layout::{self, Named, Place, places};
use super::timm::{self, backbone_places};
use super::trunk::{self, trunk_places};
use super::{Checkpoint, Family, ImportOptions, WeightsSource, assign, import, linear};
use crate::backbone::{self, BackboneConfig};
use crate::face::Crop;
use crate::model::BLEND;
use crate::network::KIND_KEY;
use crate::{Error, Result};

/// What stands before the backbone's tensors in the crate's own file.
const OURS: &str = "backbone";

/// A backbone out of a file.
#[derive(Clone, Debug)]
pub struct Backbone {
    /// The network, with its classifier if it has one.
    pub network: backbone::Backbone,
    /// Its config.
    pub config: BackboneConfig,
    /// Which part of a photograph the file's network reads; the detector's box if it does not say.
    pub crop: Crop,
    /// A line on each thing that was contradictory or guessed.
    pub warnings: Vec<String>,
}

/// As [`import_backbone`], without what was contradictory or guessed.
///
/// # Errors
/// See [`import_backbone`].
pub fn load_backbone(path: &Path, device: &Device) -> Result<(backbone::Backbone, BackboneConfig)> {
    let Backbone {
        network, config, ..
    } = import_backbone(path, device)?;
    Ok((network, config))
}

/// Reads the EfficientNet of a timm or HSEmotion checkpoint, a VGG, a ResNet or a Swin under the names of
/// torchvision and others, or the backbone of a file of this crate, with its classifier if it has one; or the one that the paper's authors', OpenFace 3.0's or ME-GraphAU's network has.
///
/// The kind of file and the variant are told from its tensors; flavour, input size, mean and deviation
/// from what the file, or a `config.json` beside it, says of the network. Where nothing tells the
/// flavour it is taken for TensorFlow's, which HSEmotion's networks have.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is broken, holds no such network or
/// several, or says that it is another; [`Error::Weights`] if a tensor is missing, left over, not
/// finite or does not fit.
pub fn import_backbone(path: &Path, device: &Device) -> Result<Backbone> {
    let mut checkpoint = Checkpoint::open(path)?;
    let mut crop = Crop::Box;
    let (config, places, parts, warnings) = match checkpoint.family() {
        Some(Family::Countenance) if is_own(&checkpoint) => return Err(finds_faces(path)),
        Some(Family::Yunet | Family::Mtcnn) => return Err(finds_faces(path)),
        Some(Family::Countenance) => {
            let (config, places, told) = own(&checkpoint, device)?;
            crop = told;
            // What reads the features is no part of what makes them.
            checkpoint.keep(&[OURS]);
            (config, places, &[OURS][..], Vec::new())
        }
        Some(Family::Timm) => {
            let evidence = Evidence::of(&checkpoint);
            let mut found = timm::find(&checkpoint, "", &evidence, None)?;
            linear::attach(&mut checkpoint, &mut found)?;
            let config = BackboneConfig::from(found.config);
            let network = config.init(device);
            let classifier = found.classifier.as_deref();
            let places = backbone_places(&network, "", "", classifier);
            let warnings = [found.warnings, evidence.warnings].concat();
            (config, places, &timm::PARTS[..], warnings)
        }
        Some(family) if family.is_trunk() => {
            let evidence = Evidence::of(&checkpoint);
            let found = trunk::find(&checkpoint, family, "", &evidence)?;
            let places = trunk_places(&found.config.init(device), "", &found);
            let warnings = [found.warnings, evidence.warnings].concat();
            (found.config, places, found.parts, warnings)
        }
        Some(Family::MtlAbaw4 | Family::Openface3 | Family::MeGraphAu) => {
            return inside(path, device);
        }
        _ => {
            let expected = "a backbone: an EfficientNet of timm or HSEmotion, a VGG, a ResNet or a Swin, or a \
                 network with one";
            return Err(Error::file(path, expected, "names of none of them"));
        }
    };
    let (tensors, mut report) = layout::read(&mut checkpoint, &places, parts)?;
    if !report.is_complete() {
        if checkpoint.family() == Some(Family::Countenance) {
            report.source = WeightsSource::Own;
        }
        return Err(Error::weights(path)(Box::new(report)));
    }
    let network = assign(config.init(device), tensors).map_err(Error::weights(path))?;
    Ok(Backbone {
        network,
        config,
        crop,
        warnings,
    })
}

/// The backbone inside another program's network.
fn inside(path: &Path, device: &Device) -> Result<Backbone> {
    let imported = import(path, &ImportOptions::default(), device)?;
    match (imported.model.backbone(), imported.config.backbone()) {
        (Some(network), Some(config)) => Ok(Backbone {
            network: network.clone(),
            config: config.clone(),
            crop: imported.config.crop(),
            warnings: imported.warnings,
        }),
        _ => Err(heads_alone(path)),
    }
}

/// Says that a network has no backbone.
fn heads_alone(path: &Path) -> Error {
    let expected = "a file with a backbone and its config";
    Error::file(path, expected, "heads alone, which read features")
}

/// The backbone of a file of this crate, and the crop that its network reads.
fn own(checkpoint: &Checkpoint, device: &Device) -> Result<(BackboneConfig, Vec<Place>, Crop)> {
    let expected = "a file with a backbone and its config";
    let error = |found: String| Error::file(checkpoint.path(), expected, found);
    if checkpoint
        .metadata()
        .get(KIND_KEY)
        .is_some_and(|kind| kind == BLEND)
    {
        return Err(error("a blend of several networks".into()));
    }
    let config = checkpoint.metadata().get("config").map(String::as_str);
    let whole: Value = serde_json::from_str(config.unwrap_or_default())
        .map_err(|reason| error(format!("a broken config: {reason}")))?;
    let config = match &whole["backbone"] {
        Value::Null => return Err(heads_alone(checkpoint.path())),
        config => crate::config::parse::<BackboneConfig>(&config.to_string())
            .map_err(|reason| error(format!("a broken config: {reason}")))?,
    };
    let crop = match whole.get("crop") {
        Some(crop) => serde_json::from_value(crop.clone())
            .map_err(|reason| error(format!("a broken config: {reason}")))?,
        // Files from before crops were told: networks of this crate read aligned faces.
        None if checkpoint.metadata().contains_key(KIND_KEY) => Crop::Box,
        None => Crop::Aligned,
    };
    config
        .validate()
        .map_err(|reason| error(format!("a config out of range: {reason}")))?;
    let network = config.init(device);
    let places = places(&network, |path| Some(Named::One(format!("{OURS}.{path}"))));
    // The file's linear weights lie as the module's do.
    let places = places.into_iter().map(Place::straight).collect();
    Ok((config, places, crop))
}
