//! Stochastic gradient descent: one pass over the weights on a CPU, burn's own elsewhere.

use burn::config::Config;
use burn::optim::{LearningRate, ModuleOptimizer, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

use crate::cpu;

/// Stochastic gradient descent with momentum, as PyTorch defines it, with the paper's values.
///
/// burn's own config of it has other ones: no momentum, and a dampening of 0.1 where it is asked for.
///
/// ```text
/// g <- g + weight_decay w
/// v <- momentum v + (1 - dampening) g     (the first step: v <- g)
/// w <- w - rate v                         (nesterov: w - rate (g + momentum v))
/// ```
#[derive(Config, Debug)]
pub struct BaseSgdConfig {
    /// In [0, 1); 0 keeps no velocity. Default: 0.9.
    #[config(default = 0.9)]
    pub momentum: f64,
    /// In [0, 1]. Default: 0.
    #[config(default = 0.0)]
    pub dampening: f64,
    /// The L2 penalty, coupled: it goes through the momentum. At least 0. Default: 1/256.
    #[config(default = 0.00390625)]
    pub weight_decay: f32,
    /// Whether to look ahead along the velocity. Default: false.
    #[config(default = false)]
    pub nesterov: bool,
}

impl BaseSgdConfig {
    /// Builds the optimizer for a whole module.
    ///
    /// # Panics
    /// If a hyper-parameter is outside its range.
    pub fn init(&self) -> ModuleOptimizer {
        assert!(
            (0.0..1.0).contains(&self.momentum),
            "momentum must be in [0, 1), got {}",
            self.momentum
        );
        assert!(
            (0.0..=1.0).contains(&self.dampening),
            "dampening must be in [0, 1], got {}",
            self.dampening
        );
        assert_decay(self.weight_decay);
        Sgd(self.clone()).into()
    }
}

/// What [`BaseSgdConfig`] describes, for one parameter.
#[derive(Clone, Debug)]
struct Sgd(BaseSgdConfig);

/// The velocity of a parameter, recorded under burn's own name for it.
#[derive(Clone)]
struct Velocity<const D: usize>(Option<Tensor<D>>);

impl Sgd {
    /// The step by burn's operations, in the order of burn's SGD.
    fn step_in_steps<const D: usize>(
        &self,
        rate: LearningRate,
        weight: Tensor<D>,
        mut gradient: Tensor<D>,
        velocity: &mut Option<Tensor<D>>,
    ) -> Tensor<D> {
        let config = &self.0;
        if config.weight_decay > 0.0 {
            gradient = weight.clone().mul_scalar(config.weight_decay).add(gradient);
        }
        if config.momentum > 0.0 {
            let speed = match velocity.take() {
                Some(before) => {
                    let fresh = gradient.clone().mul_scalar(1.0 - config.dampening);
                    fresh.add(before.mul_scalar(config.momentum))
                }
                None => gradient.clone(),
            };
            gradient = match config.nesterov {
                true => speed.clone().mul_scalar(config.momentum).add(gradient),
                false => speed.clone(),
            };
            *velocity = Some(speed);
        }
        weight - gradient.mul_scalar(rate)
    }
}

impl Optimizer for Sgd {
    type State<const D: usize> = Velocity<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Velocity<D>>,
    ) -> (Tensor<D>, Option<Velocity<D>>) {
        let mut velocity = state.and_then(|state| state.0);
        let (weight, gradient) = {
            let config = &self.0;
            let descent = cpu::view::Descent {
                rate: rate as f32,
                momentum: config.momentum as f32,
                fresh: (1.0 - config.dampening) as f32,
                weight_decay: config.weight_decay,
                nesterov: config.nesterov,
            };
            let moving = (config.momentum > 0.0).then_some(&mut velocity);
            match cpu::descend(weight, gradient, moving, descent) {
                Ok(weight) => return (weight, Some(Velocity(velocity))),
                Err([weight, gradient]) => (weight, gradient),
            }
        };
        let weight = self.step_in_steps(rate, weight, gradient, &mut velocity);
        (weight, Some(Velocity(velocity)))
    }

    fn to_device<const D: usize>(state: Velocity<D>, device: &Device) -> Velocity<D> {
        Velocity(state.0.map(|velocity| velocity.to_device(device)))
    }
}

/// # Panics
/// If `weight_decay` is negative or not finite.
pub(super) fn assert_decay(weight_decay: f32) {
    assert!(
        weight_decay.is_finite() && weight_decay >= 0.0,
        "weight_decay must be finite and at least 0, got {weight_decay}"
    );
}

/// Where the velocity stands in a record.
const LEAF: &str = "momentum.velocity";

impl<const D: usize> RecordState for Velocity<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        if let Some(velocity) = &self.0 {
            out.push_tensor(prefix, LEAF, velocity.to_data());
        }
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let data = source.take_tensor(prefix, LEAF);
        Some(Self(data.map(|data| Tensor::from_data(data, device))))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData, Tolerance};

    use super::*;

    /// The weight after each step, and the last velocity.
    fn follow(
        config: &BaseSgdConfig,
        mut weight: Tensor<2>,
        gradients: &[Tensor<2>],
        in_steps: bool,
    ) -> Vec<TensorData> {
        let mut velocity = None;
        let mut seen = Vec::new();
        for gradient in gradients.iter().cloned() {
            let sgd = Sgd(config.clone());
            if in_steps {
                weight = sgd.step_in_steps(0.1, weight, gradient, &mut velocity);
            } else {
                let state = velocity.take().map(|velocity| Velocity(Some(velocity)));
                let (moved, state) = sgd.step(0.1, weight, gradient, state);
                weight = moved;
                velocity = state.and_then(|Velocity(velocity)| velocity);
            }
            seen.push(weight.to_data());
        }
        seen.extend(velocity.map(Tensor::into_data));
        seen
    }

    #[test]
    fn one_pass_descends_as_burns_operations_do() {
        let plain = BaseSgdConfig::new();
        let spread = Distribution::Normal(0.0, 1.0);
        let draw = || Tensor::<2>::random([65, 1031], spread, &Device::flex());
        let (weight, gradients) = (draw(), [draw(), draw(), draw()]);
        for config in [
            plain.clone(),
            plain.clone().with_momentum(0.0),
            plain.clone().with_nesterov(true).with_dampening(0.3),
            plain.with_weight_decay(0.0),
        ] {
            let expected = follow(&config, weight.clone(), &gradients, true);
            let found = follow(&config, weight.clone(), &gradients, false);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                found.assert_approx_eq::<f32>(expected, Tolerance::absolute(1e-6));
            }
        }
    }
}
