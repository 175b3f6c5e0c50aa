//! The names of the graph head in the authors' files and in OpenFace 3.0's, which differ in one.

use super::layout::Named;

/// The name of the tensor at `path` in an [`ActionUnitHead`](crate::head::ActionUnitHead) of `nodes`
/// units, under `prefix`.
///
/// `map` stands between a unit's number and its linear map: `fc.` where the map is inside a layer,
/// nothing where it is bare.
pub(super) fn unit_head_name(
    path: &str,
    nodes: usize,
    prefix: &str,
    map: &'static str,
) -> Option<Named> {
    let prefix = prefix.to_string();
    let (part, field) = path.rsplit_once('.').unwrap_or(("", path));
    let field = field.to_string();
    Some(match part {
        // One tensor for all units here, one for each there.
        "nodes" => Named::Each(Box::new(move |unit| {
            format!("{prefix}class_linears.{unit}.{map}{field}")
        })),
        // One norm over all units' features here, one for each unit there.
        "nodes.norm" => {
            let field = norm_field(&field).to_string();
            Named::Pieces(
                nodes,
                Box::new(move |unit| format!("{prefix}class_linears.{unit}.bn.{field}")),
            )
        }
        // The graph's maps keep their letters, in capitals.
        "graph.u" => Named::One(format!("{prefix}gnn.U.{field}")),
        "graph.v" => Named::One(format!("{prefix}gnn.V.{field}")),
        "graph.norm" => Named::One(format!("{prefix}gnn.bnv.{}", norm_field(&field))),
        // The trained anchors s of Eq. 3.
        "" if field == "anchors" => Named::One(format!("{prefix}sc")),
        _ => return None,
    })
}

/// PyTorch's name of a norm's tensor: it names scale and shift as a linear map's.
pub(super) fn norm_field(field: &str) -> &str {
    match field {
        "gamma" => "weight",
        "beta" => "bias",
        same => same,
    }
}
