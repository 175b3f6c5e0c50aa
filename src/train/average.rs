//! A model in training, with the moving average of its weights beside it.

use burn::module::{Module, ModuleDisplay};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer, MultiGradientsParams};
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use crate::optim::{Ema, EmaConfig};

/// A model as burn's training takes it, with or without an [`Ema`] of its weights: it is the model that
/// learns, and the average that is validated. A checkpoint holds both.
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
    fn stepped(mut self, step: impl FnOnce(Self) -> Self) -> Self {
        // An optimizer walks through what it is given, where the average has no gradient.
        let average = self.average.take();
        let stepped = step(self);
        Self {
            average: average.map(|average| average.update(&stepped.model)),
            ..stepped
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
        self.stepped(|model| optimizer.step(rate, model, gradients))
    }

    fn optimize_multi(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: MultiGradientsParams,
    ) -> Self {
        self.stepped(|model| optimizer.step_multi(rate, model, gradients))
    }
}

impl<M: InferenceStep + Module + ModuleDisplay> InferenceStep for Averaged<M> {
    type Input = M::Input;
    type Output = M::Output;

    fn step(&self, item: M::Input) -> M::Output {
        self.evaluated().step(item)
    }
}
