//! The place where a network keeps what was compiled of it, and how a stale one is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Tensor};

use super::compiled::Compiled;
use crate::cpu::memory::{Array, is_here};
use crate::cpu::view::Backbone;

/// A network compiled when it is first needed.
///
/// Assigning to a field and burn's sharing of running statistics among clones are caught by
/// comparing the network with what was compiled before every use.
#[derive(Default)]
pub(crate) struct Cached(Mutex<Option<Arc<Entry>>>);

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
    cached: &Cached,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    cached.suiting(network, images)?.forward(images.clone())
}

impl Cached {
    /// The compiled network for `images`.
    pub(super) fn suiting(
        &self,
        network: &Backbone<'_>,
        images: &Tensor<4>,
    ) -> Option<Arc<Compiled>> {
        let [batch, channels, height, width] = images.dims();
        let suits = images.dtype() == DType::F32
            && channels == 3
            && batch * height * width > 0
            && is_here(&images.device())
            && is_here(&network.stem.conv.weight.device());
        if suits { self.compiled(network) } else { None }
    }

    fn compiled(&self, network: &Backbone<'_>) -> Option<Arc<Compiled>> {
        // The lock is not held while the network runs.
        let mut entry = self.lock();
        match &*entry {
            Some(entry) if entry.origin.is(network) => entry.compiled.clone(),
            _ => {
                let compiled = Compiled::new(network).map(Arc::new);
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

impl Clone for Cached {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

/// The layers that a network was compiled from.
///
/// A parameter's value never changes in place; a new value is a new allocation. The clones here
/// keep the old one alive, so its address is not given to another, and equal addresses mean equal
/// values. Running statistics do change in place and are compared number by number.
struct Origin {
    convolutions: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    statistics: Vec<[Option<Array>; 2]>,
}

impl Origin {
    fn of(network: &Backbone<'_>) -> Self {
        Self {
            convolutions: convolutions(network).cloned().collect(),
            statistics: norms(network).map(statistics).collect(),
            norms: norms(network).cloned().collect(),
        }
    }

    fn is(&self, network: &Backbone<'_>) -> bool {
        let new = convolutions(network);
        self.convolutions.len() == convolutions(network).count()
            && self.norms.len() == norms(network).count()
            && (self.convolutions.iter().zip(new)).all(|(old, new)| same_convolution(old, new))
            && (self.norms.iter().zip(norms(network))).all(|(old, new)| same_norm(old, new))
            && (self.statistics.iter().zip(norms(network)))
                .all(|(old, norm)| same_statistics(old, &statistics(norm)))
    }
}

fn convolutions<'a>(network: &Backbone<'a>) -> impl Iterator<Item = &'a Conv2d> {
    network
        .normalised()
        .map(|layer| layer.conv)
        .chain(network.dense())
}

fn norms<'a>(network: &Backbone<'a>) -> impl Iterator<Item = &'a BatchNorm> {
    network.normalised().map(|layer| layer.norm)
}

fn same_convolution(old: &Conv2d, new: &Conv2d) -> bool {
    let same_bias = match (&old.bias, &new.bias) {
        (Some(old), Some(new)) => std::ptr::eq(&**old, &**new),
        (None, None) => true,
        _ => false,
    };
    std::ptr::eq(&*old.weight, &*new.weight)
        && same_bias
        && old.stride == new.stride
        && old.kernel_size == new.kernel_size
        && old.dilation == new.dilation
        && old.groups == new.groups
        && old.padding == new.padding
}

fn same_norm(old: &BatchNorm, new: &BatchNorm) -> bool {
    std::ptr::eq(&*old.gamma, &*new.gamma)
        && std::ptr::eq(&*old.beta, &*new.beta)
        && old.epsilon == new.epsilon
}

fn statistics(norm: &BatchNorm) -> [Option<Array>; 2] {
    [&norm.running_mean, &norm.running_var].map(|state| Array::of_tensor(state.value()))
}

fn same_statistics(old: &[Option<Array>; 2], new: &[Option<Array>; 2]) -> bool {
    old.iter()
        .zip(new)
        .all(|(old, new)| old.as_deref() == new.as_deref())
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
        let cached = Cached::default();
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        let suiting = |network: &EfficientNet| {
            cached
                .suiting(&network.view(), &images)
                .expect("kernels for every layer")
        };
        let first = suiting(&network);
        let origin = Origin::of(&network.view());
        let view = network.view();
        let pairs = origin.convolutions.iter().zip(convolutions(&view));
        for (old, new) in pairs {
            assert!(
                same_convolution(old, new),
                "a convolution differs from itself"
            );
        }
        for ((old, new), statistic) in
            (origin.norms.iter().zip(norms(&view))).zip(&origin.statistics)
        {
            assert!(same_norm(old, new), "a norm differs from itself");
            assert!(
                same_statistics(statistic, &statistics(new)),
                "a statistic differs from itself"
            );
        }
        drop(view);
        assert!(Arc::ptr_eq(&first, &suiting(&network)));
        assert!(Arc::ptr_eq(&first, &suiting(&network.clone())));
        network.bn1.gamma = network.bn1.gamma.map(|gamma| gamma * 2.0);
        assert!(!Arc::ptr_eq(&first, &suiting(&network)));
    }

    #[test]
    fn training_takes_the_layers_themselves() {
        let device = Device::default().autodiff();
        let network = EfficientNetConfig::new(Variant::Tiny).init(&device);
        let cached = Cached::default();
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        assert!(cached.suiting(&network.view(), &images).is_none());
        assert!(cached.suiting(&network.view(), &images.inner()).is_none());
        assert!(
            cached
                .suiting(
                    &network.valid().view(),
                    &Tensor::zeros([1, 3, 32, 32], &Device::default())
                )
                .is_some()
        );
    }
}
