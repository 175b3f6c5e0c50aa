//! An exponential moving average of a module's weights, around any optimizer.

use std::any::Any;
use std::collections::VecDeque;

use burn::config::Config;
use burn::module::{
    Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param,
    ParamId,
};
use burn::tensor::{Bool, Device, Int, Tensor};

use super::number::renumbered;

/// Configuration of [`Ema`].
#[derive(Config, Debug, PartialEq)]
pub struct EmaConfig {
    /// The share of the average that an update keeps, in [0, 1). It looks back over about
    /// `1 / (1 - decay)` steps. Default: 0.999.
    #[config(default = 0.999)]
    pub decay: f64,
    /// The power of a beginning that keeps less, so that the first weights do not linger: update `t`,
    /// counted from 0, keeps at most `1 - (1 + t)^-power`. Finite and positive; null for none.
    /// Default: 2/3.
    #[config(default = "Some(2.0 / 3.0)")]
    pub warm_up: Option<f64>,
}

/// A copy of a module whose weights are an exponential moving average of the module's:
///
/// `average += (1 - d) (weights - average)`, with `d = min(decay, 1 - (1 + t)^-power)`
///
/// at update `t`, counted from 0; without warm-up `d = decay`. The first update copies the weights,
/// with and without warm-up: those before the first step are of the drawing and not of the training.
/// It is what timm's `ModelEmaV3` does that is given the number of updates, and without warm-up what
/// PyTorch's `AveragedModel` does with `get_ema_multi_avg_fn` and `use_buffers`.
///
/// Running statistics of norms are averaged as the weights are; whole numbers and truth values are
/// copied. Nothing is read back from the device. The average is in inference mode, follows the module
/// to its device and shares nothing with it.
///
/// It is a module itself: its record holds the average and the number of updates, so that a training
/// that was interrupted goes on as one that was not.
///
/// ```
/// use burn::nn::LinearConfig;
/// use burn::optim::{AdamConfig, GradientsParams};
/// use burn::tensor::{Device, Tensor};
/// use countenance::optim::EmaConfig;
///
/// let device = Device::default().autodiff();
/// let mut model = LinearConfig::new(3, 1).init(&device);
/// let mut optimizer = AdamConfig::new().init();
/// let mut average = EmaConfig::new().with_decay(0.99).init(&model);
///
/// let input = Tensor::<2>::ones([4, 3], &device);
/// for _ in 0..3 {
///     let gradients = model.forward(input.clone()).square().mean().backward();
///     let gradients = GradientsParams::from_grads(gradients, &model);
///     model = optimizer.step(1e-3, model, gradients);
///     average = average.update(&model);
/// }
/// let output = average.module().forward(input.without_autodiff());
/// # assert_eq!(output.dims(), [4, 1]);
/// ```
#[derive(Module, Debug)]
pub struct Ema<M: Module> {
    module: M,
    updates: Updates,
    #[module(skip)]
    config: EmaConfig,
}

impl EmaConfig {
    /// Whether every setting is in its range.
    pub(crate) fn is_valid(&self) -> bool {
        (0.0..1.0).contains(&self.decay)
            && self
                .warm_up
                .is_none_or(|power| power.is_finite() && power > 0.0)
    }

    /// An average that has seen no update yet; until it has, its weights are `module`'s.
    ///
    /// # Panics
    /// If a setting is outside its range.
    pub fn init<M: Module>(&self, module: &M) -> Ema<M> {
        assert!(self.is_valid(), "settings outside their range: {self}");
        let device = module.devices().into_iter().next().unwrap_or_default();
        Ema {
            module: renumbered(module.valid()),
            updates: Updates {
                id: ParamId::new(),
                count: 0,
                device: device.without_autodiff(),
            },
            config: self.clone(),
        }
    }

    /// The share of the average that is kept by the update that follows `updates` others.
    fn kept(&self, updates: usize) -> f64 {
        match (updates, self.warm_up) {
            (0, _) => 0.0,
            (_, None) => self.decay,
            (_, Some(power)) => {
                let most = 1.0 - (1.0 + updates as f64).powf(-power);
                most.min(self.decay)
            }
        }
    }
}

impl<M: Module> Ema<M> {
    /// Takes in the weights of `module`, after a step of its optimizer.
    ///
    /// # Panics
    /// If `module` has other parameters than the one that the average began with.
    pub fn update(mut self, module: &M) -> Self {
        let mut latest = Latest::default();
        // Also brings running statistics up to date.
        module.valid().visit(&mut latest);
        let mut towards = Towards {
            latest,
            share: 1.0 - self.config.kept(self.updates.count),
        };
        // Detached first: running statistics are shared with clones, whom this does not concern.
        self.module = self.module.valid().map(&mut towards);
        assert!(towards.latest.0.is_empty(), "{OTHERS}");
        self.updates.count += 1;
        self
    }

    /// The module with the averaged weights, for inference.
    pub fn module(&self) -> &M {
        &self.module
    }

    /// The same, without its history.
    pub fn into_module(self) -> M {
        self.module
    }

    /// How many updates it has seen.
    pub fn updates(&self) -> usize {
        self.updates.count
    }
}

