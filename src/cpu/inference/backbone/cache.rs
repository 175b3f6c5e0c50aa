//! The compiled network, where a network keeps it.

use std::sync::Arc;

use burn::tensor::{DType, Tensor};

use super::compile::compile;
use super::compiled::Compiled;
use crate::cpu::inference::kept::{Kept, Layers};
use crate::cpu::memory::is_here;
use crate::cpu::simd::Isa;
use crate::cpu::view::Backbone;

/// What a network keeps between calls.
pub(crate) type Cache = Kept<Compiled>;

/// The pooled feature of each image, or nothing where only the layers themselves will do: in
/// training, on another device than burn's CPU backend, for numbers that are not 32-bit floats, for a
/// layer that no kernel knows.
pub(crate) fn features(
    cache: &Cache,
    network: &Backbone<'_>,
    images: &Tensor<4>,
) -> Option<Tensor<2>> {
    suiting(cache, network, images)?.forward(images.clone())
}

/// The compiled network for `images`.
fn suiting(cache: &Cache, network: &Backbone<'_>, images: &Tensor<4>) -> Option<Arc<Compiled>> {
    let [batch, channels, height, width] = images.dims();
    let suits = images.dtype() == DType::F32
        && channels == 3
        && batch * height * width > 0
        && is_here(&images.device())
        && is_here(&network.stem.conv.weight.device());
    if !suits {
        return None;
    }
    let convolutions = network.normalised().map(|layer| layer.conv);
    let layers = Layers {
        convolutions: convolutions.chain(network.dense()).collect(),
        norms: network.normalised().map(|layer| layer.norm).collect(),
        ..Layers::default()
    };
    cache.of(&layers, || compile(network, Isa::best()))
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
            suiting(&cache, &network.view(), &images).expect("kernels for every layer")
        };
        let first = suiting(&network);
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
        assert!(suiting(&cache, &network.view(), &images).is_none());
        assert!(suiting(&cache, &network.view(), &images.inner()).is_none());
        let images = Tensor::zeros([1, 3, 32, 32], &Device::default());
        assert!(suiting(&cache, &network.valid().view(), &images).is_some());
    }
}
