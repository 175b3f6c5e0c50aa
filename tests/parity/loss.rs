//! The losses against PyTorch: un-reduced and in every reduction, with masks and without.

use burn::tensor::{Bool, Device, Tensor};
use countenance::loss::{
    AsymmetricLossConfig, ConcordanceLossConfig, IntensityLossConfig, Present, Reduction,
    WeightedCrossEntropyConfig, balanced_weights, occurrence_weights,
};

use crate::fixture::{Fixture, device};

const TOLERANCE: f64 = 1e-5;

/// What PyTorch's figure of a name is compared with.
const REDUCTIONS: [(&str, Reduction); 3] = [
    ("mean", Reduction::Mean),
    ("batch_mean", Reduction::BatchMean),
    ("sum", Reduction::Sum),
];

/// The mask of a fixture; in the form without any besides, where nothing is missing.
fn masks<const D: usize>(
    fixture: &Fixture,
    name: &str,
    device: &Device,
) -> Vec<Option<Tensor<D, Bool>>> {
    let mask = fixture.int::<D>(&format!("{name}/present"), device);
    let mask = mask.equal_scalar(1);
    match name.ends_with("/complete") {
        true => vec![Some(mask), None],
        false => vec![Some(mask)],
    }
}

fn counts(fixture: &Fixture, name: &str) -> Vec<f64> {
    let counts = fixture.data(name).try_to_vec::<i64>().unwrap();
    counts.into_iter().map(|n| n as f64).collect()
}

/// The tensor `name` whose gradient is asked for.
fn leaf(fixture: &Fixture, name: &str, device: &Device) -> Tensor<2> {
    fixture.float::<2>(name, device).require_grad()
}

/// Puts nonsense where a label is missing.
fn spoil(labels: Tensor<2>, present: &Option<Tensor<2, Bool>>) -> Tensor<2> {
    match present {
        Some(present) => labels.mask_fill(present.clone().bool_not(), f32::NAN),
        None => labels,
    }
}

/// Compares a loss and the gradients of all its inputs, by their names.
fn check<const D: usize>(
    fixture: &Fixture,
    name: &str,
    loss: Tensor<D>,
    inputs: &[(&str, &Tensor<2>)],
) {
    let probe = format!("{name}/probe");
    let total = match name.ends_with("/none") {
        true => loss.clone() * fixture.float(&probe, &loss.device()),
        false => loss.clone(),
    };
    let gradients = total.sum().backward();
    fixture.check(&format!("{name}/value"), loss.inner(), TOLERANCE);
    for (input, tensor) in inputs {
        let gradient = tensor.grad(&gradients).unwrap();
        fixture.check(&format!("{name}/gradient/{input}"), gradient, TOLERANCE);
    }
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
    for mask in ["complete", "rows", "ragged"] {
        let name = format!("asymmetric/{mask}");
        for present in masks::<2>(&fixture, &name, &device) {
            for (focus, detach) in [("detached", true), ("through", false)] {
                let loss = AsymmetricLossConfig::new(weights.clone())
                    .with_detach_focus(detach)
                    .init(&device);
                let name = format!("{name}/{focus}");
                let p = leaf(&fixture, "asymmetric/probabilities", &device);
                let y = leaf(&fixture, "asymmetric/targets", &device);
                let inputs = [("probabilities", &p), ("targets", &y)];
                let spoilt = || (p.clone(), spoil(y.clone(), &present));

                let (x, targets) = spoilt();
                let value = loss.forward_no_reduction(x, targets, present.clone());
                check(&fixture, &format!("{name}/none"), value, &inputs);
                for (form, reduction) in REDUCTIONS.into_iter().chain([("mean", Reduction::Auto)]) {
                    let (x, targets) = spoilt();
                    let value = loss.forward(x, targets, present.clone(), reduction);
                    check(&fixture, &format!("{name}/{form}"), value, &inputs);
                }
            }
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
    let loss = WeightedCrossEntropyConfig::new(weights).init(&device);
    for mask in ["complete", "masked"] {
        let name = format!("expression/{mask}");
        for present in masks::<1>(&fixture, &name, &device) {
            let classes = fixture.int::<1>("expression/classes", &device);
            let classes = match &present {
                Some(present) => classes.mask_fill(present.clone().bool_not(), -1),
                None => classes,
            };
            let logits = leaf(&fixture, "expression/logits", &device);
            let inputs = [("logits", &logits)];

            let value = loss.forward_no_reduction(logits.clone(), classes.clone(), present.clone());
            check(&fixture, &format!("{name}/none"), value, &inputs);
            let auto = [("batch_mean", Reduction::Auto)];
            for (form, reduction) in REDUCTIONS.into_iter().chain(auto) {
                let value =
                    loss.forward(logits.clone(), classes.clone(), present.clone(), reduction);
                check(&fixture, &format!("{name}/{form}"), value, &inputs);
            }
        }
    }
}

#[test]
fn concordance_loss_matches_over_five_columns() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let loss = ConcordanceLossConfig::new().init();
    for mask in ["complete", "ragged", "scarce"] {
        let name = format!("affect/{mask}");
        for present in masks::<2>(&fixture, &name, &device) {
            let x = leaf(&fixture, "affect/predictions", &device);
            let y = leaf(&fixture, "affect/targets", &device);
            let inputs = [("predictions", &x), ("targets", &y)];

            let targets = spoil(y.clone(), &present);
            let value = loss.forward_no_reduction(x.clone(), targets, present.clone());
            check(&fixture, &format!("{name}/none"), value, &inputs);
            for (form, reduction) in [
                ("mean", Reduction::Mean),
                ("sum", Reduction::Sum),
                ("sum", Reduction::Auto),
            ] {
                let targets = spoil(y.clone(), &present);
                let value = loss.forward(x.clone(), targets, present.clone(), reduction);
                check(&fixture, &format!("{name}/{form}"), value, &inputs);
            }
        }
    }
}

#[test]
fn cross_entropy_matches_of_soft_labels_and_smoothed() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let weights: Vec<f32> = fixture.data("soft/weights").try_to_vec().unwrap();
    for mask in ["complete", "masked"] {
        let name = format!("soft/{mask}");
        for present in masks::<1>(&fixture, &name, &device) {
            for smoothing in [0.0, 0.1] {
                let loss = WeightedCrossEntropyConfig::new(weights.clone())
                    .with_label_smoothing(smoothing)
                    .init(&device);
                let rows = present.clone().map(|present| {
                    let rows = present.unsqueeze_dim::<2>(1);
                    rows.expand([12, 8])
                });
                let logits = leaf(&fixture, "soft/logits", &device);
                let shares = leaf(&fixture, "soft/shares", &device);
                let classes = fixture.int::<1>("soft/classes", &device);
                let spoilt = || spoil(shares.clone(), &rows);
                let forms = || {
                    REDUCTIONS
                        .into_iter()
                        .chain([("batch_mean", Reduction::Auto)])
                };

                let name = |kind, form| format!("soft/{mask}/{kind}/{smoothing:.1}/{form}");
                let inputs = [("logits", &logits), ("shares", &shares)];
                let value =
                    loss.forward_soft_no_reduction(logits.clone(), spoilt(), present.clone());
                check(&fixture, &name("shares", "none"), value, &inputs);
                for (form, reduction) in forms() {
                    let value =
                        loss.forward_soft(logits.clone(), spoilt(), present.clone(), reduction);
                    check(&fixture, &name("shares", form), value, &inputs);
                }
                let value =
                    loss.forward_no_reduction(logits.clone(), classes.clone(), present.clone());
                check(&fixture, &name("classes", "none"), value, &inputs[..1]);
                for (form, reduction) in forms() {
                    let (x, y) = (logits.clone(), classes.clone());
                    let value = loss.forward(x, y, present.clone(), reduction);
                    check(&fixture, &name("classes", form), value, &inputs[..1]);
                }
            }
        }
    }
}

