//! The fused head against its layers.

use burn::module::Module;
use burn::tensor::{Device, Tolerance};

use super::*;
use crate::graph::{Similarity, adjacency, normalise, similarity};
use crate::head::{ActionUnitHead, ActionUnitHeadConfig, NodeMap, anchor_similarity};
use crate::testing::{Draw, drawn};

fn head(config: ActionUnitHeadConfig, device: &Device) -> ActionUnitHead {
    config.init(device).map(&mut Draw(0))
}

fn features(batch: usize, width: usize, device: &Device) -> Tensor<2> {
    drawn([batch, width], 1000, device) * 2.0
}

fn layers(head: &ActionUnitHead, features: Tensor<2>) -> Tensor<2> {
    let nodes = head.nodes.forward(features);
    let graph = adjacency(similarity(nodes.clone(), head.similarity), head.neighbours);
    let nodes = head.graph.forward(nodes, normalise(graph));
    anchor_similarity(nodes, head.anchors.val())
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("float32")
}

#[test]
fn every_kind_of_head_is_that_of_its_layers() {
    let device = Device::flex();
    for isa in Isa::available() {
        for similarity in [Similarity::Dot, Similarity::Cosine, Similarity::L1] {
            for map in [NodeMap::Normalised, NodeMap::Plain] {
                for (nodes, width, neighbours) in [(12, 43, 4), (8, 32, 8), (1, 5, 1), (3, 17, 2)] {
                    let config = ActionUnitHeadConfig::new(width)
                        .with_nodes(nodes)
                        .with_neighbours(neighbours)
                        .with_similarity(similarity)
                        .with_node_map(map);
                    let head = head(config, &device);
                    for batch in [1, 2, 19] {
                        let features = features(batch, width, &device);
                        let found = action_units_with(isa, &head.view(), &features).expect("fused");
                        found.into_data().assert_approx_eq::<f32>(
                            &layers(&head, features).into_data(),
                            Tolerance::rel_abs(1e-4, 1e-6),
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn batch_and_threads_change_nothing() {
    let device = Device::flex();
    let head = head(ActionUnitHeadConfig::new(51), &device);
    let features = features(GROUP + 30, 51, &device);
    for isa in Isa::available() {
        let run = |features: &Tensor<2>| {
            values(action_units_with(isa, &head.view(), features).expect("fused"))
        };
        let all = run(&features);
        for (start, count) in [(0, 1), (7, 5), (100, 40), (GROUP, 1), (GROUP - 1, 31)] {
            let some = run(&features.clone().narrow(0, start, count));
            assert_eq!(some, all[start * 12..(start + count) * 12], "{isa:?}");
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let alone = pool.expect("a thread").install(|| run(&features));
        assert_eq!(alone, all, "{isa:?}");
    }
}

#[test]
fn a_changed_weight_counts_at_once() {
    let device = Device::flex();
    let mut head = head(ActionUnitHeadConfig::new(20), &device);
    let features = features(3, 20, &device);
    let before = values(head.forward(features.clone()));
    head.anchors = head.anchors.map(|anchors| anchors.flip([1]));
    let after = values(head.forward(features.clone()));
    assert_ne!(before, after);
    let expected = layers(&head, features).into_data();
    Tensor::<1>::from_floats(&after[..], &device)
        .reshape([3, 12])
        .into_data()
        .assert_approx_eq::<f32>(&expected, Tolerance::rel_abs(1e-4, 1e-6));
}

#[test]
fn nodes_without_a_positive_element_are_alike_to_nothing() {
    let device = Device::flex();
    let mut head = head(ActionUnitHeadConfig::new(20), &device);
    head.anchors = head.anchors.map(|anchors| anchors.abs().neg());
    let found = action_units(&head.view(), &features(2, 20, &device)).expect("fused");
    assert_eq!(values(found), [0.0; 24]);
}

#[test]
fn training_other_numbers_and_another_width_take_the_layers() {
    let device = Device::flex();
    let config = ActionUnitHeadConfig::new(20);
    let features = features(2, 20, &device);
    let training = config.init(&device.clone().autodiff());
    assert!(action_units(&training.view(), &Tensor::from_inner(features.clone())).is_none());
    assert!(action_units(&training.view(), &features).is_none());
    assert!(action_units(&training.valid().view(), &features).is_some());
    let head = config.init(&device);
    assert!(
        action_units(
            &head.view(),
            &features.clone().cast(burn::tensor::DType::F64)
        )
        .is_none()
    );
    assert!(action_units(&head.view(), &features.narrow(1, 0, 19)).is_none());
}
