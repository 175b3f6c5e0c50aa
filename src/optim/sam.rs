//! Sharpness-aware minimisation, plain (Foret et al. 2021) and adaptive (Kwon et al. 2021).

use burn::config::Config;
use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
#[cfg(feature = "train")]
use burn::train::TrainOutput;

use super::copy::detached;
use super::norm::norm;
use crate::cpu;

/// Configuration of [`Sam`].
#[derive(Config, Debug)]
pub struct SamConfig {
    /// The radius of the neighbourhood whose worst loss is descended; finite, at least 0. 0 is the
    /// base optimizer alone. Default: 0.05.
    #[config(default = 0.05)]
    pub rho: f64,
    /// Whether the radius follows each weight's magnitude. Default: false.
    #[config(default = false)]
    pub adaptive: bool,
    /// Added to the gradient's norm, so that a zero gradient stays finite; finite and positive.
    /// Default: 1e-12.
    #[config(default = 1e-12)]
    pub epsilon: f64,
    /// Whether batch-norm running statistics move in the second pass as well, as they do in the
    /// authors' program. Default: false.
    #[config(default = false)]
    pub second_pass_statistics: bool,
}

/// Sharpness-aware minimisation around any optimizer.
///
/// A step computes two gradients. The first, `g`, is that at the weights `w`, and leads to the point
/// `w'` where the loss is about the highest within the radius; the second is that at `w'`, and the
/// base optimizer applies it at `w`:
///
/// - plain: `w' = w + rho g / (|g| + epsilon)`
/// - adaptive: `w' = w + rho w^2 g / (|w g| + epsilon)`, products element by element
///
/// `|.|` is one norm over every parameter that has a gradient. Parameters without one stay as they
/// are, in both passes.
///
/// The loss is called twice, so dropout draws a new mask for the second pass. Batch-norm running
/// statistics move in the first pass only, since those of the second belong to weights that are
/// never kept, unless [`SamConfig::second_pass_statistics`] is set.
///
/// Parts of the module that are frozen or in inference mode stay so in the second pass.
///
/// # Gradient accumulation
/// The gradients of a step may be added up with those of other micro-batches before the base
/// optimizer is given their sum, by [`GradientsAccumulator`](burn::optim::GradientsAccumulator) or by
/// burn-train's `grads_accumulation`. Every micro-batch then climbs along its own gradient, by the
/// whole radius: the m-sharpness of Foret et al. (section 4.1), with m the rows of a micro-batch,
/// which they find to generalise better than the climb along the gradient of all rows; their own
/// program does so on each device. That other climb would need every micro-batch twice, with all
/// first passes before any second, which a step that sees one micro-batch cannot take.
///
/// burn adds gradients up and does not average them: with `n` micro-batches the learning rate means
/// what it did if each one's loss is divided by `n`. That leaves each climb's length, `rho`, as it is.
///
/// # Gradient clipping
/// What is clipped is what the base optimizer is given: the sum of the second passes' gradients.
/// The first pass's is not, as only its direction counts. [`clip_gradient_norm`] clips the norm of
/// all gradients together, as PyTorch's `clip_grad_norm_`; the clipping that a burn optimizer is built
/// with treats every parameter on its own. Both work with and without accumulation.
///
/// [`clip_gradient_norm`]: super::clip_gradient_norm
#[derive(Clone, Debug)]
pub struct Sam {
    config: SamConfig,
}

/// The result of one step of [`Sam`].
#[derive(Debug)]
pub struct SamStep<Output> {
    /// What the loss returned beside its value in the first pass, that is, at `w`.
    pub output: Output,
    /// The gradients for the base optimizer.
    pub gradients: GradientsParams,
    /// The norm of the first pass's gradient, scaled by the weights if adaptive; `[1]`, still on
    /// the device. Training must stop when it is not finite: the gradients are not either then.
    pub norm: Tensor<1>,
}

