//! The nearest-neighbour graph and the graph convolution against PyTorch.

use burn::module::Module;
use countenance::graph::{GraphConvolutionConfig, Similarity, adjacency, normalise, similarity};

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, check_statistics, restore, with_frozen_norms};

const TOLERANCE: f64 = 1e-5;

#[test]
fn graphs_match_in_every_metric_with_and_without_ties() {
    let fixture = Fixture::open("graph");
    let device = device();
    for (name, metric) in [
        ("dot", Similarity::Dot),
        ("cosine", Similarity::Cosine),
        ("l1", Similarity::L1),
    ] {
        for kind in ["nodes", "ties"] {
            let nodes = fixture.float::<3>(kind, &device);
            let s = similarity(nodes, metric);
            let name = format!("{name}/{kind}");
            fixture.check(&format!("{name}/similarity"), s.clone(), TOLERANCE);
            for k in [1, 4, 12] {
                let a = adjacency(s.clone(), k);
                fixture.check(&format!("{name}/adjacency/{k}"), a.clone(), 0.0);
                fixture.check(&format!("{name}/normalised/{k}"), normalise(a), TOLERANCE);
            }
        }
    }
}

#[test]
fn graph_convolution_matches_in_values_gradients_and_statistics() {
    let fixture = Fixture::open("graph");
    let device = device().autodiff();
    let layer = GraphConvolutionConfig::new(12, 24).init(&device);
    let layer = restore(&fixture, "convolution", layer);

    let nodes = fixture.float::<3>("nodes", &device);
    let graph = fixture.float::<3>("dot/nodes/normalised/4", &device);
    let inferred = layer
        .valid()
        .forward(nodes.clone().inner(), graph.clone().inner());
    fixture.check("convolution/eval/output", inferred, TOLERANCE);

    for mode in ["eval", "train"] {
        let name = format!("convolution/{mode}");
        let layer = match mode {
            "eval" => with_frozen_norms(layer.clone()),
            _ => layer.clone(),
        };
        let nodes = nodes.clone().require_grad();
        let output = layer.forward(nodes.clone(), graph.clone());
        fixture.check(&format!("{name}/output"), output.clone(), TOLERANCE);
        let loss = (output * fixture.float("convolution/seed", &device)).sum();
        let gradients = loss.backward();
        let gradient = nodes.grad(&gradients).unwrap();
        fixture.check(&format!("{name}/gradient/input"), gradient, TOLERANCE);
        check_gradients(&fixture, &name, &layer, &gradients, &[], TOLERANCE);
    }
    check_statistics(&fixture, "convolution", &layer, |_| 6 * 24, 1e-6);
}
