//! Tensors out of a module by name, and into one, all or none.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::{ImportReport, NotFiniteTensor};

/// Every float tensor of a module, by its path, in the order of the module's fields.
///
/// These are the parameters and the running statistics of norms; flags and settings are not
/// tensors. Pending updates of running statistics are included.
pub fn collect<M: Module>(module: &M) -> Vec<(String, TensorData)> {
    let mut collector = Collector::default();
    // A running statistic applies its latest update only when it is next used; leaving the
    // training device applies it.
    module.valid().visit(&mut collector);
    collector.found
}

/// The path and shape of every float tensor of a module; initialises nothing.
pub(crate) fn slots<M: Module>(module: &M) -> Vec<(String, Vec<usize>)> {
    let mut lister = Lister::default();
    module.visit(&mut lister);
    lister.found
}

/// Fills a module: every tensor of the module from `tensors`, and every one of `tensors` used.
///
/// Names are those of [`collect`]. Half and double precision are converted to float32; a value that
/// is not finite then is refused. Parameters
/// keep their ids, so that optimizer state still belongs to them, and their place on or off an
/// autodiff device. Parameters that were never initialised are filled without being initialised.
///
/// # Errors
/// An [`ImportReport`] that names every tensor that does not fit; then nothing was changed.
pub fn assign<M: Module>(
    module: M,
    tensors: BTreeMap<String, TensorData>,
) -> Result<M, Box<ImportReport>> {
    let found = tensors
        .iter()
        .map(|(name, data)| (name.as_str(), (data.shape().as_slice(), data.dtype())))
        .collect();
    let mut report = ImportReport::compare(&slots(&module), &found);
    if !report.is_complete() {
        return Err(Box::new(report));
    }
    let tensors: BTreeMap<String, TensorData> = tensors
        .into_iter()
        .map(|(name, data)| (name, data.convert::<f32>()))
        .collect();
    report.not_finite = tensors.iter().filter_map(not_finite).collect();
    report.fitting -= report.not_finite.len();
    if !report.is_complete() {
        return Err(Box::new(report));
    }
    let mut filler = Filler {
        path: Vec::new(),
        tensors,
    };
    Ok(detached(module).map(&mut filler))
}

fn not_finite((name, data): (&String, &TensorData)) -> Option<NotFiniteTensor> {
    let values = data
        .as_slice::<f32>()
        .expect("the numbers were converted to this kind");
    NotFiniteTensor::find(name, data.shape(), values)
}

/// A module whose running statistics are its own.
///
/// Clones share them, pending updates included: filling a clone would write through to the
/// original, and a pending update would later undo the filling. Crossing to inference and back
/// makes them the module's own. A module that is neither on a training device nor initialised is
/// left alone: crossing would initialise it for nothing.
fn detached<M: Module>(module: M) -> M {
    let trains = module.devices().iter().any(|device| device.is_autodiff());
    if trains {
        return module.valid().train();
    }
    let mut lister = Lister::default();
    module.visit(&mut lister);
    match lister.initialised {
        true => module.valid(),
        false => module,
    }
}

#[derive(Default)]
struct Collector {
    path: Vec<String>,
    found: Vec<(String, TensorData)>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.transform_for_save().val().into_data();
        self.found.push((self.path.join("."), data));
    }
}

struct Lister {
    path: Vec<String>,
    found: Vec<(String, Vec<usize>)>,
    initialised: bool,
}

impl Default for Lister {
    fn default() -> Self {
        Self {
            path: Vec::new(),
            found: Vec::new(),
            initialised: true,
        }
    }
}

impl ModuleVisitor for Lister {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.initialised &= param.is_initialized();
        self.found
            .push((self.path.join("."), param.lazy_shape().to_vec()));
    }
}

struct Filler {
    path: Vec<String>,
    tensors: BTreeMap<String, TensorData>,
}

impl ModuleMapper for Filler {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let data = self
            .tensors
            .remove(&self.path.join("."))
            .expect("the report found a tensor for every parameter");
        let tensor = Tensor::from_data(data, &param.lazy_device());
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::ParamId;
    use burn::tensor::{DType, Device, Distribution};

    use super::*;
    use crate::head::{ValenceArousalHead, ValenceArousalHeadConfig};

    fn head(device: &Device) -> ValenceArousalHead {
        ValenceArousalHeadConfig::new(3).init(device)
    }

    fn tensors(head: &ValenceArousalHead) -> BTreeMap<String, TensorData> {
        collect(head).into_iter().collect()
    }

    fn ids(head: &ValenceArousalHead) -> [ParamId; 4] {
        [
            head.linear.weight.id,
            head.linear.bias.as_ref().expect("a bias").id,
            head.norm.gamma.id,
            head.norm.beta.id,
        ]
    }

    fn train_once(head: &ValenceArousalHead, device: &Device) {
        let features = Tensor::random([5, 3], Distribution::Normal(1.0, 1.0), device);
        head.forward(features);
    }

