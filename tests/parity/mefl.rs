//! Action units from a map, by both halves of ME-GraphAU, against PyTorch.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use countenance::graph::{NodeUpdate, Similarity};
use countenance::head::{MapHead, MapHeadConfig, MapHeadOutput, Relation};
use countenance::loss::EdgeLossConfig;

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, check_statistics, restore, with_frozen_norms};

const TOLERANCE: f64 = 1e-5;
const CHANNELS: usize = 10;
const WIDTH: usize = 8;
const BATCH: usize = 3;
const TOKENS: usize = 5;

fn config(nodes: usize, halves: &[usize], relation: Relation) -> MapHeadConfig {
    MapHeadConfig::new(CHANNELS, WIDTH)
        .with_nodes(nodes)
        .with_halves(halves.to_vec())
        .with_relation(relation)
}

fn compare(fixture: &Fixture, name: &str, output: &MapHeadOutput) {
    let (units, edges) = (output.action_units.clone(), output.edge_logits.clone());
    fixture.check(&format!("{name}/action_units"), units, TOLERANCE);
    if let Some(edges) = edges {
        fixture.check(&format!("{name}/edge_logits"), edges, TOLERANCE);
    }
}

/// Checks inference on both kinds of device, and values, gradients and running statistics in both modes.
fn check(name: &str, config: &MapHeadConfig, device: &Device) {
    let fixture = Fixture::open("mefl");
    let head: MapHead = restore(&fixture, name, config.init(device));
    let tokens = fixture.float::<3>("features", device);
    let inferred = head.valid().forward(tokens.clone().inner());
    compare(&fixture, &format!("{name}/eval"), &inferred);
    // A key's bias adds the same to every score that a softmax is taken of.
    let keys = ["edges.facial.key.bias", "edges.relation.key.bias"];
    let before_norms = [&keys[..], &["block.linear.bias", "nodes.bias"]].concat();
    for (mode, vanishing) in [("eval", &keys[..]), ("train", &before_norms)] {
        let head = match mode {
            "eval" => with_frozen_norms(head.clone()),
            _ => head.clone(),
        };
        let tokens = tokens.clone().require_grad();
        let output = head.forward(tokens.clone());
        let path = format!("{name}/{mode}");
        compare(&fixture, &path, &output);
        let seed = |key: &str| format!("{name}/seed/{key}");
        let units = fixture.float::<2>(&seed("action_units"), device);
        let mut loss = (output.action_units * units).sum();
        if let Some(edges) = output.edge_logits {
            loss = loss + (edges * fixture.float::<4>(&seed("edge_logits"), device)).sum();
        }
        let gradients = loss.backward();
        let gradient = tokens.grad(&gradients).unwrap();
        fixture.check(&format!("{path}/gradient/input"), gradient, TOLERANCE);
        check_gradients(&fixture, &path, &head, &gradients, vanishing, TOLERANCE);
    }
    let count = |path: &str| match path.split('.').next() {
        Some("block" | "nodes") => BATCH * TOKENS,
        Some("edges") => BATCH * TOKENS * WIDTH,
        _ => BATCH * WIDTH,
    };
    check_statistics(&fixture, name, &head, count, 1e-6);
}

#[test]
fn the_first_half_matches_with_halves_of_the_face() {
    let relation = Relation::Nearest {
        neighbours: 3,
        similarity: Similarity::Dot,
    };
    let config = config(5, &[0, 0, 3], relation);
    check("nearest", &config, &device().autodiff());
}

#[test]
fn the_second_half_matches_with_its_edges() {
    let config = config(4, &[], Relation::edges());
    check("edges", &config, &device().autodiff());
}

#[test]
fn the_second_half_matches_in_the_form_of_open_graph_au() {
    let relation = Relation::Edges {
        update: NodeUpdate::BeforeSum,
        classified: false,
    };
    let config = config(6, &[2, 5, 5], relation);
    check("open", &config, &device().autodiff());
}

#[test]
fn the_loss_of_the_edges_matches_with_missing_labels() {
    let fixture = Fixture::open("mefl");
    let device = device().autodiff();
    let logits = fixture.float::<4>("loss/logits", &device).require_grad();
    let labels = fixture.float::<2>("loss/labels", &device);
    let present = labels.clone().greater_equal_scalar(0.0);
    let loss = EdgeLossConfig::new().with_lambda(0.05).init(&device);
    let value: Tensor<1> = loss.forward(logits.clone(), labels, present);
    fixture.check("loss/value", value.clone(), TOLERANCE);
    let gradient = logits.grad(&value.backward()).unwrap();
    fixture.check("loss/gradient", gradient, TOLERANCE);
}
