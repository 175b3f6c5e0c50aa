//! A backbone out of any file that has one of its own.

use std::path::Path;

use burn::tensor::Device;
use serde_json::Value;

use super::layout::{self, Named, Place, places};
use super::timm::{self, CLASSIFIERS};
use super::{Checkpoint, assign};
use crate::backbone::{EfficientNet, EfficientNetConfig};
use crate::network::validate_backbone;
use crate::{Error, Result};

/// What stands before the backbone's tensors in the crate's own file.
const OURS: &str = "backbone.";

/// Reads the EfficientNet of a timm or HSEmotion checkpoint, or of a file of this crate, with its
/// classifier if it has one.
///
/// The kind of file, the variant and the flavour are told from the file. Bare tensors do not tell
/// the flavour; they are taken for TensorFlow's, which HSEmotion's networks have, unless the file
/// is named as timm names those of the plain flavour (`efficientnet_b...`).
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, [`Error::File`] if it is broken or holds no such
/// network, [`Error::Weights`] if a tensor is missing, left over or does not fit.
pub fn load_backbone(path: &Path, device: &Device) -> Result<(EfficientNet, EfficientNetConfig)> {
    let mut checkpoint = Checkpoint::open(path)?;
    let (config, network, places) = match checkpoint.metadata().get("format").map(String::as_str) {
        Some("countenance") => own(&mut checkpoint, device)?,
        _ if timm::is_under(&checkpoint, "") => {
            let found = timm::find(&checkpoint, "", &CLASSIFIERS, None)?;
            let network = found.config.init(device);
            let classifier = found.classifier.as_deref();
            let places = timm::backbone_places(&network, "", "", classifier);
            (found.config, network, places)
        }
        _ => {
            let expected = "a backbone: an EfficientNet of timm or HSEmotion, or a file of this \
                            crate with a backbone";
            let found = "none of its names (if it is another supported checkpoint, convert it \
                         first)";
            return Err(Error::file(path, expected, found));
        }
    };
    let (tensors, report) = layout::read(&checkpoint, &places)?;
    if !report.is_complete() {
        return Err(Error::weights(path)(Box::new(report)));
    }
    let network = assign(network, tensors).map_err(Error::weights(path))?;
    Ok((network, config))
}

/// The backbone of a file of this crate; the tensors of its heads are left aside.
fn own(
    checkpoint: &mut Checkpoint,
    device: &Device,
) -> Result<(EfficientNetConfig, EfficientNet, Vec<Place>)> {
    let expected = "a file with a backbone and its config";
    let error = |found: String| Error::file(checkpoint.path(), expected, found);
    let config = checkpoint.metadata().get("config").map(String::as_str);
    let config: Value = serde_json::from_str(config.unwrap_or_default())
        .map_err(|reason| error(format!("a broken config: {reason}")))?;
    let config = match &config["backbone"] {
        Value::Null => return Err(error("heads alone, which read features".into())),
        config => crate::config::parse::<EfficientNetConfig>(&config.to_string())
            .map_err(|reason| error(format!("a broken config: {reason}")))?,
    };
    validate_backbone(&config)
        .map_err(|reason| error(format!("a config out of range: {reason}")))?;
    let network = config.init(device);
    let places = places(&network, |path| Some(Named::One(format!("{OURS}{path}"))));
    // The file's linear weights lie as the module's do.
    let places = places.into_iter().map(Place::straight).collect();
    let others: Vec<String> = checkpoint
        .names()
        .filter(|name| !name.starts_with(OURS))
        .map(str::to_string)
        .collect();
    for name in others {
        checkpoint.ignore(&name);
    }
    Ok((config, network, places))
}