impl SamConfig {
    /// Builds the minimiser.
    ///
    /// # Panics
    /// If `rho` is negative or not finite, or `epsilon` is not finite and positive.
    pub fn init(&self) -> Sam {
        assert!(
            self.rho.is_finite() && self.rho >= 0.0,
            "rho must be finite and at least 0, got {}",
            self.rho
        );
        assert!(
            self.epsilon.is_finite() && self.epsilon > 0.0,
            "epsilon must be finite and positive, got {}",
            self.epsilon
        );
        Sam {
            config: self.clone(),
        }
    }
}

impl Sam {
    /// Takes both passes of one step.
    ///
    /// `loss` runs the module forward and returns its loss, `[1]`, with whatever else the caller
    /// wants from the first pass. With `rho = 0`, or when no parameter has a gradient, it is called
    /// once and its gradients come back as they are.
    ///
    /// ```
    /// use burn::nn::LinearConfig;
    /// use burn::tensor::{Device, Tensor};
    /// use countenance::optim::{BaseOptimizerConfig, SamConfig};
    ///
    /// let device = Device::default().autodiff();
    /// let model = LinearConfig::new(3, 1).init(&device);
    /// let mut optimizer = BaseOptimizerConfig::default().init();
    /// let input = Tensor::<2>::ones([4, 3], &device);
    ///
    /// let step = SamConfig::new().init().step(&model, |model| {
    ///     let output = model.forward(input.clone());
    ///     (output.clone().square().mean(), output)
    /// });
    /// let model = optimizer.step(1e-3, model, step.gradients);
    /// ```
    pub fn step<M, Output, Loss>(&self, module: &M, mut loss: Loss) -> SamStep<Output>
    where
        M: Module,
        Loss: FnMut(&M) -> (Tensor<1>, Output),
    {
        let (value, output) = loss(module);
        let device = value.device().without_autodiff();
        let first = GradientsParams::from_grads(value.backward(), module);
        let norm = norm(module, &first, self.config.adaptive);

        let (Some(norm), true) = (norm.clone(), self.config.rho > 0.0) else {
            return SamStep {
                output,
                gradients: first,
                norm: norm.unwrap_or_else(|| Tensor::zeros([1], &device)),
            };
        };

        let copy = match self.config.second_pass_statistics {
            true => module.clone(),
            false => detached(module),
        };
        let neighbour = copy.map(&mut Ascent {
            scale: norm
                .clone()
                .add_scalar(self.config.epsilon)
                .recip()
                .mul_scalar(self.config.rho),
            gradients: first,
            adaptive: self.config.adaptive,
        });
        let (value, _) = loss(&neighbour);
        SamStep {
            output,
            gradients: GradientsParams::from_grads(value.backward(), &neighbour),
            norm,
        }
    }

