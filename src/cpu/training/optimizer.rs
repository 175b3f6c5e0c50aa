//! What an optimizer does to gradients and weights, each in one go, in the memory of burn's CPU backend, on all cores.
//!
//! Each answers nothing for tensors that are elsewhere; then burn's operations do the same. A
//! gradient's memory becomes that of the result, so no step needs memory of its own.

#![allow(
    clippy::result_large_err,
    reason = "the tensors go back as they came, and only once a parameter"
)]

use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::cpu::memory::{Array, Buffer};
use crate::cpu::simd::lane_sums;
use crate::cpu::view::Descent;

/// Numbers in one task. Sums are made per task, so that they are the same on any number of threads.
const PART: usize = 1 << 15;

/// The sum of the squares of `gradient`, each number first multiplied by its factor if there are
/// factors; `[1]`.
pub(crate) fn sum_of_squares<const D: usize>(
    gradient: &Tensor<D>,
    factors: Option<&Tensor<D>>,
) -> Option<Tensor<1>> {
    let device = gradient.device();
    let gradient = Array::of_tensor(gradient.clone())?;
    let factors = match factors {
        Some(factors) => Some(Array::of_tensor(factors.clone())?),
        None => None,
    };
    let parts = gradient.values().par_chunks(PART).enumerate();
    let sums: Vec<f64> = parts
        .map(|(part, values)| {
            let [sums] = match &factors {
                Some(factors) => {
                    let square = |value: f32, factor: f32| [(value * factor) * (value * factor)];
                    lane_sums(values, &factors[part * PART..], square)
                }
                None => lane_sums(values, values, |value, _| [value * value]),
            };
            sums.iter().map(|sum| f64::from(*sum)).sum()
        })
        .collect();
    let sum = sums.iter().sum::<f64>() as f32;
    Some(Tensor::from_floats([sum], &device))
}

/// `weight + scale gradient`, or `weight + scale weight^2 gradient` if adaptive. The tensors come
/// back where they are elsewhere.
pub(crate) fn ascend<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    scale: &Tensor<1>,
    adaptive: bool,
) -> Result<Tensor<D>, [Tensor<D>; 2]> {
    let [weight, gradient] = both([weight, gradient])?;
    let scale = scale.clone().into_scalar::<f32>();
    let shape = weight.shape();
    let mut values = gradient.into_values();
    let parts = values
        .par_chunks_mut(PART)
        .zip(weight.values().par_chunks(PART));
    parts.for_each(|(values, weight)| {
        for (value, weight) in values.iter_mut().zip(weight) {
            let direction = match adaptive {
                true => weight * weight * *value,
                false => *value,
            };
            *value = weight + direction * scale;
        }
    });
    Ok(Array::new(values, shape).into_tensor())
}

/// The weight and the velocity after one step. The weight and the gradient come back where they are
/// elsewhere.
pub(crate) fn descend<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<&mut Option<Tensor<D>>>,
    descent: Descent,
) -> Result<Tensor<D>, [Tensor<D>; 2]> {
    let [weight, gradient] = both([weight, gradient])?;
    let shape = weight.shape();
    let mut values = gradient.into_values();
    let weight = weight.values();
    let Descent {
        rate,
        momentum,
        fresh,
        weight_decay,
        nesterov,
    } = descent;
    match velocity {
        None => {
            let parts = values.par_chunks_mut(PART).zip(weight.par_chunks(PART));
            parts.for_each(|(values, weight)| {
                for (value, weight) in values.iter_mut().zip(weight) {
                    *value = weight - rate * (weight * weight_decay + *value);
                }
            });
        }
        Some(velocity) => {
            // The first velocity is the gradient itself.
            let (mut speeds, fresh) = match velocity.take().and_then(Array::of_tensor) {
                Some(array) => (array.into_values(), fresh),
                None => (Buffer::from(vec![0.0; values.len()]), 1.0),
            };
            values
                .par_chunks_mut(PART)
                .zip(speeds.par_chunks_mut(PART))
                .zip(weight.par_chunks(PART))
                .for_each(|((values, speeds), weight)| {
                    for ((value, speed), weight) in values.iter_mut().zip(speeds).zip(weight) {
                        let gradient = weight * weight_decay + *value;
                        *speed = fresh * gradient + *speed * momentum;
                        let direction = match nesterov {
                            true => *speed * momentum + gradient,
                            false => *speed,
                        };
                        *value = weight - rate * direction;
                    }
                });
            *velocity = Some(Array::new(speeds, shape.clone()).into_tensor());
        }
    }
    Ok(Array::new(values, shape).into_tensor())
}

fn both<const D: usize>(tensors: [Tensor<D>; 2]) -> Result<[Array; 2], [Tensor<D>; 2]> {
    let arrays = tensors
        .each_ref()
        .map(|tensor| Array::of_tensor(tensor.clone()));
    match arrays {
        // The tensors go here, so that each array may be the only owner of its numbers.
        [Some(first), Some(second)] => Ok([first, second]),
        _ => Err(tensors),
    }
}
