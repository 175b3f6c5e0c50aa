//! Differentiable operations of our own on burn's CPU backend.
//!
//! burn differentiates what it computes itself. A fused operation is one step to it: an
//! [`Operation`] says both ways, and [`apply`] enters it into burn's graph.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, BackendTypes, Flex};
use burn::tensor::{DType, Tensor};

use crate::cpu::memory::{Array, declines};

type Tracked = <Autodiff<Flex> as BackendTypes>::FloatTensorPrimitive;

/// A function of `N` arrays that knows its own gradient.
pub(crate) trait Operation<const N: usize>: Debug + Send + 'static {
    /// What backward needs. Inputs are cheap to keep: clones of an [`Array`] share its numbers.
    type Saved: Clone + Debug + Send + 'static;

    /// The result, and what it leaves.
    fn forward(&self, inputs: &[Array; N]) -> Forward<Self::Saved>;

    /// The gradient of each input from that of the result; `wanted` says which of them anyone asks
    /// for, and the others may be left out. An input without a gradient comes in by
    /// [`Operand::constant`].
    fn backward(
        &self,
        saved: Self::Saved,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N];
}

/// What an [`Operation`] leaves on its way forward.
pub(crate) struct Forward<S> {
    pub output: Array,
    /// What is kept for backward.
    pub saved: S,
    /// What each of its norms has seen, in their order; nothing for one that is not in training.
    pub statistics: Vec<Option<MeanAndVariance>>,
}

/// The mean and the population variance of each channel.
pub(crate) type MeanAndVariance = [Vec<f32>; 2];

/// The rectifier; what is not a number stays so.
#[inline(always)]
pub(crate) fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// A tensor on its way into an [`Operation`].
pub(crate) enum Operand {
    /// Of a device without autodiff.
    Plain(FlexTensor),
    /// Of a device with autodiff, whether a gradient is asked for or not.
    Tracked(Tracked),
}

impl Operand {
    /// Nothing if the tensor is not in the memory of burn's CPU backend, or not of 32-bit floats:
    /// then only burn's own operations will do.
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        if tensor.dtype() != DType::F32 || declines() {
            return None;
        }
        if tensor.is_autodiff() {
            let tensor = tensor.try_into_primitive::<Autodiff<Flex>>();
            tensor.ok().map(Self::Tracked)
        } else {
            let tensor = tensor.try_into_primitive::<Flex>();
            tensor.ok().map(Self::Plain)
        }
    }

    /// An input that the operation does not differentiate: nothing also where somebody may ask for
    /// its gradient, which burn's own operations then give.
    pub fn constant<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        if tensor.is_tracked() {
            return None;
        }
        Self::of(tensor)
    }
}

/// Computes `operation`: its result, which asks for a gradient if one of its inputs does, and the
/// statistics of its norms.
///
/// # Panics
/// If the result does not have `D` axes.
pub(crate) fn apply<O: Operation<N>, const N: usize, const D: usize>(
    operation: O,
    operands: [Operand; N],
) -> (Tensor<D>, Vec<Option<MeanAndVariance>>) {
    let tracked = operands
        .iter()
        .any(|operand| matches!(operand, Operand::Tracked(_)));
    let mut guards = Vec::with_capacity(N);
    let inputs = operands.map(|operand| {
        let (array, guard) = match operand {
            Operand::Plain(primitive) if tracked => Tracked::new(primitive).into_parts(),
            Operand::Plain(primitive) => return Array::of(primitive),
            Operand::Tracked(tensor) => tensor.into_parts(),
        };
        guards.push(guard);
        Array::of(array)
    });
    let made = operation.forward(&inputs);
    let output = made.output.into_primitive();
    // What backward does not need is given back before the next operation.
    drop(inputs);
    let output = match <[_; N]>::try_from(guards) {
        Ok(guards) if tracked => {
            let step = Step(operation).prepare::<NoCheckpointing>(guards);
            let output = match step.compute_bound().stateful() {
                OpsKind::Tracked(step) => step.finish(made.saved, output),
                OpsKind::UnTracked(step) => step.finish(output),
            };
            Tensor::from_primitive::<Autodiff<Flex>>(output)
        }
        _ => Tensor::from_primitive::<Flex>(output),
    };
    (output, made.statistics)
}

