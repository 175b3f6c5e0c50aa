//! The batch's statistics on their way from a fused operation to its norms' running ones.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use crate::cpu::autograd::{Operand, Operation, apply};

/// As [`apply`], and moves the running statistics of the operation's `norms`, as burn's `BatchNorm`
/// does.
pub(super) fn apply_normed<O: Operation<N>, const N: usize, const D: usize>(
    operation: O,
    operands: [Operand; N],
    norms: &[&BatchNorm],
) -> Tensor<D> {
    let (output, statistics) = apply(operation, operands);
    let device = &output.device();
    for (found, norm) in statistics.into_iter().zip(norms) {
        let running = [&norm.running_mean, &norm.running_var];
        for (running, batch) in running.into_iter().zip(found.into_iter().flatten()) {
            let batch = Tensor::<1>::from_floats(batch.as_slice(), device);
            let before = running.value_sync().to_device(device);
            let moved = before * (1.0 - norm.momentum) + batch * norm.momentum;
            running.update(moved.detach());
        }
    }
    output
}