const OTHERS: &str = "a module has the parameters that its average began with";

/// The tensors of a module in the order in which it is walked, each of a rank of its own. Numbers of
/// parameters would not do: a record that is loaded brings its own.
#[derive(Default)]
struct Latest(VecDeque<Box<dyn Any>>);

impl Latest {
    fn next<T: 'static>(&mut self) -> T {
        let value = self.0.pop_front().and_then(|value| value.downcast().ok());
        *value.unwrap_or_else(|| panic!("{OTHERS}"))
    }
}

impl ModuleVisitor for Latest {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push_back(Box::new(param.base()));
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.0.push_back(Box::new(param.base()));
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.0.push_back(Box::new(param.base()));
    }
}

/// Moves every parameter a share of the way to its latest value.
struct Towards {
    latest: Latest,
    share: f64,
}

impl ModuleMapper for Towards {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let latest: Tensor<D> = self.latest.next();
        param.map(|average| {
            let latest = latest.cast(average.dtype());
            match self.share {
                1.0 => latest,
                share => {
                    // In this form what does not move is averaged to itself.
                    let average = average.to_device(&latest.device());
                    let way = latest - average.clone();
                    average + way.mul_scalar(share)
                }
            }
        })
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let latest = self.latest.next();
        param.map(|_| latest)
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        let latest = self.latest.next();
        param.map(|_| latest)
    }
}

/// A number of updates. To burn it is a parameter of one whole number, so that records hold it; it is
/// counted on the host, so that no step reads it back.
#[derive(Clone, Debug)]
struct Updates {
    id: ParamId,
    count: usize,
    device: Device,
}

impl Updates {
    fn param(&self) -> Param<Tensor<1, Int>> {
        let count = Tensor::from_data([self.count as i64], &self.device);
        Param::initialized(self.id, count)
    }
}

impl Module for Updates {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_int(&self.param());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let param = mapper.map_int(self.param());
        let count: i64 = param.val().into_scalar();
        Self {
            id: param.id,
            count: usize::try_from(count).unwrap_or_default(),
            ..self
        }
    }

    fn to_device(self, device: &Device) -> Self {
        Self {
            device: device.clone().without_autodiff(),
            ..self
        }
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        devices
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone()
    }

    fn train(self) -> Self {
        self
    }
}

impl ModuleDisplayDefault for Updates {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&self.count).optional()
    }
}

impl ModuleDisplay for Updates {}

#[cfg(test)]
mod tests {
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
    use burn::store::ModuleRecord;
    use burn::tensor::{Bytes, TensorData, Tolerance};

    use super::*;
    use crate::optim::{BaseAdamWConfig, BaseOptimizerConfig, BaseSgdConfig};

    #[derive(Module, Debug)]
    struct Model {
        linear: Linear,
        norm: BatchNorm,
    }

    impl Model {
        fn new(device: &Device) -> Self {
            let mut linear = LinearConfig::new(3, 2).init(device);
            linear.weight = Param::from_data([[0.5, -0.25], [0.125, 0.75], [-1.0, 0.375]], device);
            linear.bias = Some(Param::from_data([0.25, -0.5], device));
            let norm = BatchNormConfig::new(2).init(device);
            Self { linear, norm }
        }

        /// Every weight and statistic, those that are up to date.
        fn values(&self) -> Vec<f32> {
            let model = self.valid();
            let bias = model.linear.bias.as_ref().unwrap().val();
            [
                model.linear.weight.val().into_data(),
                bias.into_data(),
                model.norm.gamma.val().into_data(),
                model.norm.beta.val().into_data(),
                model.norm.running_mean.value().into_data(),
                model.norm.running_var.value().into_data(),
            ]
            .into_iter()
            .flat_map(|data| data.try_to_vec::<f32>().unwrap())
            .collect()
        }
    }

    fn device() -> Device {
        Device::default().autodiff()
    }

    fn step(model: Model, optimizer: &mut ModuleOptimizer) -> Model {
        let input = Tensor::<2>::from_data([[1.0, 2.0, -1.0], [0.5, -0.5, 3.0]], &device());
        let output = model.norm.forward(model.linear.forward(input));
        let gradients = (output.clone() * output).mean().backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        optimizer.step(0.1, model, gradients)
    }

    fn bytes<M: Module>(module: &M) -> Vec<u8> {
        module.clone().into_record().into_bytes().unwrap().to_vec()
    }

