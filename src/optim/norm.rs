//! The global norm of a module's gradients.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::cpu;

/// The L2 norm of all gradients of `module` together; `None` if no parameter has one.
///
/// `|g| = sqrt(sum_p |g_p|^2)` over every parameter that has a gradient. Parameters without one
/// and running statistics do not count. The norm stays on the device: reading it is what waits for
/// the device. It is not finite as soon as one gradient is not.
///
/// All parameters must be on one device.
///
/// # Shapes
/// - output: `[1]`
pub fn gradient_norm<M: Module>(module: &M, gradients: &GradientsParams) -> Option<Tensor<1>> {
    norm(module, gradients, false)
}

/// As [`gradient_norm`], each gradient first scaled by its parameter's magnitude if `by_magnitude`.
pub(super) fn norm<M: Module>(
    module: &M,
    gradients: &GradientsParams,
    by_magnitude: bool,
) -> Option<Tensor<1>> {
    let mut squares = SumOfSquares {
        gradients,
        by_magnitude,
        sum: None,
    };
    module.visit(&mut squares);
    squares.sum.map(Tensor::sqrt)
}

struct SumOfSquares<'a> {
    gradients: &'a GradientsParams,
    by_magnitude: bool,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        let factors = self.by_magnitude.then(|| param.val().without_autodiff());
        let fused = cpu::sum_of_squares(&gradient, factors.as_ref());
        let square = fused.unwrap_or_else(|| {
            let gradient = match factors {
                Some(factors) => gradient * factors,
                None => gradient,
            };
            gradient.square().sum()
        });
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}
