//! Both forms of the cross attention against PyTorch.

use countenance::attention::Attention;

use crate::fixture::{Fixture, device};
use crate::layer::{check_gradients, restore};

const TOLERANCE: f64 = 1e-5;

#[test]
fn both_forms_match_in_values_and_gradients() {
    let fixture = Fixture::open("attention");
    let device = device().autodiff();
    for (name, form) in [
        ("elementwise", Attention::Elementwise),
        ("additive", Attention::Additive { hidden: 16 }),
    ] {
        let attention = form.init(12, 8, &device).unwrap();
        let attention = restore(&fixture, name, attention);
        let action_units = fixture.float::<2>("action_units", &device).require_grad();
        let logits = fixture.float::<2>("logits", &device).require_grad();
        let output = attention.forward(action_units.clone(), logits.clone());
        fixture.check(&format!("{name}/output"), output.clone(), TOLERANCE);

        let gradients = (output * fixture.float::<2>("seed", &device))
            .sum()
            .backward();
        for (input, tensor) in [("action_units", action_units), ("logits", logits)] {
            let gradient = tensor.grad(&gradients).unwrap();
            fixture.check(&format!("{name}/gradient/{input}"), gradient, TOLERANCE);
        }
        check_gradients(&fixture, name, &attention, &gradients, &[], TOLERANCE);
    }
}
