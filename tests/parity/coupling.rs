//! What ties tasks together against PyTorch: couplings, distribution matching, co-annotation, learnt weights.

use burn::module::Param;
use burn::tensor::Tensor;
use countenance::Labels;
use countenance::attention::Attention;
use countenance::label::{UnitRates, Vocabulary};
use countenance::loss::{Learns, MatchingLossConfig, Present, Reduction, UncertaintyWeightsConfig};
use countenance::network::{Coupling, NetworkConfig};

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, restore};
use crate::network::check_network;

const TOLERANCE: f64 = 1e-5;

#[test]
fn attended_values_match_in_both_forms() {
    let fixture = Fixture::open("coupling");
    let device = device().autodiff();
    for (name, form) in [
        ("elementwise", Attention::Elementwise),
        ("additive", Attention::Additive { hidden: 5 }),
    ] {
        let name = format!("affect/{name}");
        let attention = restore(&fixture, &name, form.init(20, 2, &device).unwrap());
        let query = fixture.float::<2>("affect/query", &device).require_grad();
        let raw = fixture.float::<2>("affect/raw", &device).require_grad();
        let output = attention.forward_bounded(query.clone(), raw.clone());
        fixture.check(&format!("{name}/output"), output.clone(), TOLERANCE);

        let seed = fixture.float::<2>("affect/seed", &device);
        let gradients = (output * seed).sum().backward();
        for (input, tensor) in [("action_units", query), ("input", raw)] {
            let gradient = tensor.grad(&gradients).unwrap();
            fixture.check(&format!("{name}/gradient/{input}"), gradient, TOLERANCE);
        }
        check_gradients(&fixture, &name, &attention, &gradients, &[], TOLERANCE);
    }
}

#[test]
fn networks_whose_tasks_are_coupled_match_in_values_gradients_and_statistics() {
    let fixture = Fixture::open("coupling");
    let device = device().autodiff();
    let features = fixture.float::<2>("features", &device);
    for (name, form) in [
        ("elementwise", Attention::Elementwise),
        ("additive", Attention::Additive { hidden: 4 }),
    ] {
        let coupling = Coupling::new()
            .with_valence_arousal(form.clone())
            .with_expression(true);
        let network = NetworkConfig::paper(6)
            .with_attention(form)
            .with_coupling(coupling)
            .with_dropout(0.0)
            .init(&device);
        let name = format!("network/{name}");
        let network = restore(&fixture, &name, network);
        check_network(&fixture, &name, &network, &features, 6);
    }
}

#[test]
fn distribution_matching_matches_whoever_learns_and_whatever_is_known() {
    let fixture = Fixture::open("coupling");
    let device = device().autodiff();
    let drawn: Vec<f32> = fixture.data("matching/drawn").try_to_vec().unwrap();
    let drawn = drawn.chunks(12).map(|row| {
        let rates = row.iter().map(|rate| (!rate.is_nan()).then_some(*rate));
        rates.collect::<Vec<_>>()
    });
    let published = UnitRates::published(&Vocabulary::aff_wild2());
    let rows = fixture.float::<1>("matching/rows", &device);
    let weights = fixture.float::<1>("matching/weights", &device);
    let masked = Present::from(rows.greater_scalar(0.5)).weighted(weights);
    for (source, rates) in [
        ("published", published.rows().to_vec()),
        ("drawn", drawn.collect()),
    ] {
        for (who, learns) in [
            ("both", Learns::Both),
            ("action_units", Learns::ActionUnits),
            ("expressions", Learns::Expressions),
        ] {
            let loss = MatchingLossConfig::new(rates.clone());
            let loss = loss.with_learns(learns).init(&device);
            for (rows, present) in [("all", None.into()), ("masked", masked.clone())] {
                let name = format!("matching/{source}/{who}/{rows}");
                let leaf = |input| {
                    let input = format!("matching/{input}");
                    fixture.float::<2>(&input, &device).require_grad()
                };
                let (p, e) = (leaf("p"), leaf("e"));
                let value = loss.forward(p.clone(), e.clone(), present, Reduction::Auto);
                let gradients = value.backward();
                fixture.check(&format!("{name}/value"), value.inner(), TOLERANCE);
                for (input, tensor) in [("p", p), ("e", e)] {
                    // Who does not learn has no gradient at all.
                    let zero = || Tensor::zeros_like(&tensor.clone().inner());
                    let gradient = tensor.grad(&gradients).unwrap_or_else(zero);
                    fixture.check(&format!("{name}/gradient/{input}"), gradient, TOLERANCE);
                }
            }
        }
    }
}

#[test]
fn soft_expressions_of_action_units_match() {
    let fixture = Fixture::open("coupling");
    let units: Vec<f32> = fixture.data("co_annotation/units").try_to_vec().unwrap();
    let rates = UnitRates::published(&Vocabulary::aff_wild2());
    let shares = units.chunks(12).flat_map(|row| {
        let labels = Labels {
            action_units: row.iter().copied().map(Some).collect(),
            ..Labels::default()
        };
        rates.expression(&labels).expect("AU12 is present")
    });
    let shares = Tensor::<1>::from_floats(shares.collect::<Vec<_>>().as_slice(), &device());
    fixture.check(
        "co_annotation/shares",
        shares.reshape([units.len() / 12, 8]),
        TOLERANCE,
    );
}

#[test]
fn losses_weighed_by_uncertainty_match() {
    let fixture = Fixture::open("coupling");
    let device = device().autodiff();
    for (name, present) in [
        ("all", None),
        (
            "masked",
            Some(Tensor::from_data([true, false, true], &device)),
        ),
    ] {
        let mut weights = UncertaintyWeightsConfig::new(3).init(&device);
        let scales = fixture.float::<1>("uncertainty/s", &device);
        weights.log_scales = Param::from_tensor(scales.require_grad());
        let losses = fixture
            .float::<1>("uncertainty/losses", &device)
            .require_grad();
        let value = weights.forward(losses.clone(), present);
        let gradients = value.backward();
        let name = format!("uncertainty/{name}");
        fixture.check(&format!("{name}/value"), value.inner(), TOLERANCE);
        for (input, tensor) in [("s", weights.log_scales.val()), ("losses", losses)] {
            let gradient = tensor.grad(&gradients).unwrap();
            fixture.check(&format!("{name}/gradient/{input}"), gradient, TOLERANCE);
        }
    }
}
