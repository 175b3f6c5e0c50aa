//! A copy of a module that training may spoil.

use std::collections::HashSet;

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// A copy of `module` in the same modes that does not share its running statistics.
///
/// A clone shares them. Going to inference and back does not, but it also puts parts that were in
/// inference mode into training mode; those are put back.
pub(super) fn detached<M: Module>(module: &M) -> M {
    let mut inactive = Inactive::default();
    module.visit(&mut inactive);
    let copy = module.valid().train();
    match inactive.is_empty() {
        true => copy,
        false => copy.map(&mut inactive),
    }
}

/// The float tensors off the autodiff device and the flags that are off.
#[derive(Default)]
struct Inactive {
    tensors: HashSet<ParamId>,
    flags: HashSet<ParamId>,
}

impl Inactive {
    fn is_empty(&self) -> bool {
        self.tensors.is_empty() && self.flags.is_empty()
    }
}

impl ModuleVisitor for Inactive {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.val().is_autodiff() {
            self.tensors.insert(param.id);
        }
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        if !flag.is_enabled() {
            self.flags.insert(flag.id);
        }
    }
}

impl ModuleMapper for Inactive {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.tensors.contains(&param.id) {
            true => param.map(Tensor::without_autodiff),
            false => param,
        }
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        match self.flags.contains(&flag.id) {
            true => flag.with_value(false),
            false => flag,
        }
    }
}
