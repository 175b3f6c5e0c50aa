//! A trained module against PyTorch: values, gradients and running statistics by name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use countenance::weights;

use crate::fixture::Fixture;

/// `module` with the tensors of `{prefix}/state/`.
pub fn restore<M: Module>(fixture: &Fixture, prefix: &str, module: M) -> M {
    let state = fixture.under(&format!("{prefix}/state/"));
    weights::assign(module, state).unwrap_or_else(|report| panic!("{report}"))
}

/// Checks the gradient of every parameter against `{prefix}/gradient/{path}`; none may lack one.
///
/// A bias straight before a norm in training has no gradient but rounding errors: `vanishing`
/// names such, and they are checked to be as small.
pub fn check_gradients<M: Module>(
    fixture: &Fixture,
    prefix: &str,
    module: &M,
    gradients: &Gradients,
    vanishing: &[&str],
    tolerance: f64,
) {
    let mut checker = Checker {
        fixture,
        prefix,
        gradients,
        vanishing,
        tolerance,
        path: Vec::new(),
        checked: 0,
    };
    module.visit(&mut checker);
    let expected = fixture.under(&format!("{prefix}/gradient/"));
    let inputs = ["input", "action_units", "logits"];
    let expected = expected
        .keys()
        .filter(|name| !inputs.contains(&name.as_str()));
    assert_eq!(checker.checked, expected.count(), "gradients of {prefix}");
}

struct Checker<'a> {
    fixture: &'a Fixture,
    prefix: &'a str,
    gradients: &'a Gradients,
    vanishing: &'a [&'a str],
    tolerance: f64,
    path: Vec<String>,
    checked: usize,
}

impl ModuleVisitor for Checker<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        if path.contains("running_") {
            return;
        }
        let gradient = param
            .val()
            .grad(self.gradients)
            .unwrap_or_else(|| panic!("no gradient of {path}"));
        if self.vanishing.contains(&path.as_str()) {
            let largest = gradient.abs().max().into_scalar::<f32>();
            assert!(largest < 1e-5, "gradient of {path}: {largest}");
        } else {
            let name = format!("{}/gradient/{path}", self.prefix);
            self.fixture.check(&name, gradient, self.tolerance);
        }
        self.checked += 1;
    }
}

/// Checks the running statistics after one training step against `{prefix}/after/`.
///
/// `count(path)` is the number n of values behind each channel of the norm. PyTorch moves the
/// running variance by the sample variance and burn by the population variance, so PyTorch's move
/// is scaled by `(n - 1) / n` before the comparison.
pub fn check_statistics<M: Module>(
    fixture: &Fixture,
    prefix: &str,
    module: &M,
    count: impl Fn(&str) -> usize,
    tolerance: f64,
) {
    const MOMENTUM: f32 = 0.1;
    let found: BTreeMap<String, TensorData> = weights::collect(module).into_iter().collect();
    for (name, after) in fixture.under(&format!("{prefix}/after/")) {
        let values = |data: &TensorData| data.clone().try_to_vec::<f32>().unwrap();
        let before = values(&fixture.data(&format!("{prefix}/state/{name}")));
        let n = count(&name) as f32;
        let scale = match name.ends_with("running_var") {
            true => (n - 1.0) / n,
            false => 1.0,
        };
        for ((before, after), found) in before
            .into_iter()
            .zip(values(&after))
            .zip(values(&found[&name]))
        {
            let kept = (1.0 - MOMENTUM) * before;
            let expected = f64::from(kept + (after - kept) * scale);
            let difference = (f64::from(found) - expected).abs();
            assert!(difference <= tolerance, "{name}: {found} for {expected}");
        }
    }
}

/// `module` with its norms in inference on the training device, so that gradients of inference can
/// be checked too. Parameters still have gradients.
pub fn with_frozen_norms<M: Module>(module: M) -> M {
    module.freeze().set_require_grad(true)
}
