//! The checkpoints of ME-GraphAU, of its first half and its second, and of OpenGraphAU.

use super::evidence::Evidence;
use super::layout::{Named, Place, places};
use super::trunk::{self, Trunk, trunk_places};
use super::unit_head::{norm_field, unit_head_name};
use super::{Checkpoint, ClassNames, Family};
use crate::graph::NodeUpdate;
use crate::head::{MapHeadConfig, Relation};
use crate::label::{ActionUnit, UnitSet};
use crate::model::{MeGraphAu, MeGraphAuConfig};
use crate::{Error, Result};

/// What the programs call the parts of their networks.
pub(super) const PARTS: [&str; 3] = ["backbone", "global_linear", "head"];

/// What the backbone stands under; its classifier is taken off.
const BACKBONE: &str = "backbone.";

/// What tells the backbones apart.
const BACKBONES: [(&str, Family); 3] = [
    ("layer1.0.conv1.weight", Family::ResNet),
    (
        "layers.0.blocks.0.attn.relative_position_bias_table",
        Family::Swin,
    ),
    (
        "features.1.0.attn.relative_position_bias_table",
        Family::Swin,
    ),
];

/// For each of OpenGraphAU's halves the place of the unit that its program reads it from. Those of AU12
/// stand at AU11, the place before: so it is trained, and so its files are.
const HALVES: [usize; 14] = [0, 0, 1, 1, 2, 2, 4, 4, 7, 7, 8, 8, 11, 11];

/// A network in a file.
pub(super) struct Found {
    pub config: MeGraphAuConfig,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    trunk: Trunk,
}

/// The network in a file; `labels` are the names of its units, where the caller knows them.
///
/// Sizes, backbone and half are told from the tensors. Which units there are follows from their number; how
/// many neighbours a node has is not in the file, and is the program's setting for that number.
pub(super) fn find(
    checkpoint: &Checkpoint,
    evidence: &Evidence,
    labels: Option<&ClassNames>,
) -> Result<Found> {
    let has = |name: &str| checkpoint.shape(name).is_some();
    let anchors = if has("head.main_sc") {
        "head.main_sc"
    } else {
        "head.sc"
    };
    let [nodes, width] = matrix(checkpoint, anchors, "[units, width]")?;
    let [_, channels] = matrix(checkpoint, "global_linear.fc.weight", "[width, channels]")?;
    let halves = match has("head.sub_sc") {
        true => matrix(checkpoint, "head.sub_sc", "[halves, width]")?[0],
        false => 0,
    };
    let mut notes = Vec::new();
    let relation = match has("head.edge_extractor.edge_proj.weight") {
        true => Relation::Edges {
            update: match has("head.gnn.graph_layers.0.U.weight") {
                true => NodeUpdate::BeforeSum,
                false => NodeUpdate::AroundSum,
            },
            classified: has("head.edge_fc.weight"),
        },
        false => {
            let neighbours = if nodes == ActionUnit::DISFA.len() {
                3
            } else {
                4
            }
            .min(nodes);
            notes.push(format!(
                "the file does not tell how many neighbours a unit has: taken for {neighbours}, the \
                 program's for {nodes} units"
            ));
            Relation::nearest(neighbours)
        }
    };
    let (units, places) = units(checkpoint, [nodes, halves], labels, &mut notes)?;
    let head = MapHeadConfig::new(channels, width)
        .with_nodes(nodes)
        .with_halves(places)
        .with_relation(relation);
    let family = BACKBONES
        .iter()
        .find(|(name, _)| has(&format!("{BACKBONE}{name}")));
    let Some(&(_, family)) = family else {
        let first = checkpoint.names().find(|name| name.starts_with(BACKBONE));
        let expected = "a ResNet of bottlenecks or a Swin as the backbone";
        let found = match first {
            Some(name) => format!("{name:?}"),
            None => "none".to_string(),
        };
        return Err(Error::file(checkpoint.path(), expected, found));
    };
    let mut trunk = trunk::find(checkpoint, family, BACKBONE, evidence)?;
    notes.append(&mut trunk.notes);
    trunk.warnings.push(
        "the program resizes an image to 256 pixels and reads the 224 in its middle; here all of the image is \
         read, so that it should be one with a sixteenth cut off at each side"
            .into(),
    );
    Ok(Found {
        config: MeGraphAuConfig::new(trunk.config.clone(), head, units),
        notes,
        warnings: std::mem::take(&mut trunk.warnings),
        trunk,
    })
}

/// The two axes of a tensor.
fn matrix(checkpoint: &Checkpoint, name: &str, axes: &str) -> Result<[usize; 2]> {
    match checkpoint.shape(name) {
        Some(&[rows, columns]) => Ok([rows, columns]),
        found => {
            let expected = format!("`{name}` of {axes}");
            let found = found.map_or("none".to_string(), |shape| format!("{shape:?}"));
            Err(Error::file(checkpoint.path(), expected, found))
        }
    }
}