    /// As [`step`](Self::step), for burn-train: what a
    /// [`TrainStep`](burn::train::TrainStep) returns.
    ///
    /// The learner, its strategies over several devices, its checkpoints and its gradient
    /// accumulation go on as without SAM.
    ///
    /// ```
    /// use burn::module::Module;
    /// use burn::nn::loss::{MseLoss, Reduction};
    /// use burn::nn::{Initializer, Linear, LinearConfig};
    /// use burn::optim::{GradientsParams, ModuleOptimizer};
    /// use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
    /// use burn::tensor::{Device, Tensor};
    /// use burn::train::{RegressionOutput, TrainOutput, TrainStep};
    /// use countenance::optim::{BaseOptimizerConfig, Sam, SamConfig, clip_gradient_norm};
    ///
    /// #[derive(Module, Debug)]
    /// struct Mine {
    ///     layer: Linear,
    ///     #[module(skip)]
    ///     sam: Sam,
    /// }
    ///
    /// impl TrainStep for Mine {
    ///     type Input = [Tensor<2>; 2];
    ///     type Output = RegressionOutput;
    ///
    ///     fn step(&self, [input, targets]: [Tensor<2>; 2]) -> TrainOutput<RegressionOutput> {
    ///         self.sam.train_step(self, |model| {
    ///             let output = model.layer.forward(input.clone());
    ///             let loss = MseLoss::new().forward(output.clone(), targets.clone(), Reduction::Mean);
    ///             (loss.clone(), RegressionOutput::new(loss, output, targets.clone()))
    ///         })
    ///     }
    ///
    ///     // Only to clip: burn-train comes by here with what it accumulated.
    ///     fn optimize(
    ///         self,
    ///         optimizer: &mut ModuleOptimizer,
    ///         rate: ModuleLearningRate,
    ///         gradients: GradientsParams,
    ///     ) -> Self {
    ///         let gradients = clip_gradient_norm(&self, gradients, 1.0);
    ///         optimizer.step(rate, self, gradients)
    ///     }
    /// }
    ///
    /// let device = Device::default().autodiff();
    /// let halves = Initializer::Constant { value: 0.5 };
    /// let layer = LinearConfig::new(3, 1).with_initializer(halves).init(&device);
    /// let mine = Mine { layer, sam: SamConfig::new().init() };
    /// let batch = || [Tensor::ones([4, 3], &device), Tensor::ones([4, 1], &device)];
    ///
    /// let mut optimizer = BaseOptimizerConfig::default().init();
    /// let before = TrainStep::step(&mine, batch());
    /// let mine = mine.optimize(&mut optimizer, 0.05.into(), before.grads);
    /// let after = TrainStep::step(&mine, batch());
    /// assert!(after.item.loss.into_scalar::<f32>() < before.item.loss.into_scalar::<f32>());
    /// ```
    #[cfg(feature = "train")]
    pub fn train_step<M, Output, Loss>(&self, module: &M, loss: Loss) -> TrainOutput<Output>
    where
        M: Module,
        Loss: FnMut(&M) -> (Tensor<1>, Output),
    {
        self.step(module, loss).into()
    }
}

#[cfg(feature = "train")]
impl<Output> From<SamStep<Output>> for TrainOutput<Output> {
    fn from(step: SamStep<Output>) -> Self {
        Self {
            grads: step.gradients,
            item: step.output,
        }
    }
}

/// Moves every parameter that has a gradient uphill.
struct Ascent {
    gradients: GradientsParams,
    scale: Tensor<1>,
    adaptive: bool,
}

impl ModuleMapper for Ascent {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Running statistics are visited too; they never have a gradient.
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let scale = self.scale.clone().unsqueeze();
        param.map(|weight| {
            let weight = weight.without_autodiff();
            let (weight, gradient) = match cpu::ascend(weight, gradient, &self.scale, self.adaptive)
            {
                Ok(weight) => return Tensor::from_inner(weight).require_grad(),
                Err([weight, gradient]) => (weight, gradient),
            };
            let direction = match self.adaptive {
                true => weight.clone().square() * gradient,
                false => gradient,
            };
            Tensor::from_inner(weight + direction * scale).require_grad()
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, ParamGroup};
    use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
    use burn::optim::ModuleOptimizer;
    use burn::tensor::activation::relu;
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::optim::{BaseAdamWConfig, BaseOptimizerConfig, BaseSgdConfig, gradient_norm};

    #[derive(Module, Debug)]
    struct Model {
        first: Linear,
        norm: BatchNorm,
        last: Linear,
        unused: Linear,
        dropout: Dropout,
    }

    impl Model {
        fn new(device: &Device) -> Self {
            Self {
                first: LinearConfig::new(4, 6).init(device),
                norm: BatchNormConfig::new(6).init(device),
                last: LinearConfig::new(6, 1).init(device),
                unused: LinearConfig::new(2, 2).init(device),
                dropout: DropoutConfig::new(0.5).init(),
            }
        }

        fn hidden(&self, input: Tensor<2>) -> Tensor<2> {
            relu(self.norm.forward(self.first.forward(input)))
        }

        fn loss(&self, input: Tensor<2>) -> Tensor<1> {
            self.last.forward(self.hidden(input)).square().mean()
        }
    }

    fn device() -> Device {
        Device::default().autodiff()
    }

    fn batch(device: &Device) -> Tensor<2> {
        Tensor::random([8, 4], Distribution::Normal(0.5, 1.0), device)
    }

    /// Every float tensor of a module, running statistics included, as bits.
    fn bits(module: &Model) -> Vec<u32> {
        struct Bits(Vec<u32>);
        impl ModuleVisitor for Bits {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let values = param.val().into_data().try_to_vec::<f32>().unwrap();
                self.0.extend(values.into_iter().map(f32::to_bits));
            }
        }
        let mut bits = Bits(Vec::new());
        module.valid().visit(&mut bits);
        bits.0
    }

