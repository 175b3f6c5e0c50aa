//! OpenFace 3.0's multi-task checkpoint.

use super::Checkpoint;
use super::evidence::Evidence;
use super::layout::{Named, Place, places};
use super::timm::{self, TimmBackbone, backbone_places};
use super::unit_head::unit_head_name;
use crate::backbone::Flavour;
use crate::model::OpenFace3;
use crate::{ActionUnit, Result};

/// What the backbone stands under; its classifier is taken off.
const BACKBONE: &str = "base_model.";

/// What OpenFace calls the parts of its network.
pub(super) const PARTS: [&str; 7] = [
    "base_model",
    "fc_emotion",
    "fc_gaze",
    "fc_au",
    "emotion_classifier",
    "gaze_regressor",
    "au_regressor",
];

/// The backbone of the network in a file.
pub(super) fn find(
    checkpoint: &Checkpoint,
    evidence: &Evidence,
    flavour: Option<Flavour>,
) -> Result<TimmBackbone> {
    timm::find(checkpoint, BACKBONE, evidence, flavour)
}

/// The places of a network's tensors in OpenFace's file.
pub(super) fn network_places(network: &OpenFace3) -> Vec<Place> {
    let mut all = backbone_places(&network.backbone, "backbone.", BACKBONE, None);
    all.extend(places(network, head_name));
    all
}

fn head_name(path: &str) -> Option<Named> {
    if let Some(path) = path.strip_prefix("action_unit.") {
        return unit_head_name(path, ActionUnit::OPENFACE3.len(), "au_regressor.", "");
    }
    let (part, field) = path.rsplit_once('.')?;
    let name = match part {
        "expression_feature" => "fc_emotion",
        "gaze_feature" => "fc_gaze",
        "action_unit_feature" => "fc_au",
        "expression" => "emotion_classifier",
        "gaze" => "gaze_regressor",
        _ => return None,
    };
    Some(Named::One(format!("{name}.{field}")))
}
