//! The place where a network keeps what was compiled of it, and how a stale one is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Tensor};

use super::compiled::Compiled;
use crate::cpu::convolution::Shape;
use crate::cpu::memory::{Array, is_here};
use crate::cpu::simd::Isa;
use crate::cpu::view::Backbone;

/// What a network keeps between calls: itself, compiled when it is first needed.
///
/// Clones start from the same compiled network. Whatever becomes of a module that holds one (mapping,
/// loading, assigning to a field, burn's sharing of running statistics among clones) is caught by
/// comparing the network with what was compiled before every use.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<Arc<Entry>>>);

/// A compiled network and what it was compiled from.
struct Entry {
    origin: Origin,
    /// Nothing if the network has a layer that the kernels do not know.
    compiled: Option<Arc<Compiled>>,
}

/// The pooled feature of each image, or nothing where only the layers themselves will do: in
/// training, on another device than burn's CPU backend, for numbers that are not 32-bit floats, for a
/// layer that no kernel knows.
pub(crate) fn features(
    cache: &Cache,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    cache.suiting(network, images)?.forward(images.clone())
}

impl Cache {
    /// The compiled network for `images`.
    fn suiting(&self, network: &Backbone<'_>, images: &Tensor<4>) -> Option<Arc<Compiled>> {
        let [batch, channels, height, width] = images.dims();
        let suits = images.dtype() == DType::F32
            && channels == 3
            && batch * height * width > 0
            && is_here(&images.device())
            && is_here(&network.stem.conv.weight.device());
        if !suits {
            return None;
        }
        // The lock is not held while the network runs.
        let mut entry = self.lock();
        match &*entry {
            Some(entry) if entry.origin.is(network) => entry.compiled.clone(),
            _ => {
                let compiled = Compiled::new(network, Isa::best()).map(Arc::new);
                *entry = Some(Arc::new(Entry {
                    origin: Origin::of(network),
                    compiled: compiled.clone(),
                }));
                compiled
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Entry>>> {
        // A panic while the lock was held left the entry as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Cache")
    }
}

/// The layers that a network was compiled from.
///
/// A parameter's value never changes in place; a new value is a new allocation. The layers here keep
/// the old one alive, so its address is not given to another, and equal addresses mean equal values.
/// Running statistics do change in place and are compared number by number.
struct Origin {
    shape: Option<Shape>,
    parameters: Vec<usize>,
    statistics: Vec<Option<Array>>,
    _alive: (Vec<Conv2d>, Vec<BatchNorm>),
}

impl Origin {
    fn of(network: &Backbone<'_>) -> Self {
        let layers = || network.normalised();
        let convolutions = layers().map(|layer| layer.conv).chain(network.dense());
        Self {
            shape: Shape::of(network),
            parameters: parameters(network).collect(),
            statistics: statistics(network).collect(),
            _alive: (
                convolutions.cloned().collect(),
                layers().map(|layer| layer.norm.clone()).collect(),
            ),
        }
    }

    fn is(&self, network: &Backbone<'_>) -> bool {
        let same = |(old, new): (&Option<Array>, Option<Array>)| old.as_deref() == new.as_deref();
        self.parameters.iter().copied().eq(parameters(network))
            && self.shape == Shape::of(network)
            && self.statistics.iter().zip(statistics(network)).all(same)
    }
}

/// The addresses of all parameters.
fn parameters(network: &Backbone<'_>) -> impl Iterator<Item = usize> {
    let convolutions = network.normalised().map(|layer| layer.conv);
    let convolutions = convolutions.chain(network.dense()).flat_map(|conv| {
        let bias = conv.bias.as_ref().map(|bias| address(&**bias));
        [Some(address(&*conv.weight)), bias]
    });
    let norms = network.normalised().flat_map(|layer| {
        let [gamma, beta] = [&layer.norm.gamma, &layer.norm.beta];
        [Some(address(&**gamma)), Some(address(&**beta))]
    });
    convolutions.chain(norms).flatten()
}

fn address<T>(value: &T) -> usize {
    std::ptr::from_ref(value).addr()
}

/// The running statistics of all norms.
fn statistics(network: &Backbone<'_>) -> impl Iterator<Item = Option<Array>> {
    let states = network
        .normalised()
        .flat_map(|layer| [&layer.norm.running_mean, &layer.norm.running_var]);
    states.map(|state| Array::of_tensor(state.value()))
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::*;
    use crate::backbone::{EfficientNet, EfficientNetConfig, Variant};

    #[test]
    fn a_compiled_network_is_kept_until_the_network_changes() {
        let device = Device::default();
        let mut network = EfficientNetConfig::new(Variant::Tiny).init(&device);
        let cache = Cache::default();
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        let suiting = |network: &EfficientNet| {
            cache
                .suiting(&network.view(), &images)
                .expect("kernels for every layer")
        };
        let first = suiting(&network);
        assert!(Origin::of(&network.view()).is(&network.view()));
        assert!(Arc::ptr_eq(&first, &suiting(&network)));
        assert!(Arc::ptr_eq(&first, &suiting(&network.clone())));
        network.bn1.gamma = network.bn1.gamma.map(|gamma| gamma * 2.0);
        assert!(!Arc::ptr_eq(&first, &suiting(&network)));
    }

    #[test]
    fn training_takes_the_layers_themselves() {
        let device = Device::default().autodiff();
        let network = EfficientNetConfig::new(Variant::Tiny).init(&device);
        let cache = Cache::default();
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        assert!(cache.suiting(&network.view(), &images).is_none());
        assert!(cache.suiting(&network.view(), &images.inner()).is_none());
        assert!(
            cache
                .suiting(
                    &network.valid().view(),
                    &Tensor::zeros([1, 3, 32, 32], &Device::default())
                )
                .is_some()
        );
    }
}