    fn statistics(model: &Model) -> Vec<f32> {
        let value = model.norm.valid().running_mean.value();
        value.into_data().try_to_vec().unwrap()
    }

    /// A copy whose running statistics are its own.
    fn twin(model: &Model) -> Model {
        model.valid().train()
    }

    fn optimizers() -> [ModuleOptimizer; 2] {
        [
            BaseOptimizerConfig::Sgd(BaseSgdConfig::new()).init(),
            BaseOptimizerConfig::AdamW(BaseAdamWConfig::new()).init(),
        ]
    }

    #[test]
    fn a_radius_of_zero_is_the_base_optimizer_bit_for_bit() {
        let device = device();
        let sam = SamConfig::new().with_rho(0.0).init();
        for (mut base, mut wrapped) in optimizers().into_iter().zip(optimizers()) {
            let mut plain = Model::new(&device);
            let mut sharp = twin(&plain);
            for _ in 0..5 {
                let input = batch(&device);
                let gradients = plain.loss(input.clone()).backward();
                let gradients = GradientsParams::from_grads(gradients, &plain);
                plain = base.step(0.1, plain, gradients);
                let mut calls = 0;
                let step = sam.step(&sharp, |model| {
                    calls += 1;
                    (model.loss(input.clone()), ())
                });
                assert_eq!(calls, 1);
                sharp = wrapped.step(0.1, sharp, step.gradients);
            }
            assert_eq!(bits(&plain), bits(&sharp));
        }
    }

    #[test]
    fn a_step_leaves_the_weights_alone_and_moves_the_statistics_once() {
        let device = device();
        let model = Model::new(&device);
        let input = batch(&device);
        let once = twin(&model);
        once.loss(input.clone());
        for adaptive in [false, true] {
            let model = twin(&model);
            let sam = SamConfig::new()
                .with_rho(2.0)
                .with_adaptive(adaptive)
                .init();
            sam.step(&model, |model| (model.loss(input.clone()), ()));
            assert_eq!(bits(&model), bits(&once));
        }
    }

    #[test]
    fn statistics_move_twice_on_request() {
        let device = device();
        let model = Model::new(&device);
        let input = batch(&device);
        let step = |twice| {
            let model = twin(&model);
            let config = SamConfig::new().with_second_pass_statistics(twice);
            let step = config.init().step(&model, |m| (m.loss(input.clone()), ()));
            let weight = step.gradients.get::<2>(model.first.weight.id).unwrap();
            (statistics(&model), weight.into_data())
        };
        let ((once, gradient), (twice, same_gradient)) = (step(false), step(true));
        assert_eq!(gradient, same_gradient);
        let length = |means: &[f32]| means.iter().map(|mean| mean * mean).sum::<f32>().sqrt();
        assert!(length(&twice) > 1.5 * length(&once), "{once:?} {twice:?}");
    }

    #[test]
    fn the_second_gradient_is_taken_one_radius_uphill() {
        let device = device();
        let model = Model::new(&device);
        let input = batch(&device);
        let gradients = model.loss(input.clone()).backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        let expected = gradient_norm(&model, &gradients)
            .unwrap()
            .into_scalar::<f32>();

        let mut visited: Vec<Model> = Vec::new();
        let step = SamConfig::new().with_rho(0.3).init().step(&model, |model| {
            visited.push(model.clone());
            (model.loss(input.clone()), ())
        });
        let distance = |a: &Param<Tensor<2>>, b: &Param<Tensor<2>>| {
            (a.val().inner() - b.val().inner())
                .square()
                .sum()
                .into_scalar::<f32>()
        };
        let distance_1 = |a: &Param<Tensor<1>>, b: &Param<Tensor<1>>| {
            (a.val().inner() - b.val().inner())
                .square()
                .sum()
                .into_scalar::<f32>()
        };
        let (here, there) = (&visited[0], &visited[1]);
        let bias = |layer: &Linear| layer.bias.clone().unwrap();
        let total = distance(&here.first.weight, &there.first.weight)
            + distance_1(&bias(&here.first), &bias(&there.first))
            + distance_1(&here.norm.gamma, &there.norm.gamma)
            + distance_1(&here.norm.beta, &there.norm.beta)
            + distance(&here.last.weight, &there.last.weight)
            + distance_1(&bias(&here.last), &bias(&there.last));
        assert!((total.sqrt() - 0.3).abs() < 1e-4, "{total}");
        assert!((step.norm.into_scalar::<f32>() - expected).abs() < 1e-5 * expected);
        assert_eq!(distance(&here.unused.weight, &there.unused.weight), 0.0);
        assert!(step.gradients.get::<2>(model.unused.weight.id).is_none());
    }

