//! Where a network keeps what was compiled of it, and how a stale one is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Linear, PRelu};
use burn::tensor::Tensor;

use crate::cpu::memory::Array;

/// What a network keeps between calls: itself, compiled when it is first needed.
///
/// Clones start from the same compiled network. Whatever becomes of a module that holds one (mapping,
/// loading, assigning to a field, burn's sharing of running statistics among clones) is caught by
/// comparing the layers with those that were compiled before every use.
pub(crate) struct Kept<T>(Mutex<Option<Arc<Entry<T>>>>);

/// The layers of a network, always in the same order.
#[derive(Default)]
pub(super) struct Layers<'a> {
    pub convolutions: Vec<&'a Conv2d>,
    pub norms: Vec<&'a BatchNorm>,
    pub linear: Vec<&'a Linear>,
    pub activations: Vec<&'a PRelu>,
}

/// A compiled network and what it was compiled from.
struct Entry<T> {
    origin: Origin,
    /// Nothing if the network has a layer that the kernels do not know.
    compiled: Option<Arc<T>>,
}

impl<T> Kept<T> {
    /// What `compile` makes of the layers, or has made of them.
    pub(super) fn of(
        &self,
        layers: &Layers<'_>,
        compile: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<T>> {
        // The lock is not held while the network runs.
        let mut entry = self.lock();
        match &*entry {
            Some(entry) if entry.origin.is(layers) => entry.compiled.clone(),
            _ => {
                let compiled = compile().map(Arc::new);
                *entry = Some(Arc::new(Entry {
                    origin: Origin::of(layers),
                    compiled: compiled.clone(),
                }));
                compiled
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Entry<T>>>> {
        // A panic while the lock was held left the entry as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

impl<T> std::fmt::Debug for Kept<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Kept")
    }
}

/// The layers that a network was compiled from.
///
/// A parameter's value never changes in place; a new value is a new allocation. The layers here keep
/// the old one alive, so its address is not given to another, and equal addresses mean equal values.
/// Running statistics do change in place and are compared number by number.
struct Origin {
    convolutions: Vec<Conv2d>,
    norms: Vec<(BatchNorm, [Option<Array>; 2])>,
    linear: Vec<Linear>,
    activations: Vec<PRelu>,
}

impl Origin {
    fn of(layers: &Layers<'_>) -> Self {
        let norms = layers.norms.iter();
        Self {
            convolutions: layers.convolutions.iter().copied().cloned().collect(),
            norms: norms
                .map(|&norm| (norm.clone(), statistics(norm)))
                .collect(),
            linear: layers.linear.iter().copied().cloned().collect(),
            activations: layers.activations.iter().copied().cloned().collect(),
        }
    }

    fn is(&self, layers: &Layers<'_>) -> bool {
        all(&self.convolutions, &layers.convolutions, same_convolution)
            && all(&self.norms, &layers.norms, same_norm)
            && all(&self.linear, &layers.linear, same_linear)
            && all(&self.activations, &layers.activations, |old, new| {
                same(&old.alpha, &new.alpha)
            })
    }
}

/// Whether there are as many, each as it was.
fn all<A, B>(old: &[A], new: &[&B], same: impl Fn(&A, &B) -> bool) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
}

fn same<const D: usize>(old: &Param<Tensor<D>>, new: &Param<Tensor<D>>) -> bool {
    std::ptr::eq(&**old, &**new)
}

fn same_bias(old: &Option<Param<Tensor<1>>>, new: &Option<Param<Tensor<1>>>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => same(old, new),
        (None, None) => true,
        _ => false,
    }
}

fn same_linear(old: &Linear, new: &Linear) -> bool {
    same(&old.weight, &new.weight) && same_bias(&old.bias, &new.bias)
}

fn same_convolution(old: &Conv2d, new: &Conv2d) -> bool {
    same(&old.weight, &new.weight)
        && same_bias(&old.bias, &new.bias)
        && (old.stride, old.kernel_size, old.dilation, old.groups)
            == (new.stride, new.kernel_size, new.dilation, new.groups)
        && old.padding == new.padding
}

fn same_norm((old, then): &(BatchNorm, [Option<Array>; 2]), new: &BatchNorm) -> bool {
    let equal = |(old, new): (&Option<Array>, Option<Array>)| old.as_deref() == new.as_deref();
    same(&old.gamma, &new.gamma)
        && same(&old.beta, &new.beta)
        && old.epsilon == new.epsilon
        && then.iter().zip(statistics(new)).all(equal)
}

/// The running mean and variance.
fn statistics(norm: &BatchNorm) -> [Option<Array>; 2] {
    [&norm.running_mean, &norm.running_var].map(|state| Array::of_tensor(state.value()))
}
