//! Checkpoints whose bytes depend on what they hold alone.
//!
//! burn tells parameters apart by numbers that every process draws anew, and writes them into its
//! checkpoints. Here a parameter's number follows from its name, so that a run that was interrupted
//! leaves the same bytes as one that was not.

use burn::store::burn_pack::{Error, Reader, Tensor, Writer};
use burn::tensor::Bytes;
use sha2::{Digest, Sha256};

/// The same record, of a module or of an optimizer, with every number from its parameter's name.
pub(super) fn reproducible(bytes: Bytes) -> Result<Bytes, Error> {
    let reader = Reader::from_bytes(bytes)?;
    let scalars = reader.scalars().clone();
    // An optimizer's record names its entries by the parameter's number, and says whose that is.
    let paths = reader.metadata().clone();
    let renamed = |name: &str| {
        let (number, entry) = name.split_once('.')?;
        let number = number_of(paths.get(number)?);
        Some((number, format!("{number}.{entry}")))
    };
    let mut tensors = Vec::new();
    for tensor in reader.into_tensors()? {
        let (name, dtype, shape, number, bytes) = tensor.into_parts()?;
        let (number, name) = match renamed(&name) {
            Some((number, name)) => (Some(number), name),
            None => (number.map(|_| number_of(&name)), name),
        };
        tensors.push(Tensor::new(name, dtype, shape, number, bytes));
    }
    tensors.sort_by(|left, right| left.name.cmp(&right.name));
    let mut writer = Writer::new(tensors);
    for (name, value) in scalars {
        let name = renamed(&name).map_or(name, |(_, name)| name);
        writer = writer.with_scalar(&name, value);
    }
    for path in paths.values() {
        writer = writer.with_metadata(&number_of(path).to_string(), path);
    }
    writer.into_bytes()
}

/// The field in which [`Averaged`](super::Averaged) holds the model that learns. An optimizer is given that
/// model alone, and says no more of a parameter's name than is within it.
const LEARNING: &str = "model.";

/// The number of the parameter at `path`: equal for equal paths, and for no others that will ever
/// meet. The path within the model that learns is the parameter's own.
fn number_of(path: &str) -> u64 {
    let digest = Sha256::digest(path.strip_prefix(LEARNING).unwrap_or(path));
    let (first, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
    u64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::optim::{GradientsParams, ModuleOptimizer};
    use burn::store::ModuleRecord;
    use burn::tensor::{Device, Tensor};

    use super::*;
    use crate::optim::{BaseAdamWConfig, BaseOptimizerConfig};

    #[derive(Module, Debug)]
    struct Model {
        linear: Linear,
        norm: BatchNorm,
    }

    fn model() -> Model {
        let device = Device::default().autodiff();
        let mut linear = LinearConfig::new(3, 2).init(&device);
        linear.weight = Param::from_data([[0.5, -0.25], [0.125, 0.75], [-1.0, 0.375]], &device);
        linear.bias = Some(Param::from_data([0.25, -0.5], &device));
        Model {
            linear,
            norm: BatchNormConfig::new(2).init(&device),
        }
    }

    fn optimizer() -> ModuleOptimizer {
        BaseOptimizerConfig::AdamW(BaseAdamWConfig::new()).init()
    }

    fn trained(mut model: Model, mut optimizer: ModuleOptimizer) -> (Model, ModuleOptimizer) {
        let device = Device::default().autodiff();
        let input = Tensor::<2>::from_data([[1.0, 2.0, -1.0], [0.5, -0.5, 3.0]], &device);
        for _ in 0..3 {
            let output = model.norm.forward(model.linear.forward(input.clone()));
            let gradients = (output.clone() * output).mean().backward();
            let gradients = GradientsParams::from_grads(gradients, &model);
            model = optimizer.step(0.1, model, gradients);
        }
        (model, optimizer)
    }

    fn bytes(model: &Model, optimizer: &ModuleOptimizer) -> [Vec<u8>; 2] {
        // As the validation before every checkpoint does: it applies the latest running statistics.
        model.valid();
        let model = model.clone().into_record().into_bytes().unwrap();
        let optimizer = optimizer.to_record().into_bytes().unwrap();
        [model, optimizer].map(|bytes| reproducible(bytes).unwrap().to_vec())
    }

    #[test]
    fn twins_with_numbers_of_their_own_leave_the_same_bytes() {
        let [one, other] = [(); 2].map(|()| trained(model(), optimizer()));
        assert_ne!(one.0.linear.weight.id, other.0.linear.weight.id);
        assert!(bytes(&one.0, &one.1) == bytes(&other.0, &other.1));
    }

    #[test]
    fn within_a_wrapper_the_model_that_learns_has_the_numbers_that_its_optimizer_knows() {
        let of = number_of("linear.weight");
        assert_eq!(number_of("model.linear.weight"), of);
        assert_ne!(number_of("average.module.linear.weight"), of);
        assert_ne!(number_of("linear.bias"), of);
    }

    #[test]
    fn a_model_and_its_optimizer_still_belong_together() {
        let (first, momentum) = trained(model(), optimizer());
        let [saved, state] = bytes(&first, &momentum);
        let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(saved)).unwrap();
        let resumed = trained(
            model().load_record(record),
            optimizer()
                .from_bytes(Bytes::from_bytes_vec(state))
                .unwrap(),
        );
        let fresh = trained(first.valid().train(), optimizer());
        let straight = trained(first, momentum);
        let expected = bytes(&straight.0, &straight.1);
        assert!(bytes(&resumed.0, &resumed.1) == expected);
        assert!(bytes(&fresh.0, &fresh.1) != expected);
    }
}