/// What the `nodes` units of the whole face and the `halves` are, and where among the former each half is
/// read from.
fn units(
    checkpoint: &Checkpoint,
    [nodes, halves]: [usize; 2],
    labels: Option<&ClassNames>,
    notes: &mut Vec<String>,
) -> Result<(UnitSet, Vec<usize>)> {
    let places = match (nodes, halves) {
        (_, 0) => Vec::new(),
        (27, 14) => HALVES.to_vec(),
        _ => {
            let expected = "27 units and 14 halves, as OpenGraphAU's, or units alone";
            let found = format!("{nodes} units and {halves} halves");
            return Err(Error::file(checkpoint.path(), expected, found));
        }
    };
    let count = nodes + halves;
    if let Some(labels) = labels {
        return Ok((named(labels, count)?, places));
    }
    let (whose, units) = match count {
        12 => ("BP4D", ActionUnit::BP4D.to_vec()),
        8 => ("DISFA", ActionUnit::DISFA.to_vec()),
        27 | 41 => ("OpenGraphAU", ActionUnit::OPEN_GRAPH_AU[..count].to_vec()),
        _ => {
            let expected = "BP4D's 12 units, DISFA's 8 or OpenGraphAU's 27 and 14 halves, or their \
                 names (convert --labels AU1,AU2,...)";
            let found = format!("{count} units without names");
            return Err(Error::file(checkpoint.path(), expected, found));
        }
    };
    notes.push(format!("its {count} units are taken for {whose}'s"));
    Ok((units.into_iter().collect(), places))
}

/// Units by the names that the caller has for them.
fn named(labels: &ClassNames, count: usize) -> Result<UnitSet> {
    let refuse = |expected: String, found: String| Error::argument("the labels", expected, found);
    let ClassNames::Listed(names) = labels else {
        let expected = "names of action units".to_string();
        return Err(refuse(expected, "those of expressions".into()));
    };
    if names.len() != count {
        return Err(refuse(
            format!("{count}, one for each unit"),
            names.len().to_string(),
        ));
    }
    let units = names.iter().map(|name| {
        let unit: Result<ActionUnit> = name.parse();
        unit.map_err(|_| refuse("names of action units, such as AU1".into(), name.clone()))
    });
    let units: UnitSet = units.collect::<Result<Vec<_>>>()?.into_iter().collect();
    units.validate()?;
    Ok(units)
}

/// The places of a network's tensors in its program's file.
pub(super) fn network_places(network: &MeGraphAu, found: &Found) -> Vec<Place> {
    let config = &network.config.head;
    let mut all = trunk_places(&network.backbone, BACKBONE, &found.trunk);
    all.extend(places(network, |path| {
        head_name(path.strip_prefix("head.")?, config)
    }));
    all
}

/// The name of the tensor at `path` in a [`MapHead`](crate::head::MapHead).
fn head_name(path: &str, config: &MapHeadConfig) -> Option<Named> {
    // Where there are halves, the whole units are the main ones.
    let prefix = match config.halves.is_empty() {
        true => "head.",
        false => "head.main_",
    };
    let (part, field) = path.rsplit_once('.').unwrap_or(("", path));
    let parts: Vec<&str> = part.split('.').collect();
    Some(Named::One(match parts.as_slice() {
        ["block", "linear"] => format!("global_linear.fc.{field}"),
        ["block", "norm"] => format!("global_linear.bn.{}", norm_field(field)),
        ["graph", _] => return unit_head_name(path, config.nodes, "head.", ""),
        ["edges", attention @ ("facial" | "relation"), map] => {
            let attention = if *attention == "facial" { "FAM" } else { "ARM" };
            let letter = map.chars().next()?;
            format!("head.edge_extractor.{attention}.linear_{letter}.{field}")
        }
        ["edges", "projection"] => format!("head.edge_extractor.edge_proj.{field}"),
        ["edges", "norm"] => format!("head.edge_extractor.bn.{}", norm_field(field)),
        ["gates", layer, part] => gate_name(layer.parse().ok()?, part, field, config)?,
        ["edge_classifier"] => format!("head.edge_fc.{field}"),
        [""] if field == "half_anchors" => "head.sub_sc".to_string(),
        _ => return unit_head_name(path, config.nodes, prefix, "fc."),
    }))
}

/// The name of a tensor of a gated layer: ME-GraphAU numbers the layers' parts from 1, OpenGraphAU has a
/// list of layers.
fn gate_name(layer: usize, part: &str, field: &str, config: &MapHeadConfig) -> Option<String> {
    let (part, field) = match part {
        "node_norm" => ("bnv".to_string(), norm_field(field)),
        "edge_norm" => ("bne".to_string(), norm_field(field)),
        letter => (letter.to_uppercase(), field),
    };
    match config.relation {
        Relation::Edges {
            update: NodeUpdate::AroundSum,
            ..
        } => Some(format!("head.gnn.{part}{}.{field}", layer + 1)),
        Relation::Edges {
            update: NodeUpdate::BeforeSum,
            ..
        } => Some(format!("head.gnn.graph_layers.{layer}.{part}.{field}")),
        Relation::Nearest { .. } => None,
    }
}
