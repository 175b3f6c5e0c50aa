//! The gradients of every input and parameter of a module, by the engine and by burn's own operations.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Gradients, Tensor};

use crate::cpu;
use crate::testing::drawn;

/// What an input is to autodiff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Off autodiff.
    Plain,
    /// On the device, but nobody asks for its gradient.
    Constant,
    /// A tensor whose gradient is asked for.
    Leaf,
    /// Made of such a tensor.
    Computed,
}

pub(super) const KINDS: [Kind; 4] = [Kind::Plain, Kind::Constant, Kind::Leaf, Kind::Computed];

pub(super) fn device() -> Device {
    Device::flex().autodiff()
}

/// An input of a kind with `values`, and the tensor whose gradient is asked for.
pub(super) fn input<const D: usize>(
    values: &Tensor<D>,
    kind: Kind,
) -> (Tensor<D>, Option<Tensor<D>>) {
    let tracked = Tensor::from_inner(values.clone());
    match kind {
        Kind::Plain => (values.clone(), None),
        Kind::Constant => (tracked, None),
        Kind::Leaf => {
            let leaf = tracked.require_grad();
            (leaf.clone(), Some(leaf))
        }
        Kind::Computed => {
            let leaf = tracked.require_grad();
            (sigmoid(leaf.clone()), Some(leaf))
        }
    }
}

/// A module whose parameters are all drawn: every copy of one that is not yet would draw its own.
pub(super) fn settled<M: Module>(module: M) -> M {
    struct Draws;
    impl ModuleVisitor for Draws {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    module.visit(&mut Draws);
    module
}

/// The gradient of every parameter that has one, with its path.
struct OfParameters<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    found: Vec<(String, Option<Vec<f32>>)>,
}

impl ModuleVisitor for OfParameters<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        // A parameter off autodiff has no gradient, and may not be asked for it.
        if value.is_autodiff() {
            let gradient = value.grad(self.gradients).map(values);
            self.found.push((self.path.join("."), gradient));
        }
    }
}

pub(super) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("float32")
}

pub(super) type Found = Vec<(String, Option<Vec<f32>>)>;

/// The output of `function` and all gradients of its sum, weighed by a probe.
pub(super) fn gradients<M: Module, const A: usize, const B: usize, const C: usize>(
    module: &M,
    [a, b]: [(&str, Kind); 2],
    (first, second): (&Tensor<A>, &Tensor<B>),
    function: impl Fn(&M, Tensor<A>, Tensor<B>) -> Tensor<C>,
) -> Found {
    let ((first, first_leaf), (second, second_leaf)) = (input(first, a.1), input(second, b.1));
    let output = function(module, first, second);
    let mut found = vec![("the output".to_string(), Some(values(output.clone())))];
    if !output.is_tracked() {
        found.push(("nothing is tracked".to_string(), None));
        return found;
    }
    let probe = drawn(output.dims(), 77, &output.device());
    let gradients = (output * probe).sum().backward();
    let of = |leaf: Option<Vec<f32>>, name: &str| (name.to_string(), leaf);
    if let Some(leaf) = first_leaf {
        found.push(of(leaf.grad(&gradients).map(values), a.0));
    }
    if let Some(leaf) = second_leaf {
        found.push(of(leaf.grad(&gradients).map(values), b.0));
    }
    let mut visitor = OfParameters {
        gradients: &gradients,
        path: Vec::new(),
        found,
    };
    module.visit(&mut visitor);
    visitor.found
}

pub(super) fn assert_same(found: &Found, expected: &Found, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = (expected
        .iter()
        .skip(1)
        .flat_map(|(_, values)| values)
        .flatten())
    .fold(1e-3f32, |top, value| top.max(value.abs()));
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        let what = format!("{what}: {name}");
        let (found, expected) = match (found, expected) {
            (None, None) => continue,
            (Some(found), Some(expected)) => (found, expected),
            (found, _) => panic!(
                "{what}: {} a gradient",
                if found.is_some() { "has" } else { "lacks" }
            ),
        };
        assert_eq!(found.len(), expected.len(), "{what}");
        // A shift right before a norm has a gradient of 0, the sum of terms of order 1.
        let scale = (expected.iter()).fold(1e-3 * largest, |top, value| top.max(value.abs()));
        for (found, expected) in found.iter().zip(expected) {
            let error = (found - expected).abs() / scale;
            assert!(error < 2e-3, "{what}: {found} instead of {expected}");
        }
    }
}

/// Compares every gradient of a function of two inputs with that by burn's own operations, whatever
/// the inputs are to autodiff, and whether the module is trained or not.
pub(super) fn check<M: Module, const A: usize, const B: usize, const C: usize>(
    what: &str,
    module: M,
    (first, second): ((&str, Tensor<A>), (&str, Tensor<B>)),
    function: impl Fn(&M, Tensor<A>, Tensor<B>) -> Tensor<C>,
) {
    let module = settled(module);
    for trained in [true, false] {
        for a in KINDS {
            for b in KINDS {
                let inputs = (&first.1, &second.1);
                let kinds = [(first.0, a), (second.0, b)];
                let run = || {
                    // A copy with running statistics of its own.
                    let module = match trained {
                        true => module.valid().train(),
                        false => module.valid(),
                    };
                    gradients(&module, kinds, inputs, &function)
                };
                let what = format!("{what}, {kinds:?}, trained: {trained}");
                let expected = cpu::declining(run);
                for (name, kind) in kinds {
                    if matches!(kind, Kind::Leaf | Kind::Computed) && !name.is_empty() {
                        let has = expected
                            .iter()
                            .any(|(of, values)| of == name && values.is_some());
                        assert!(has, "{what}: burn gives {name} no gradient");
                    }
                }
                assert_same(&run(), &expected, &what);
            }
        }
    }
}

/// As [`check`], of one input.
pub(super) fn check_one<M: Module, const A: usize, const C: usize>(
    what: &str,
    module: M,
    input: (&str, Tensor<A>),
    function: impl Fn(&M, Tensor<A>) -> Tensor<C>,
) {
    let none = ("", Tensor::<1>::zeros([1], &Device::flex()));
    check(what, module, (input, none), |module, input, _| {
        function(module, input)
    });
}
