//! The place in a network where its plan is kept, and how a stale one is told.

use std::sync::{Arc, Mutex};

use burn::module::{
    Content, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::nn::BatchNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{DType, Device, Tensor};

use super::super::{EfficientNet, MbConv};
use super::Plan;
use crate::processor::tensor::{Numbers, is_here};

/// A network's plan, compiled when it is first needed.
///
/// To burn it is a module without parameters: it is in no record, and every operation that makes
/// another module of this one (mapping, loading, moving, training) leaves it empty. What is left,
/// assigning to a field and burn's sharing of running statistics among clones, is caught by
/// comparing the network with what the plan was compiled from before every use.
#[derive(Default)]
pub(in super::super) struct PlanCell(Mutex<Option<Arc<Compiled>>>);

/// A plan and what it was compiled from.
struct Compiled {
    origin: Origin,
    /// Nothing if the network has a layer that the kernels do not know.
    plan: Option<Arc<Plan>>,
}

impl PlanCell {
    /// The plan for `images`, or nothing where only the layers themselves will do: in training, on
    /// a device that is not this processor, for numbers that are not 32-bit floats, for a layer
    /// that no kernel knows.
    pub fn suiting(&self, network: &EfficientNet, images: &Tensor<4>) -> Option<Arc<Plan>> {
        let [batch, channels, height, width] = images.dims();
        let suits = images.dtype() == DType::F32
            && channels == 3
            && batch * height * width > 0
            && is_here(&images.device())
            && is_here(&network.conv_stem.weight.device());
        if suits { self.plan(network) } else { None }
    }

    fn plan(&self, network: &EfficientNet) -> Option<Arc<Plan>> {
        // The lock is not held while the plan runs. A panic while it was held left the cell as it
        // was.
        let mut cell = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        match &*cell {
            Some(compiled) if compiled.origin.is(network) => compiled.plan.clone(),
            _ => {
                let plan = Plan::new(network).map(Arc::new);
                *cell = Some(Arc::new(Compiled {
                    origin: Origin::of(network),
                    plan: plan.clone(),
                }));
                plan
            }
        }
    }
}

/// The layers that a plan was compiled from.
///
/// A parameter's value never changes in place; a new value is a new allocation. The clones here
/// keep the old one alive, so its address is not given to another, and equal addresses mean equal
/// values. Running statistics do change in place and are compared number by number.
struct Origin {
    convolutions: Vec<Conv2d>,
    norms: Vec<BatchNorm>,
    statistics: Vec<[Option<Numbers>; 2]>,
}

impl Origin {
    fn of(network: &EfficientNet) -> Self {
        let (convolutions, norms) = layers(network);
        Self {
            convolutions: convolutions.into_iter().cloned().collect(),
            statistics: norms.iter().map(|norm| statistics(norm)).collect(),
            norms: norms.into_iter().cloned().collect(),
        }
    }

    fn is(&self, network: &EfficientNet) -> bool {
        let (convolutions, norms) = layers(network);
        self.convolutions.len() == convolutions.len()
            && self.norms.len() == norms.len()
            && self
                .convolutions
                .iter()
                .zip(convolutions)
                .all(|(old, new)| same_convolution(old, new))
            && self
                .norms
                .iter()
                .zip(&norms)
                .all(|(old, new)| same_norm(old, new))
            && self
                .statistics
                .iter()
                .zip(norms)
                .all(|(old, norm)| same_statistics(old, &statistics(norm)))
    }
}

/// Every convolution and every norm, in one order.
fn layers(network: &EfficientNet) -> (Vec<&Conv2d>, Vec<&BatchNorm>) {
    let mut convolutions = vec![&network.conv_stem, &network.conv_head];
    let mut norms = vec![&network.bn1, &network.bn2];
    for block in network.blocks.iter().flatten() {
        let se = match block {
            MbConv::DepthwiseSeparable(block) => {
                convolutions.extend([&block.conv_dw, &block.conv_pw]);
                norms.extend([&block.bn1, &block.bn2]);
                &block.se
            }
            MbConv::InvertedResidual(block) => {
                convolutions.extend([&block.conv_pw, &block.conv_dw, &block.conv_pwl]);
                norms.extend([&block.bn1, &block.bn2, &block.bn3]);
                &block.se
            }
        };
        convolutions.extend([&se.conv_reduce, &se.conv_expand]);
    }
    (convolutions, norms)
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

fn statistics(norm: &BatchNorm) -> [Option<Numbers>; 2] {
    [&norm.running_mean, &norm.running_var].map(|state| Numbers::of(state.value()))
}

fn same_statistics(old: &[Option<Numbers>; 2], new: &[Option<Numbers>; 2]) -> bool {
    old.iter()
        .zip(new)
        .all(|(old, new)| old.as_deref() == new.as_deref())
}

impl Clone for PlanCell {
    fn clone(&self) -> Self {
        let cell = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        Self(Mutex::new(cell.clone()))
    }
}

impl std::fmt::Debug for PlanCell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PlanCell")
    }
}

impl Module for PlanCell {
    fn visit<V: ModuleVisitor>(&self, _: &mut V) {}

    fn map<M: ModuleMapper>(self, _: &mut M) -> Self {
        Self::default()
    }

    fn to_device(self, _: &Device) -> Self {
        Self::default()
    }

    fn fork(self, _: &Device) -> Self {
        Self::default()
    }

    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        devices
    }

    fn materialize(self) -> Self {
        Self::default()
    }

    fn valid(&self) -> Self {
        Self::default()
    }

    fn train(self) -> Self {
        Self::default()
    }
}

impl ModuleDisplayDefault for PlanCell {
    fn content(&self, content: Content) -> Option<Content> {
        Some(content)
    }
}

impl ModuleDisplay for PlanCell {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbone::{EfficientNetConfig, Variant};

    #[test]
    fn a_plan_is_kept_until_the_network_changes() {
        let device = Device::default();
        let mut network = EfficientNetConfig::new(Variant::Tiny).init(&device);
        let cell = PlanCell::default();
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        let suiting = |network: &EfficientNet| cell.suiting(network, &images).expect("a plan");
        let first = suiting(&network);
        let origin = Origin::of(&network);
        let (convolutions, norms) = layers(&network);
        let same = |old: &Vec<Conv2d>| {
            old.iter()
                .zip(&convolutions)
                .all(|(old, new)| same_convolution(old, new))
        };
        assert!(
            same(&origin.convolutions),
            "a convolution differs from itself"
        );
        for ((old, new), statistic) in origin.norms.iter().zip(&norms).zip(&origin.statistics) {
            assert!(same_norm(old, new), "a norm differs from itself");
            assert!(
                same_statistics(statistic, &statistics(new)),
                "a statistic differs from itself"
            );
        }
        assert!(Arc::ptr_eq(&first, &suiting(&network)));
        assert!(Arc::ptr_eq(&first, &suiting(&network.clone())));
        network.bn1.gamma = network.bn1.gamma.map(|gamma| gamma * 2.0);
        assert!(!Arc::ptr_eq(&first, &suiting(&network)));
    }

    #[test]
    fn training_takes_the_layers_themselves() {
        let device = Device::default().autodiff();
        let network = EfficientNetConfig::new(Variant::Tiny).init(&device);
        let cell = PlanCell::default();
        let images = Tensor::zeros([1, 3, 32, 32], &device);
        assert!(cell.suiting(&network, &images).is_none());
        assert!(cell.suiting(&network, &images.inner()).is_none());
        assert!(
            cell.suiting(
                &network.valid(),
                &Tensor::zeros([1, 3, 32, 32], &Device::default())
            )
            .is_some()
        );
    }
}
