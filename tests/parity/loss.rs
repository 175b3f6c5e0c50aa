//! The three losses against PyTorch.

use burn::tensor::{Bool, Device, Tensor};
use countenance::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, Reduction, WeightedCrossEntropyConfig,
    balanced_weights, occurrence_weights,
};

use crate::fixture::{Fixture, device};

const TOLERANCE: f64 = 1e-5;

fn mask<const D: usize>(fixture: &Fixture, name: &str, device: &Device) -> Tensor<D, Bool> {
    fixture.int::<D>(name, device).equal_scalar(1)
}

fn counts(fixture: &Fixture, name: &str) -> Vec<usize> {
    let counts = fixture.data(name).try_to_vec::<i64>().unwrap();
    counts.into_iter().map(|n| n as usize).collect()
}

/// Puts nonsense where a label is missing.
fn spoil<const D: usize>(labels: Tensor<D>, present: Tensor<D, Bool>) -> Tensor<D> {
    labels.mask_fill(present.bool_not(), f32::NAN)
}

fn check(fixture: &Fixture, name: &str, loss: Tensor<1>, input: &Tensor<2>) {
    let gradients = loss.backward();
    fixture.check(&format!("{name}/loss"), loss.inner(), TOLERANCE);
    let gradient = input.grad(&gradients).unwrap();
    fixture.check(&format!("{name}/gradient"), gradient, TOLERANCE);
}

#[test]
fn asymmetric_loss_matches() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let positives = counts(&fixture, "asymmetric/positives");
    let weights = occurrence_weights(&positives, &counts(&fixture, "asymmetric/labelled"));
    fixture.check(
        "asymmetric/weights",
        Tensor::<1>::from_floats(weights.as_slice(), &device),
        TOLERANCE,
    );
    for mask_name in ["complete", "rows", "ragged"] {
        for (focus, detach) in [("detached", true), ("through", false)] {
            let loss = AsymmetricLossConfig::new(weights.clone())
                .with_detach_focus(detach)
                .init(&device);
            let name = format!("asymmetric/{mask_name}");
            let present = mask::<2>(&fixture, &format!("{name}/present"), &device);
            let targets = fixture.float::<2>("asymmetric/targets", &device);
            let p = fixture.float::<2>("asymmetric/probabilities", &device);
            let p = p.require_grad();
            let value = loss.forward(p.clone(), spoil(targets, present.clone()), present);
            check(&fixture, &format!("{name}/{focus}"), value, &p);
        }
    }
}

#[test]
fn weighted_cross_entropy_matches() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let weights = balanced_weights(&counts(&fixture, "expression/counts"));
    fixture.check(
        "expression/weights",
        Tensor::<1>::from_floats(weights.as_slice(), &device),
        TOLERANCE,
    );
    for (name, reduction) in [
        ("batch", Reduction::BatchSize),
        ("weights", Reduction::WeightSum),
    ] {
        let loss = WeightedCrossEntropyConfig::new(weights.clone())
            .with_reduction(reduction)
            .init(&device);
        let present = mask::<1>(&fixture, "expression/present", &device);
        let classes = fixture.int::<1>("expression/classes", &device);
        let classes = classes.mask_fill(present.clone().bool_not(), -1);
        let logits = fixture.float::<2>("expression/logits", &device);
        let logits = logits.require_grad();
        let value = loss.forward(logits.clone(), classes, present);
        check(&fixture, &format!("expression/{name}"), value, &logits);
    }
}

#[test]
fn concordance_loss_matches() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let loss = ConcordanceLossConfig::new().init();
    let rows = |name: &str| {
        let present = mask::<1>(&fixture, &format!("affect/{name}/present"), &device);
        present.unsqueeze_dim::<2>(1).repeat_dim(1, 2)
    };
    let columns = |name: &str| mask::<2>(&fixture, &format!("affect/{name}/present"), &device);
    for (mask_name, present) in [
        ("complete", rows("complete")),
        ("masked", rows("masked")),
        ("apart", columns("apart")),
        ("arousal", columns("arousal")),
    ] {
        let name = format!("affect/{mask_name}");
        let targets = spoil(fixture.float("affect/targets", &device), present.clone());
        let predictions = fixture.float::<2>("affect/predictions", &device);
        let predictions = predictions.require_grad();
        let value = loss.forward(predictions.clone(), targets, present);
        check(&fixture, &name, value, &predictions);
    }
}
