//! Repeatable numbers for tests.
//!
//! Tests run side by side and share the device's generator, so that seeding it repeats nothing.

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// Numbers in -1 to 1, other ones for every seed.
pub(crate) fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

/// A tensor of [`noise`].
pub(crate) fn drawn<const D: usize>(shape: [usize; D], seed: u32, device: &Device) -> Tensor<D> {
    let values = noise(shape.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Draws every number of a module that is as burn starts it: weights by their number of inputs; the scales and variances of
/// norms, which start at 1, within 0.3 of it, and whatever else is one row, such as a bias, which burn
/// draws, within 0.3 of 0. Counts up from a seed.
pub(crate) struct Draw(pub u32);

impl ModuleMapper for Draw {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.0 += 1;
        let seed = self.0;
        param.map(|tensor| {
            let (tracked, asks) = (tensor.is_autodiff(), tensor.is_require_grad());
            let tensor = tensor.without_autodiff();
            let shape = tensor.dims();
            let values = drawn(shape, seed, &tensor.device());
            let tensor = match D {
                1 => tensor.equal_elem(1.0).float() + values * 0.3,
                // One matrix per node, `[nodes, inputs, outputs]`.
                3 => values * (6.0 / shape[1] as f64).sqrt(),
                _ => values * (6.0 / shape[1..].iter().product::<usize>() as f64).sqrt(),
            };
            match tracked {
                true => Tensor::from_inner(tensor).set_require_grad(asks),
                false => tensor,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::nn::{BatchNormConfig, LinearConfig};

    use super::*;
    use crate::weights::collect;

    #[test]
    fn a_module_is_drawn_the_same_whatever_it_started_from() {
        let device = Device::default();
        let linear = || collect(&LinearConfig::new(3, 2).init(&device).map(&mut Draw(0)));
        assert_eq!(linear(), linear());
        // A width of one is no exception.
        let narrow = || collect(&LinearConfig::new(3, 1).init(&device).map(&mut Draw(0)));
        assert_eq!(narrow(), narrow());
        let norm = collect(&BatchNormConfig::new(4).init(&device).map(&mut Draw(0)));
        for (name, start) in [("gamma", 1.0), ("beta", 0.0)] {
            let (_, data) = norm.iter().find(|(found, _)| found == name).unwrap();
            assert!(data.iter::<f32>().all(|value| (value - start).abs() <= 0.3));
        }
    }
}
