//! The checkpoints of the paper's authors ("MtlAbaw4").

use super::evidence::Evidence;
use super::layout::{Named, Place, places};
use super::timm::{self, backbone_places};
use super::unit_head::{norm_field, unit_head_name};
use super::{Checkpoint, linear};
use crate::attention::Attention;
use crate::backbone::Flavour;
use crate::head::NodeMap;
use crate::network::{FeatureKind, Network, NetworkConfig, Tasks};
use crate::{Error, Result};

/// What the authors' backbone stands under, the usual first.
const EXTRACTORS: [&str; 2] = ["extractor.backbone.", "extractor."];

/// What the authors' pretrained classifier stands under.
const CLASSIFIERS: [&str; 2] = ["extractor.classifier", "extractor.backbone.classifier"];

/// What the authors call the parts of their network. Others are of layers that none of its outputs
/// depends on, such as `global_linear` in the one without attention.
pub(super) const PARTS: [&str; 5] = ["au", "va", "ex", "attention", "extractor"];

/// The config of the network in a file, and the places of its tensors.
///
/// Sizes, attention and backbone are told from the file; that neighbours are found by the dot
/// product, and four of them, is not in it and is the authors' setting.
pub(super) fn find(
    checkpoint: &Checkpoint,
    evidence: &Evidence,
    flavour: Option<Flavour>,
) -> Result<(NetworkConfig, Extractor)> {
    let width = match checkpoint.shape("au.sc") {
        Some(&[_, width]) => width,
        found => {
            let found = format!("{found:?}");
            return Err(Error::file(
                checkpoint.path(),
                "`au.sc` of [units, width]",
                found,
            ));
        }
    };
    let mut config =
        NetworkConfig::mtl_abaw4().with_attention(match checkpoint.shape("attention.W_k.weight") {
            Some(&[hidden, _]) => Attention::Additive { hidden },
            _ => Attention::None,
        });
    config.feature_width = width;
    let mut extractor = Extractor::default();
    let prefix = EXTRACTORS
        .into_iter()
        .find(|prefix| timm::is_under(checkpoint, prefix));
    if let Some(prefix) = prefix {
        let mut found = timm::find(checkpoint, prefix, evidence, flavour)?;
        for group in CLASSIFIERS {
            if let Some(linear) = linear::find(checkpoint, group)? {
                found.config.classes = Some(linear.outputs);
                extractor.classifier = linear.name;
                break;
            }
        }
        if found.config.classes.is_none() || found.config.feature_width() == width {
            config.feature = FeatureKind::Pooled;
        }
        extractor.prefix = prefix.to_string();
        extractor.notes = found.notes;
        extractor.warnings = found.warnings;
        config.backbone = Some(found.config.into());
    }
    Ok((config, extractor))
}

/// Where the backbone stands in a file.
#[derive(Clone, Debug)]
pub(super) struct Extractor {
    prefix: String,
    classifier: String,
    /// What it was decided on, for people.
    pub notes: Vec<String>,
    /// What was contradictory or guessed, for people.
    pub warnings: Vec<String>,
}

impl Default for Extractor {
    fn default() -> Self {
        Self {
            prefix: EXTRACTORS[0].to_string(),
            classifier: CLASSIFIERS[0].to_string(),
            notes: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// The places of a network's tensors in the authors' file.
pub(super) fn network_places(network: &Network, extractor: &Extractor) -> Vec<Place> {
    let nodes = network.config.action_units.len();
    let mut all = match &network.backbone {
        None => Vec::new(),
        Some(backbone) => {
            let Extractor {
                prefix, classifier, ..
            } = extractor;
            backbone_places(backbone, "backbone.", prefix, Some(classifier))
        }
    };
    all.extend(places(network, |path| head_name(path, nodes)));
    all
}

fn head_name(path: &str, nodes: usize) -> Option<Named> {
    if let Some(path) = path.strip_prefix("action_unit.") {
        return unit_head_name(path, nodes, "au.", "fc.");
    }
    let (part, field) = path.rsplit_once('.')?;
    let name = match part {
        "valence_arousal.linear" => format!("va.fc.{field}"),
        "valence_arousal.norm" => format!("va.bn.{}", norm_field(field)),
        "expression.linear" => format!("ex.fc.{field}"),
        // The authors name the maps by the letters of additive attention.
        "attention.key" => format!("attention.W_k.{field}"),
        "attention.query" => format!("attention.W_q.{field}"),
        "attention.score" => format!("attention.w_v.{field}"),
        _ => return None,
    };
    Some(Named::One(name))
}

/// Whether the authors' program has networks of this config.
///
/// # Errors
/// [`Error::Argument`] that names the setting that it has not.
pub(super) fn check(config: &NetworkConfig) -> Result<()> {
    let refuse = |what: &str, expected: &str, found: String| {
        Err(Error::argument(
            format!("{what} of a network for mtl-abaw4"),
            expected,
            found,
        ))
    };
    if config.attention == Attention::Elementwise {
        let expected = "none or additive attention, which the authors' program has";
        return refuse(
            "attention",
            expected,
            "the paper's element by element".into(),
        );
    }
    if !config.coupling.is_none() {
        let expected = "none, as the authors' program has";
        return refuse("coupling", expected, config.coupling.to_string());
    }
    if config.tasks != Tasks::ALL {
        let expected = "all three: the file cannot say which of its heads were never trained";
        return refuse("tasks", expected, config.tasks.to_string());
    }
    if let Some(backbone) = &config.backbone
        && backbone.as_efficientnet().is_none()
    {
        let expected = "an EfficientNet, which the authors' program has";
        return refuse("backbone", expected, backbone.kind().into());
    }
    if config.map_head.is_some() {
        let expected = "none, as the authors' program has none";
        return refuse("map_head", expected, "one".into());
    }
    if config.temporal.is_some() {
        let expected = "none, as the authors' program has none";
        return refuse("temporal", expected, "a temporal head".into());
    }
    if config.node_map != NodeMap::Normalised {
        let expected = "normalised node maps, which the authors' program has";
        return refuse("node_map", expected, format!("{:?}", config.node_map));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Coupling;
    use crate::temporal::TemporalConfig;

    #[test]
    fn what_the_authors_program_has_not_is_refused_by_name() {
        let config = NetworkConfig::mtl_abaw4();
        check(&config).unwrap();
        let coupling = Coupling::new().with_expression(true);
        for (config, named) in [
            (config.clone().with_coupling(coupling), "coupling"),
            (
                config.clone().with_attention(Attention::Elementwise),
                "attention",
            ),
            (config.clone().with_tasks(Tasks::EXPRESSION), "tasks"),
            (
                config.clone().with_temporal(Some(TemporalConfig::new())),
                "temporal",
            ),
            (config.with_node_map(NodeMap::Plain), "node_map"),
        ] {
            let error = check(&config).unwrap_err().to_string();
            assert!(error.starts_with(named), "{error}");
        }
    }
}
