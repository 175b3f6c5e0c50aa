//! YuNet's checkpoint, as its training program saves it.

use super::layout::{Named, Place, places};
use crate::face::yunet::YuNet;

/// What YuNet's program calls the parts of its network.
pub(super) const PARTS: [&str; 3] = ["backbone", "neck", "bbox_head"];

/// The places of a network's tensors in YuNet's file.
pub(super) fn network_places(network: &YuNet) -> Vec<Place> {
    places(network, |path| Some(Named::One(name(path)?)))
}

/// The name in the file of the tensor at `path` in a [`YuNet`].
fn name(path: &str) -> Option<String> {
    let mut parts = path.split('.');
    let place = match (parts.next()?, parts.next()?) {
        ("stem", "convolution") => "backbone.model0.conv1".to_string(),
        ("stem", "norm") => "backbone.model0.bn1".to_string(),
        ("stem", "unit") => "backbone.model0.conv2".to_string(),
        ("stages", stage) => {
            let (stage, unit) = (stage.parse::<usize>().ok()?, parts.next()?);
            format!(
                "backbone.model{}.conv{}",
                stage + 1,
                unit.parse::<usize>().ok()? + 1
            )
        }
        ("neck", "laterals") => format!("neck.lateral_convs.{}", parts.next()?),
        ("levels", level) => match parts.next()? {
            "shared" => format!("bbox_head.multi_level_share_convs.{level}.0"),
            "class" => format!("bbox_head.multi_level_cls.{level}"),
            "object" => format!("bbox_head.multi_level_obj.{level}"),
            "bounds" => format!("bbox_head.multi_level_bbox.{level}"),
            "landmarks" => format!("bbox_head.multi_level_kps.{level}"),
            _ => return None,
        },
        _ => return None,
    };
    let rest = parts.map(|part| match part {
        "pointwise" => "conv1",
        "depthwise" => "conv2",
        "norm" => "bn",
        // PyTorch names the scale and the shift of a norm as it does those of a convolution.
        "gamma" => "weight",
        "beta" => "bias",
        same => same,
    });
    Some(rest.fold(place, |name, part| format!("{name}.{part}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use burn::tensor::Device;

    use super::*;
    use crate::face::yunet::YuNetConfig;

    #[test]
    fn every_tensor_has_a_name_of_its_own() {
        let network = YuNetConfig::new().init(&Device::default());
        let places = network_places(&network);
        assert_eq!(places.len(), super::super::slots(&network).len());
        let names: BTreeSet<&String> = places.iter().flat_map(|place| &place.parts).collect();
        assert_eq!(names.len(), places.len());
        for name in [
            "backbone.model0.conv1.weight",
            "backbone.model0.bn1.running_var",
            "backbone.model0.conv2.conv2.bias",
            "backbone.model1.conv2.bn.weight",
            "backbone.model5.conv1.conv1.weight",
            "neck.lateral_convs.2.bn.bias",
            "bbox_head.multi_level_share_convs.1.0.conv2.weight",
            "bbox_head.multi_level_kps.0.conv1.bias",
        ] {
            assert!(names.contains(&name.to_string()), "{name}");
        }
    }
}