    fn loaded(ema: Ema<Model>, bytes: Vec<u8>) -> Ema<Model> {
        ema.load_record(ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes)).unwrap())
    }

    #[test]
    fn the_average_of_any_optimizer_s_steps_follows_the_formula() {
        let optimizers: [ModuleOptimizer; 3] = [
            BaseOptimizerConfig::Sgd(BaseSgdConfig::new()).init(),
            BaseOptimizerConfig::AdamW(BaseAdamWConfig::new()).init(),
            AdamConfig::new().init(),
        ];
        for mut optimizer in optimizers {
            for warm_up in [None, Some(2.0 / 3.0)] {
                let config = EmaConfig::new().with_decay(0.6).with_warm_up(warm_up);
                let mut model = Model::new(&device());
                let mut ema = config.init(&model);
                assert_eq!(ema.module().values(), model.values());
                let mut expected: Vec<f64> = Vec::new();
                for update in 0..6 {
                    model = step(model, &mut optimizer);
                    ema = ema.update(&model);
                    let latest = model.values().into_iter().map(f64::from);
                    expected = match update {
                        0 => latest.collect(),
                        _ => {
                            let most =
                                warm_up.map(|power| 1.0 - (1.0 + update as f64).powf(-power));
                            let kept = most.unwrap_or(1.0).min(0.6);
                            let pairs = expected.into_iter().zip(latest);
                            pairs.map(|(e, l)| kept * e + (1.0 - kept) * l).collect()
                        }
                    };
                    let expected: Vec<f32> = expected.iter().map(|&value| value as f32).collect();
                    let count = expected.len();
                    TensorData::new(ema.module().values(), [count]).assert_approx_eq::<f32>(
                        &TensorData::new(expected, [count]),
                        Tolerance::rel_abs(1e-5, 1e-6),
                    );
                    assert_eq!(ema.updates(), update + 1);
                }
                assert!(ema.module().values() != model.values());
            }
        }
    }

    #[test]
    fn warm_up_ends_where_it_meets_the_decay() {
        let config = EmaConfig::new();
        assert_eq!(config.kept(0), 0.0);
        assert!((config.kept(1) - (1.0 - 2f64.powf(-2.0 / 3.0))).abs() < 1e-12);
        assert!((1..40_000).all(|t| config.kept(t) <= config.kept(t + 1)));
        assert_eq!(
            (config.kept(40_000), config.kept(usize::MAX)),
            (0.999, 0.999)
        );
        let plain = config.with_warm_up(None);
        assert_eq!((plain.kept(0), plain.kept(1)), (0.0, 0.999));
    }

    #[test]
    fn one_that_is_loaded_goes_on_as_one_that_was_kept() {
        let config = EmaConfig::new().with_decay(0.9);
        let mut optimizer = BaseOptimizerConfig::Sgd(BaseSgdConfig::new()).init();
        let mut model = Model::new(&device());
        let mut kept = config.init(&model);
        for _ in 0..3 {
            model = step(model, &mut optimizer);
            kept = kept.update(&model);
        }
        let saved = bytes(&kept);
        // Numbers of parameters that it knows nothing of, and a count of its own.
        let other = Model::new(&device());
        let mut resumed = loaded(config.init(&other).update(&other), saved.clone());
        assert_eq!(resumed.updates(), 3);
        let mut forgetful = Ema {
            updates: config.init(&model).updates,
            ..loaded(config.init(&model), saved)
        };
        for _ in 0..3 {
            model = step(model, &mut optimizer);
            kept = kept.update(&model);
            resumed = resumed.update(&model);
            forgetful = forgetful.update(&model);
        }
        assert_eq!(resumed.module().values(), kept.module().values());
        assert_eq!((resumed.updates(), kept.updates()), (6, 6));
        assert!(forgetful.module().values() != kept.module().values());
    }

    #[test]
    fn an_update_touches_neither_the_module_nor_a_copy_of_the_average() {
        let mut optimizer = BaseOptimizerConfig::Sgd(BaseSgdConfig::new()).init();
        let mut model = Model::new(&device());
        let mut ema = EmaConfig::new().init(&model);
        for _ in 0..2 {
            model = step(model, &mut optimizer);
            ema = ema.update(&model);
        }
        let copy = ema.clone();
        let (before, average) = (model.values(), copy.module().values());
        model = step(model, &mut optimizer);
        let after = model.values();
        assert!(after != before);
        ema = ema.update(&model);
        assert_eq!(model.values(), after);
        assert_eq!(copy.module().values(), average);
        assert!(ema.module().values() != average);
        assert!(!ema.module().linear.weight.val().is_autodiff());
        let ids = |module: &Model| module.linear.weight.id;
        assert_ne!(ids(ema.module()), ids(&model));
    }

    #[test]
    fn a_weight_that_stays_is_averaged_to_itself() {
        let model = Model::new(&device());
        let mut ema = EmaConfig::new().with_decay(0.9).init(&model);
        for _ in 0..100 {
            ema = ema.update(&model);
        }
        assert_eq!(ema.into_module().values(), model.values());
    }

    #[test]
    fn it_prints_how_many_updates_it_has_seen() {
        let model = Model::new(&device());
        let printed = EmaConfig::new().init(&model).update(&model).to_string();
        assert!(printed.contains("updates: 1"), "{printed}");
    }

    #[test]
    #[should_panic = "outside their range"]
    fn a_decay_of_one_is_refused() {
        EmaConfig::new()
            .with_decay(1.0)
            .init(&Model::new(&device()));
    }

    #[test]
    #[should_panic = "the parameters that its average began with"]
    fn a_module_with_other_parameters_is_refused() {
        let device = device();
        let config = LinearConfig::new(3, 2);
        let ema = EmaConfig::new().init(&config.init(&device));
        ema.update(&config.with_bias(false).init(&device));
    }
}
