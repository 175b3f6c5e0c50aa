//! A model in training, with the moving average of its weights beside it.

use burn::module::{Module, ModuleDisplay};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer, MultiGradientsParams};
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use crate::optim::{Ema, EmaConfig};

/// A model as burn's training takes it, with or without an [`Ema`] of its weights: it is the model that
/// learns, by its own [`TrainStep::optimize`], and the average that is validated. A checkpoint holds both.
///
/// ```no_run
/// # use burn::module::Module;
/// # use burn::optim::ModuleOptimizer;
/// # use burn::train::{InferenceStep, Learner, TrainStep};
/// use countenance::optim::EmaConfig;
/// use countenance::train::Averaged;
///
/// # fn learner<M>(model: M, optimizer: ModuleOptimizer)
/// # where
/// #     M: TrainStep + InferenceStep + Module + burn::module::ModuleDisplay + 'static,
/// # {
/// let model = Averaged::new(model, Some(&EmaConfig::new()));
/// let learner = Learner::new(model, optimizer, 1e-3);
/// # }
/// ```
#[derive(Module, Debug)]
pub struct Averaged<M: Module> {
    model: M,
    average: Option<Ema<M>>,
}

impl<M: Module + ModuleDisplay> Averaged<M> {
    /// `model` with an average as `config` says, or none.
    ///
    /// # Panics
    /// If a setting of `config` is outside its range.
    pub fn new(model: M, config: Option<&EmaConfig>) -> Self {
        let average = config.map(|config| config.init(&model));
        Self { model, average }
    }

    /// What is validated: the average, or the model where there is none.
    pub fn evaluated(&self) -> &M {
        match &self.average {
            Some(average) => average.module(),
            None => &self.model,
        }
    }

    /// The same, and nothing else.
    pub fn into_evaluated(self) -> M {
        match self.average {
            Some(average) => average.into_module(),
            None => self.model,
        }
    }

    /// What `step` makes of the model, taken into the average.
    fn stepped(self, step: impl FnOnce(M) -> M) -> Self {
        let model = step(self.model);
        Self {
            average: self.average.map(|average| average.update(&model)),
            model,
        }
    }
}

impl<M: TrainStep + Module + ModuleDisplay> TrainStep for Averaged<M> {
    type Input = M::Input;
    type Output = M::Output;

    fn step(&self, item: M::Input) -> TrainOutput<M::Output> {
        self.model.step(item)
    }

    fn optimize(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: GradientsParams,
    ) -> Self {
        self.stepped(|model| model.optimize(optimizer, rate, gradients))
    }

    fn optimize_multi(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: MultiGradientsParams,
    ) -> Self {
        self.stepped(|model| model.optimize_multi(optimizer, rate, gradients))
    }
}

impl<M: InferenceStep + Module + ModuleDisplay> InferenceStep for Averaged<M> {
    type Input = M::Input;
    type Output = M::Output;

    fn step(&self, item: M::Input) -> M::Output {
        self.evaluated().step(item)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::nn::{Linear, LinearConfig};
    use burn::optim::SgdConfig;
    use burn::tensor::{Device, Tensor};
    use burn::train::RegressionOutput;

    use super::*;

    /// A model whose own step of the optimizer is of half the rate.
    #[derive(Module, Debug)]
    struct Cautious {
        linear: Linear,
    }

    impl Cautious {
        fn new() -> Self {
            let device = Device::default().autodiff();
            let mut linear = LinearConfig::new(2, 1).with_bias(false).init(&device);
            linear.weight = Param::from_data([[0.5], [-0.25]], &device);
            Self { linear }
        }

        fn weights(&self) -> Vec<f32> {
            self.linear.weight.val().into_data().iter().collect()
        }
    }

    impl TrainStep for Cautious {
        type Input = Tensor<2>;
        type Output = RegressionOutput;

        fn step(&self, input: Tensor<2>) -> TrainOutput<RegressionOutput> {
            let output = self.linear.forward(input);
            let loss = output.clone().sum();
            let output = RegressionOutput::new(loss.clone(), output.clone(), output);
            TrainOutput::new(self, loss.backward(), output)
        }

        fn optimize(
            self,
            optimizer: &mut ModuleOptimizer,
            _: ModuleLearningRate,
            gradients: GradientsParams,
        ) -> Self {
            optimizer.step(0.5, self, gradients)
        }
    }

    #[test]
    fn the_model_s_own_step_is_taken_and_the_average_follows() {
        let input = Tensor::from_data([[1.0, 2.0]], &Device::default().autodiff());
        let averaged = Averaged::new(Cautious::new(), Some(&EmaConfig::new().with_warm_up(None)));
        let gradients = TrainStep::step(&averaged, input).grads;
        let averaged = averaged.optimize(&mut SgdConfig::new().init(), 1.0.into(), gradients);
        // The gradient is the input, and the rate is the model's.
        assert_eq!(averaged.model.weights(), [0.0, -1.25]);
        assert_eq!(averaged.evaluated().weights(), [0.0, -1.25]);
        assert_eq!(averaged.average.map(|average| average.updates()), Some(1));
    }
}
