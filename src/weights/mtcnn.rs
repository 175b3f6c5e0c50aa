//! MTCNN's three files, as facenet-pytorch ships them.

use super::layout::{Named, Place, places};
use crate::face::mtcnn::{OutputNet, ProposalNet, RefineNet};

/// The files of the three networks, in the order of the cascade.
pub(super) const FILES: [&str; 3] = ["pnet.pt", "rnet.pt", "onet.pt"];

/// What facenet-pytorch calls the layers of its networks.
pub(super) const PARTS: [&str; 18] = [
    "conv1", "conv2", "conv3", "conv4", "conv4_1", "conv4_2", "prelu1", "prelu2", "prelu3",
    "prelu4", "prelu5", "dense4", "dense5", "dense5_1", "dense5_2", "dense6_1", "dense6_2",
    "dense6_3",
];

pub(super) fn proposal_places(network: &ProposalNet) -> Vec<Place> {
    let names = [("class", "conv4_1"), ("offsets", "conv4_2")];
    places(network, |path| Some(Named::One(name(path, &names)?)))
}

pub(super) fn refine_places(network: &RefineNet) -> Vec<Place> {
    let names = [
        ("hidden", "dense4"),
        ("class", "dense5_1"),
        ("offsets", "dense5_2"),
    ];
    places(network, |path| Some(Named::One(name(path, &names)?)))
}

pub(super) fn output_places(network: &OutputNet) -> Vec<Place> {
    let names = [
        ("hidden", "dense5"),
        ("class", "dense6_1"),
        ("offsets", "dense6_2"),
        ("landmarks", "dense6_3"),
    ];
    places(network, |path| Some(Named::One(name(path, &names)?)))
}

/// The name in the file of the tensor at `path`, where `names` are those of the last layers.
fn name(path: &str, names: &[(&str, &str)]) -> Option<String> {
    let (layer, field) = path.rsplit_once('.')?;
    let field = match field {
        "alpha" => "weight",
        same => same,
    };
    let layer = match layer.split_once('.') {
        Some(("convolutions", number)) => format!("conv{}", number.parse::<usize>().ok()? + 1),
        Some(("activations", number)) => format!("prelu{}", number.parse::<usize>().ok()? + 1),
        _ => names.iter().find(|(ours, _)| *ours == layer)?.1.to_string(),
    };
    Some(format!("{layer}.{field}"))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::super::slots;
    use super::*;

    #[test]
    fn every_tensor_has_a_name() {
        let device = Device::default();
        let [p, r, o] = [
            proposal_places(&ProposalNet::new(&device)),
            refine_places(&RefineNet::new(&device)),
            output_places(&OutputNet::new(&device)),
        ];
        assert_eq!(p.len(), slots(&ProposalNet::new(&device)).len());
        assert_eq!(r.len(), slots(&RefineNet::new(&device)).len());
        assert_eq!(o.len(), slots(&OutputNet::new(&device)).len());
        let has = |places: &[Place], name: &str| places.iter().any(|place| place.parts == [name]);
        assert!(has(&p, "conv4_2.bias") && has(&p, "prelu3.weight"));
        assert!(has(&r, "dense4.weight") && has(&r, "prelu4.weight"));
        assert!(has(&o, "dense6_3.bias") && has(&o, "prelu5.weight"));
    }
}
