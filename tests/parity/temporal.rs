//! Both forms of the temporal head against PyTorch, causal and not.

use burn::tensor::{Int, Tensor};
use countenance::temporal::{TemporalConfig, TemporalForm, Windows};

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, restore};

const TOLERANCE: f64 = 1e-5;
const FEATURES: usize = 6;

#[test]
fn both_forms_match_in_values_and_gradients_with_frames_that_are_missing() {
    let fixture = Fixture::open("temporal");
    let device = device().autodiff();
    let transformer = TemporalForm::Transformer {
        layers: 2,
        heads: 2,
        feed_forward: 12,
    };
    let convolution = |kernel| TemporalForm::Convolution { layers: 2, kernel };
    for (name, form, causal) in [
        ("transformer", transformer, false),
        ("transformer_causal", transformer, true),
        ("convolution", convolution(3), false),
        ("convolution_causal", convolution(2), true),
    ] {
        let config = TemporalConfig::new()
            .with_form(form)
            .with_width(8)
            .with_dropout(0.0)
            .with_causal(causal)
            .with_window(2.0)
            .with_rate(3.0);
        let temporal = restore(&fixture, name, config.init(FEATURES, &device));
        let features = fixture.float::<3>("features", &device).require_grad();
        let present = fixture.float::<2>("present", &device).greater_elem(0.5);
        let there = fixture.data("present").try_to_vec::<f32>().unwrap();
        let read = (0i64..).zip(&there).filter(|(_, there)| **there > 0.5);
        let read: Vec<i64> = read.map(|(place, _)| place).collect();
        let read = Tensor::<1, Int>::from_data(read.as_slice(), &device);
        let windows = Windows {
            features: features.clone(),
            present: present.clone(),
            times: fixture.float("times", &device),
            read: read.clone(),
        };
        let output = temporal.read(&windows);
        fixture.check(&format!("{name}/output"), output.clone(), TOLERANCE);
        // All steps at once are the same.
        let whole = temporal.forward(features.clone(), present, windows.times.clone());
        let whole = whole.reshape([-1, FEATURES as i32]).select(0, read.clone());
        fixture.check(&format!("{name}/output"), whole, TOLERANCE);

        let seed = fixture.float::<3>("seed", &device);
        let seed: Tensor<2> = seed.reshape([-1, FEATURES as i32]);
        let gradients = (output * seed.select(0, read)).sum().backward();
        let gradient = features.grad(&gradients).unwrap();
        fixture.check(&format!("{name}/gradient/input"), gradient, TOLERANCE);
        // A softmax does not change with what is added to all of its inputs.
        let vanishing = [0, 1].map(|layer| format!("transformer.layers.{layer}.mha.key.bias"));
        let vanishing = vanishing.each_ref().map(String::as_str);
        check_gradients(&fixture, name, &temporal, &gradients, &vanishing, TOLERANCE);
    }
}