    #[test]
    fn tensors_are_named_by_their_fields_in_order() {
        let names: Vec<String> = collect(&head(&Device::default()))
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let expected = [
            "linear.weight",
            "linear.bias",
            "norm.gamma",
            "norm.beta",
            "norm.running_mean",
            "norm.running_var",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn what_is_collected_fills_another_module_bit_for_bit_and_keeps_its_ids() {
        for device in [Device::default(), Device::default().autodiff()] {
            let source = head(&device);
            train_once(&source, &device);
            let target = head(&device);
            let expected = ids(&target);
            let filled = assign(target, tensors(&source)).expect("the same layout");
            assert_eq!(tensors(&filled), tensors(&source));
            assert_eq!(ids(&filled), expected);
            let trainable = filled.linear.weight.val().is_require_grad();
            assert_eq!(trainable, device.is_autodiff());
        }
    }

    #[test]
    fn a_pending_statistic_is_collected_and_does_not_undo_a_filling() {
        let device = Device::default().autodiff();
        let trained = head(&device);
        train_once(&trained, &device);
        let fresh = tensors(&head(&device));
        assert_ne!(
            tensors(&trained)["norm.running_mean"],
            fresh["norm.running_mean"]
        );

        train_once(&trained, &device);
        let filled = assign(trained, fresh.clone()).expect("the same layout");
        let mean = filled.norm.running_mean.value_sync().into_data();
        assert_eq!(mean, fresh["norm.running_mean"]);
    }

    #[test]
    fn filling_a_clone_leaves_the_original_alone() {
        let device = Device::default();
        let original = head(&device);
        let before = tensors(&original);
        let mut other = before.clone();
        let moved = TensorData::from([7f32, 8.]);
        other.insert("norm.running_mean".into(), moved);
        assign(original.clone(), other).expect("the same layout");
        assert_eq!(tensors(&original), before);
    }

    #[test]
    fn a_frozen_parameter_stays_frozen() {
        let device = Device::default().autodiff();
        let head = head(&device);
        let weights = tensors(&head);
        let filled = assign(head.freeze(), weights).expect("the same layout");
        assert!(!filled.linear.weight.val().is_require_grad());
        assert!(!filled.norm.training.is_enabled());
    }

    #[test]
    fn half_and_double_precision_become_single() {
        let device = Device::default();
        let mut weights = tensors(&head(&device));
        for (name, dtype) in [("linear.bias", DType::F16), ("norm.beta", DType::F64)] {
            let data = TensorData::from([0.5f32, -2.0]).convert_dtype(dtype);
            weights.insert(name.into(), data);
        }
        let filled = tensors(&assign(head(&device), weights).expect("floats"));
        let expected = TensorData::from([0.5f32, -2.0]);
        assert_eq!(filled["linear.bias"], expected);
        assert_eq!(filled["norm.beta"], expected);
    }

    #[test]
    fn a_value_that_is_not_finite_as_a_float_is_refused_with_its_place() {
        let device = Device::default();
        let original = head(&device);
        let before = tensors(&original);
        let mut weights = before.clone();
        let values = [[0f64, 1.0], [2.0, 1e300], [f64::NAN, -3.0]];
        weights.insert("linear.weight".into(), TensorData::from(values));
        weights.insert(
            "norm.beta".into(),
            TensorData::from([0.5, f32::NEG_INFINITY]),
        );

        let report = assign(original.clone(), weights).expect_err("three such values");
        assert_eq!(report.fitting, 4);
        let places: Vec<_> = report
            .not_finite
            .iter()
            .map(|bad| (bad.name.as_str(), bad.first.as_slice(), bad.count, bad.of))
            .collect();
        let expected = [
            ("linear.weight", &[1, 1][..], 2, 6),
            ("norm.beta", &[1], 1, 2),
        ];
        assert_eq!(places, expected);
        let text = report.to_string();
        assert!(
            text.contains("linear.weight: inf at [1, 1], 2 of 6 values"),
            "{text}"
        );
        assert!(text.contains("earlier checkpoint"), "{text}");
        assert_eq!(tensors(&original), before);
    }

    #[test]
    fn everything_that_does_not_fit_is_reported_at_once_and_changes_nothing() {
        let device = Device::default();
        let original = head(&device);
        let before = tensors(&original);
        let mut weights = before.clone();
        let bias = weights.remove("linear.bias").expect("a bias");
        weights.insert("linear.biases".into(), bias);
        weights.insert("norm.beta".into(), TensorData::from([1i64, 2]));
        weights.insert("norm.gamma".into(), TensorData::from([1f32, 2., 3.]));

        let report = assign(original.clone(), weights).expect_err("four faults");
        assert_eq!(report.fitting, 3);
        assert_eq!(report.missing, ["linear.bias"]);
        assert_eq!(report.unexpected, ["linear.biases"]);
        assert_eq!(report.wrong_shape[0].found, [3]);
        assert_eq!(report.wrong_kind[0].name, "norm.beta");
        let text = report.to_string();
        for part in [
            "linear.bias (is it linear.biases?)",
            "norm.gamma: expected [2], found [3]",
            "norm.beta: expected floats, found I64",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(tensors(&original), before);
    }
}
