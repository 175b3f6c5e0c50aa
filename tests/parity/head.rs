//! The three heads against PyTorch.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use countenance::graph::Similarity;
use countenance::head::{
    ActionUnitHeadConfig, ExpressionHeadConfig, NodeMap, ValenceArousalHeadConfig,
    anchor_similarity,
};

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, check_statistics, restore, with_frozen_norms};

const TOLERANCE: f64 = 1e-5;

/// Checks inference on both kinds of device, and values and gradients in inference and training.
fn check<M: Module>(
    fixture: &Fixture,
    [name, seed]: [&str; 2],
    module: &M,
    forward: impl Fn(&M, Tensor<2>) -> Tensor<2>,
    vanishing: &[&str],
    device: &Device,
) {
    let features = fixture.float::<2>("features", device);
    let inferred = forward(&module.valid(), features.clone().inner());
    fixture.check(&format!("{name}/eval/output"), inferred, TOLERANCE);
    for mode in ["eval", "train"] {
        let (module, vanishing) = match mode {
            "eval" => (with_frozen_norms(module.clone()), &[][..]),
            _ => (module.clone(), vanishing),
        };
        let name = format!("{name}/{mode}");
        let features = features.clone().require_grad();
        let output = forward(&module, features.clone());
        fixture.check(&format!("{name}/output"), output.clone(), TOLERANCE);
        let loss = (output * fixture.float::<2>(seed, device)).sum();
        let gradients = loss.backward();
        let gradient = features.grad(&gradients).unwrap();
        fixture.check(&format!("{name}/gradient/input"), gradient, TOLERANCE);
        check_gradients(fixture, &name, &module, &gradients, vanishing, TOLERANCE);
    }
}

#[test]
fn action_unit_heads_match_in_both_node_maps() {
    let fixture = Fixture::open("head");
    let device = device().autodiff();
    for (name, map, vanishing) in [
        ("normalised", NodeMap::Normalised, &["nodes.bias"][..]),
        ("plain", NodeMap::Plain, &[]),
    ] {
        let name = format!("action_unit/{name}");
        let head = ActionUnitHeadConfig::new(24)
            .with_node_map(map)
            .with_dropout(0.0)
            .init(&device);
        let head = restore(&fixture, &name, head);
        check(
            &fixture,
            [&name, "action_unit/seed"],
            &head,
            |head, features| head.forward(features),
            vanishing,
            &device,
        );
        let count = |path: &str| match path.starts_with("graph") {
            true => 6 * 24,
            false => 6,
        };
        check_statistics(&fixture, &name, &head, count, 1e-6);
    }
}

#[test]
fn action_unit_heads_match_in_every_metric() {
    let fixture = Fixture::open("head");
    let device = device();
    let features = fixture.float::<2>("features", &device);
    for (map_name, map) in [
        ("normalised", NodeMap::Normalised),
        ("plain", NodeMap::Plain),
    ] {
        for (metric_name, metric) in [
            ("dot", Similarity::Dot),
            ("cosine", Similarity::Cosine),
            ("l1", Similarity::L1),
        ] {
            let head = ActionUnitHeadConfig::new(24)
                .with_node_map(map)
                .with_similarity(metric)
                .init(&device);
            let head = restore(&fixture, &format!("action_unit/{map_name}"), head);
            let name = format!("action_unit/{map_name}/{metric_name}");
            fixture.check(&name, head.forward(features.clone()), TOLERANCE);
        }
    }
}

#[test]
fn eq_3_matches_with_vectors_of_zero_norm() {
    let fixture = Fixture::open("head");
    let device = device().autodiff();
    let nodes = fixture.float::<3>("anchor/nodes", &device).require_grad();
    let anchors = fixture.float::<2>("anchor/anchors", &device).require_grad();
    let output = anchor_similarity(nodes.clone(), anchors.clone());
    fixture.check("anchor/output", output.clone(), TOLERANCE);
    let loss = (output * fixture.float::<2>("action_unit/seed", &device)).sum();
    let gradients = loss.backward();
    let gradient = nodes.grad(&gradients).unwrap();
    fixture.check("anchor/gradient/nodes", gradient, TOLERANCE);
    let gradient = anchors.grad(&gradients).unwrap();
    fixture.check("anchor/gradient/anchors", gradient, TOLERANCE);
}

#[test]
fn expression_and_valence_arousal_heads_match() {
    let fixture = Fixture::open("head");
    let device = device().autodiff();

    let head = ExpressionHeadConfig::new(24).init(&device);
    let head = restore(&fixture, "expression", head);
    check(
        &fixture,
        ["expression", "expression/seed"],
        &head,
        |head, features| head.forward(features),
        &[],
        &device,
    );

    let head = ValenceArousalHeadConfig::new(24).init(&device);
    let head = restore(&fixture, "valence_arousal", head);
    check(
        &fixture,
        ["valence_arousal", "valence_arousal/seed"],
        &head,
        |head, features| head.forward(features),
        &["linear.bias"],
        &device,
    );
    check_statistics(&fixture, "valence_arousal", &head, |_| 6, 1e-6);
}
