//! Dropout whose mask is a function of a seed and an element's place.

use burn::nn::Dropout;
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};

use crate::cpu::autograd::Operand;

/// The elements that one forward keeps, and how much they grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mask {
    seed: u64,
    /// An element is kept where its 32 random bits are below.
    threshold: u64,
    scale: f32,
}

impl Mask {
    /// Draws a seed from the device's generator; nothing where `dropout` is off.
    pub fn draw(dropout: &Dropout, device: &Device) -> Option<Self> {
        let active = dropout.training.is_enabled() && device.is_autodiff() && dropout.prob > 0.0;
        active.then(|| {
            #[cfg(test)]
            if let Some(seed) = tests::next_seed() {
                return Self::new(seed, dropout.prob);
            }
            let range = Distribution::Uniform(0.0, f64::from(i32::MAX));
            let halves = Tensor::<1, Int>::random([2], range, &device.clone().without_autodiff());
            let seed = halves
                .into_data()
                .iter::<i64>()
                .fold(0, |seed, half| (seed << 31) ^ half as u64);
            Self::new(seed, dropout.prob)
        })
    }

    fn new(seed: u64, probability: f64) -> Self {
        let kept = 1.0 - probability;
        Self {
            seed,
            threshold: (kept * 2f64.powi(32)).round() as u64,
            scale: (1.0 / kept) as f32,
        }
    }

    /// `from`, the row of a number, with what is dropped at 0 and the rest grown.
    pub fn apply(&self, row: usize, from: &[f32], to: &mut [f32]) {
        let first = self.seed.wrapping_add((row as u64) << 32);
        let pairs = from.chunks(2).zip(to.chunks_mut(2));
        for (index, (from, to)) in (0..).zip(pairs) {
            let bits = mix(first.wrapping_add(index));
            let halves = [bits & u64::from(u32::MAX), bits >> 32];
            for ((to, from), half) in to.iter_mut().zip(from).zip(halves) {
                *to = match half < self.threshold {
                    true => from * self.scale,
                    false => 0.0,
                };
            }
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014) on a counter.
fn mix(counter: u64) -> u64 {
    let mut bits = counter.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// `inputs`, `[nodes, batch, width]`, after dropout with the masks of the fused node features, by burn's
/// operations; nothing unless they are in the memory of burn's CPU backend.
pub(crate) fn dropout(dropout: &Dropout, inputs: &Tensor<3>) -> Option<Tensor<3>> {
    Operand::of(inputs.clone())?;
    let device = inputs.device();
    let Some(mask) = Mask::draw(dropout, &device) else {
        return Some(inputs.clone());
    };
    let shape = inputs.dims();
    let width = shape[2];
    let ones = vec![1.0; width];
    let mut factors = vec![0.0; shape.iter().product()];
    for (row, factors) in factors.chunks_mut(width.max(1)).enumerate() {
        mask.apply(row, &ones, factors);
    }
    Some(inputs.clone() * Tensor::from_data(TensorData::new(factors, shape), &device))
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Tests run side by side and share the device's generator; those that need the same masks
        /// twice number them.
        static SEED: Cell<Option<u64>> = const { Cell::new(None) };
    }

    /// Numbers the masks of this thread from `seed` on.
    pub fn number_from(seed: u64) {
        SEED.set(Some(seed));
    }

    pub(super) fn next_seed() -> Option<u64> {
        let seed = SEED.get();
        SEED.set(seed.map(|seed| seed + 1));
        seed
    }

    #[test]
    fn the_share_that_is_kept_is_right_in_every_row_and_differs_between_them() {
        let mask = Mask::new(11, 0.3);
        let ones = [1.0; 4001];
        let mut rows = [[0.0; 4001]; 8];
        for (row, to) in rows.iter_mut().enumerate() {
            mask.apply(row, &ones, to);
            let kept = to.iter().filter(|value| **value > 0.0).count() as f64 / 4001.0;
            assert!((kept - 0.7).abs() < 0.04, "{kept} kept in row {row}");
            assert!(to.iter().all(|value| [0.0, 1.0 / 0.7].contains(value)));
        }
        for row in 1..8 {
            let same = rows[0]
                .iter()
                .zip(&rows[row])
                .filter(|(a, b)| a == b)
                .count();
            let share = same as f64 / 4001.0;
            assert!((share - 0.58).abs() < 0.04, "{share} the same in row {row}");
        }
    }
}
