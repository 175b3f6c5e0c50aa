//! The whole network on features against PyTorch.

use burn::module::Module;
use burn::tensor::Tensor;
use countenance::attention::Attention;
use countenance::network::{Network, NetworkConfig, NetworkOutput};

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, check_statistics, restore, with_frozen_norms};

const TOLERANCE: f64 = 1e-5;

fn named(output: NetworkOutput) -> [(&'static str, Tensor<2>); 3] {
    [
        ("action_units", output.action_units.unwrap()),
        ("expression_logits", output.expression_logits.unwrap()),
        ("valence_arousal", output.valence_arousal),
    ]
}

/// Compares what a network says of `features`, in inference and in training, every gradient, and the
/// statistics that it leaves, of features `width` wide.
pub fn check_network(
    fixture: &Fixture,
    name: &str,
    network: &Network,
    features: &Tensor<2>,
    width: usize,
) {
    let device = device().autodiff();
    for (part, value) in named(network.valid().forward(features.clone().inner())) {
        fixture.check(&format!("{name}/eval/{part}"), value, TOLERANCE);
    }
    for mode in ["eval", "train"] {
        let (network, vanishing) = match mode {
            "eval" => (with_frozen_norms(network.clone()), &[][..]),
            _ => {
                let vanishing = &["action_unit.nodes.bias", "valence_arousal.linear.bias"];
                (network.clone(), &vanishing[..])
            }
        };
        let prefix = format!("{name}/{mode}");
        let features = features.clone().require_grad();
        let mut loss = Tensor::<1>::zeros([1], &device);
        for (part, value) in named(network.forward(features.clone())) {
            fixture.check(&format!("{prefix}/{part}"), value.clone(), TOLERANCE);
            loss = loss + (value * fixture.float::<2>(&format!("seed/{part}"), &device)).sum();
        }
        let gradients = loss.backward();
        let gradient = features.grad(&gradients).unwrap();
        fixture.check(&format!("{prefix}/gradient/input"), gradient, TOLERANCE);
        check_gradients(fixture, &prefix, &network, &gradients, vanishing, TOLERANCE);
    }
    let count = |path: &str| match path.contains("graph") {
        true => 6 * width,
        false => 6,
    };
    check_statistics(fixture, name, network, count, 1e-6);
}

#[test]
fn networks_match_in_values_gradients_and_statistics_under_every_attention() {
    let fixture = Fixture::open("network");
    let device = device().autodiff();
    let features = fixture.float::<2>("features", &device);
    for (name, attention) in [
        ("none", Attention::None),
        ("elementwise", Attention::Elementwise),
        ("additive", Attention::Additive { hidden: 16 }),
    ] {
        let network = NetworkConfig::paper(16)
            .with_attention(attention)
            .with_dropout(0.0)
            .init(&device);
        let network = restore(&fixture, name, network);

        check_network(&fixture, name, &network, &features, 16);
    }
}