    #[test]
    fn parts_without_gradient_stay_as_they_are() {
        let device = device();
        let mut model = Model::new(&device);
        model.first = model.first.freeze();
        let input = batch(&device);
        let mut weights = Vec::new();
        let step = SamConfig::new().init().step(&model, |model| {
            weights.push(model.first.weight.val().into_data());
            (model.loss(input.clone()), ())
        });
        assert_eq!(weights[0], weights[1]);
        assert!(step.gradients.get::<2>(model.first.weight.id).is_none());
    }

    #[test]
    fn parts_in_inference_mode_stay_in_inference_mode() {
        let device = device();
        let mut model = Model::new(&device);
        model.first = model.first.valid();
        model.norm = model.norm.valid();
        model.dropout = model.dropout.valid();
        let frozen = model.norm.running_mean.value().into_data();
        let input = batch(&device);
        let mut hidden = Vec::new();
        SamConfig::new().init().step(&model, |model| {
            assert!(!model.dropout.training.is_enabled());
            let plain = model.hidden(input.clone().inner());
            assert!(!plain.is_autodiff());
            // The flag, not only the device, keeps the norm inactive.
            model.norm.forward(model.first.forward(input.clone()));
            hidden.push(plain.clone().into_data());
            (
                model
                    .last
                    .forward(Tensor::from_inner(plain))
                    .square()
                    .mean(),
                (),
            )
        });
        assert_eq!(hidden[0], hidden[1]);
        assert_eq!(model.norm.running_mean.value().into_data(), frozen);
    }

    #[test]
    fn a_module_without_any_gradient_gives_none_and_a_norm_of_zero() {
        let device = device();
        let model = Model::new(&device).freeze_group(ParamGroup::all());
        let input = batch(&device).require_grad();
        let mut calls = 0;
        let step = SamConfig::new().init().step(&model, |model| {
            calls += 1;
            (model.loss(input.clone()), ())
        });
        assert!(step.gradients.is_empty());
        assert_eq!(step.norm.into_scalar::<f32>(), 0.0);
        assert_eq!(calls, 1);
    }

    #[test]
    fn a_zero_gradient_stays_finite() {
        let device = device();
        let model = Model::new(&device);
        let input = batch(&device);
        let step = SamConfig::new().init().step(&model, |model| {
            (model.loss(input.clone()).mul_scalar(0.0), ())
        });
        assert_eq!(step.norm.into_scalar::<f32>(), 0.0);
        let gradient = step.gradients.get::<2>(model.first.weight.id).unwrap();
        assert_eq!(gradient.abs().max().into_scalar::<f32>(), 0.0);
    }

    #[test]
    fn a_gradient_that_is_not_finite_shows_in_the_norm() {
        let device = device();
        let model = Model::new(&device);
        let input = batch(&device);
        let step = SamConfig::new().init().step(&model, |model| {
            (model.loss(input.clone()).mul_scalar(f32::INFINITY), ())
        });
        assert!(!step.norm.into_scalar::<f32>().is_finite());
    }

    #[test]
    #[should_panic(expected = "rho must be finite and at least 0")]
    fn a_negative_radius_is_refused() {
        SamConfig::new().with_rho(-0.1).init();
    }
}
