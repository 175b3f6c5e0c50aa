//! VGG, ResNet and Swin as other programs name them: a network from image to feature that is no
//! EfficientNet.

mod found;
mod resnet;
mod swin;
mod vgg;

pub(super) use found::Trunk;

use super::evidence::Evidence;
use super::layout::Place;
use super::timm::preprocessing;
use super::{Checkpoint, Family};
use crate::backbone::{Backbone, BackboneConfig};
use crate::{Error, Result};

/// The outputs of a classifier of VGGFace2's people.
const VGGFACE2: usize = 8_631;

/// The network of a trunk's family under `prefix`.
///
/// Its sizes are read from the shapes; how images are brought to it from what the file says of itself, and
/// where that is nothing as its usual weights have it.
///
/// # Errors
/// [`Error::File`] if the shapes are those of no such network.
pub(super) fn find(
    checkpoint: &Checkpoint,
    family: Family,
    prefix: &str,
    evidence: &Evidence,
) -> Result<Trunk> {
    let mut found = match family {
        Family::Vgg => vgg::find(checkpoint, prefix),
        Family::ResNet => resnet::find(checkpoint, prefix),
        Family::Swin => swin::find(checkpoint, prefix),
        _ => unreachable!("only a trunk's family is asked for"),
    }?;
    found.config.validate().map_err(|error| {
        Error::file(
            checkpoint.path(),
            "a network of usual sizes",
            error.to_string(),
        )
    })?;
    let usual = found.config.preprocessing();
    let input = preprocessing(evidence, &[], usual.clone(), &mut found.notes);
    if evidence.normalisation.is_some() {
        // What the file says is no guess.
        found.warnings.clear();
    }
    if let BackboneConfig::ResNet(config) = &found.config
        && config.classes == Some(VGGFACE2)
    {
        found.warnings.push(format!(
            "{VGGFACE2} classes are VGGFace2's people: weights that were turned from Caffe have their strides, \
             their first pool and their pixels otherwise than torchvision, and give wrong features here"
        ));
    }
    if input != usual {
        found.config = found.config.with_preprocessing(Some(input));
    }
    Ok(found)
}

/// The places of the tensors of a network that was found; `ours` stands before the paths in the module that
/// the places are for.
pub(super) fn trunk_places(network: &Backbone, ours: &str, found: &Trunk) -> Vec<Place> {
    let mut places = found.places(network);
    for place in &mut places {
        place.path.insert_str(0, ours);
    }
    places
}