#[test]
fn intensity_loss_matches() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let weights = fixture.data("intensity/weights").try_to_vec().unwrap();
    let loss = IntensityLossConfig::new(weights).init(&device);
    for mask in ["complete", "ragged"] {
        let name = format!("intensity/{mask}");
        for present in masks::<2>(&fixture, &name, &device) {
            let p = leaf(&fixture, "intensity/outputs", &device);
            let y = leaf(&fixture, "intensity/targets", &device);
            let inputs = [("outputs", &p), ("targets", &y)];

            let targets = spoil(y.clone(), &present);
            let value = loss.forward_no_reduction(p.clone(), targets, present.clone());
            check(&fixture, &format!("{name}/none"), value, &inputs);
            for (form, reduction) in REDUCTIONS.into_iter().chain([("mean", Reduction::Auto)]) {
                let targets = spoil(y.clone(), &present);
                let value = loss.forward(p.clone(), targets, present.clone(), reduction);
                check(&fixture, &format!("{name}/{form}"), value, &inputs);
            }
        }
    }
}

#[test]
fn every_loss_of_weighted_rows_matches() {
    let fixture = Fixture::open("loss");
    let device = device().autodiff();
    let weights = fixture.float::<1>("weighted/weights", &device);
    let scale: Vec<f32> = fixture.data("weighted/scale").try_to_vec().unwrap();
    let named = |name: &str| fixture.float::<2>(&format!("weighted/{name}"), &device);
    let leaf = |name: &str| named(name).require_grad();
    for mask in ["complete", "ragged"] {
        let there = fixture.int::<2>(&format!("weighted/{mask}/present"), &device);
        let there = Present::from(there.equal_scalar(1)).weighted(weights.clone());
        let known = fixture.int::<1>(&format!("weighted/{mask}/labelled"), &device);
        let known = Present::from(known.equal_scalar(1)).weighted(weights.clone());
        let name = |loss: &str| format!("weighted/{mask}/{loss}");

        let p = leaf("probabilities");
        let asymmetric = AsymmetricLossConfig::new(scale.clone()).init(&device);
        let value = asymmetric.forward(p.clone(), named("binary"), there.clone(), Reduction::Auto);
        check(&fixture, &name("asymmetric"), value, &[("p", &p)]);

        let p = leaf("probabilities");
        let intensity = IntensityLossConfig::new(scale.clone()).init(&device);
        let value = intensity.forward(p.clone(), named("degrees"), there.clone(), Reduction::Auto);
        check(&fixture, &name("intensity"), value, &[("p", &p)]);

        let entropy = WeightedCrossEntropyConfig::new(scale.clone());
        let entropy = entropy.with_label_smoothing(0.1).init(&device);
        let z = leaf("logits");
        let classes = fixture.int::<1>("weighted/classes", &device);
        let value = entropy.forward(z.clone(), classes, known.clone(), Reduction::Auto);
        check(&fixture, &name("classes"), value, &[("logits", &z)]);
        let z = leaf("logits");
        let value = entropy.forward_soft(z.clone(), named("shares"), known, Reduction::Auto);
        check(&fixture, &name("shares"), value, &[("logits", &z)]);

        let x = leaf("affect");
        let concordance = ConcordanceLossConfig::new().init();
        let value = concordance.forward(x.clone(), named("logits"), there, Reduction::Auto);
        check(
            &fixture,
            &name("concordance"),
            value,
            &[("predictions", &x)],
        );
    }
}