/// An [`Operation`] as burn's graph sees it.
#[derive(Debug)]
struct Step<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = O::Saved;

    fn backward(self, ops: Ops<O::Saved, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = Array::of(grads.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let gradients = self.0.backward(ops.state, gradient, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                let gradient = gradient.expect("an operation gives every gradient asked for");
                grads.register::<Flex>(parent.id, gradient.into_primitive());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// `x y^2`, element by element.
    #[derive(Debug)]
    struct Scaled;

    impl Operation<2> for Scaled {
        type Saved = [Array; 2];

        fn forward(&self, inputs: &[Array; 2]) -> Forward<Self::Saved> {
            let [x, y] = inputs;
            let values = x.values().iter().zip(y.values());
            let values: Vec<f32> = values.map(|(x, y)| x * y * y).collect();
            Forward {
                output: Array::new(values, x.shape()),
                saved: inputs.clone(),
                statistics: Vec::new(),
            }
        }

        fn backward(
            &self,
            [x, y]: Self::Saved,
            gradient: Array,
            wanted: [bool; 2],
        ) -> [Option<Array>; 2] {
            let all = || gradient.values().iter().zip(x.values()).zip(y.values());
            let of_x = || -> Vec<f32> { all().map(|((g, _), y)| g * y * y).collect() };
            let of_y = || -> Vec<f32> { all().map(|((g, x), y)| 2.0 * g * x * y).collect() };
            [
                wanted[0].then(|| Array::new(of_x(), x.shape())),
                wanted[1].then(|| Array::new(of_y(), y.shape())),
            ]
        }
    }

    fn scaled(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
        let operands = [x, y].map(|tensor| Operand::of(tensor).expect("the CPU backend"));
        apply(Scaled, operands).0
    }

    fn operands(device: &Device) -> [Tensor<2>; 2] {
        [
            Tensor::from_data([[1., -2., 3.], [4., 5., -6.]], device),
            Tensor::from_data([[0.5, 2.], [-1., 3.], [4., 0.]], device),
        ]
    }

    #[test]
    fn values_and_gradients_are_those_of_burns_own_operations() {
        let device = Device::flex().autodiff();
        let gradients = |function: fn(Tensor<2>, Tensor<2>) -> Tensor<2>| {
            let [x, y] = operands(&device).map(Tensor::require_grad);
            // A transposed operand is not in row-major order; the result is used twice.
            let value = function(x.clone() * 2.0, y.clone().transpose());
            let loss = (value.clone() * value.clone()).sum() + value.clone().sum();
            let gradients = loss.backward();
            [
                value.into_data(),
                x.grad(&gradients).expect("a gradient").into_data(),
                y.grad(&gradients).expect("a gradient").into_data(),
            ]
        };
        let expected = gradients(|x, y| x * y.clone() * y);
        for (found, expected) in gradients(scaled).iter().zip(&expected) {
            found.assert_eq(expected, true);
        }
    }

    #[test]
    fn an_operand_that_asks_for_no_gradient_gets_none() {
        let device = Device::flex().autodiff();
        let [x, y] = operands(&device);
        let (x, y) = (x.require_grad(), y.transpose());
        // Neither one on the autodiff device nor one off it.
        for constant in [y.clone(), y.clone().without_autodiff()] {
            let gradients = scaled(x.clone(), constant).sum().backward();
            let expected = y.clone().without_autodiff() * y.clone().without_autodiff();
            let found = x.grad(&gradients).expect("a gradient").into_data();
            found.assert_eq(&expected.into_data(), true);
            assert!(y.grad(&gradients).is_none());
        }
    }

    #[test]
    fn without_autodiff_the_result_is_without_it_too() {
        let [x, y] = operands(&Device::flex());
        let value = scaled(x.clone(), y.clone().transpose());
        assert!(!value.is_autodiff());
        let y = y.transpose();
        let expected = (x * y.clone() * y).into_data();
        value.into_data().assert_eq(&expected, true);
    }

    #[test]
    fn numbers_of_another_width_are_refused() {
        let half = operands(&Device::flex())[0].clone().cast(DType::F16);
        assert!(Operand::of(half).is_none());
    }
}
