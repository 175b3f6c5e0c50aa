//! Mixup: images of a step mixed with one another, and what their labels then mean.

use burn::tensor::{Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use super::batch::{LabelBatch, Mixture};
use crate::Labels;

/// How images are mixed: by the seed, the epoch and the rows alone.
pub(super) struct Mixup {
    alpha: f64,
    seed: u64,
}

impl Mixup {
    /// # Panics
    /// Unless `alpha` is above 0 and finite.
    pub(super) fn new(alpha: f64, seed: u64) -> Self {
        assert!(
            alpha.is_finite() && alpha > 0.0,
            "alpha must be finite and above 0, got {alpha}"
        );
        Self { alpha, seed }
    }

    /// `images` of `labels`, each row counted by its weight, of a vocabulary of as many `units`, mixed for
    /// the step of `epoch` that begins with the row `first`.
    pub(super) fn mix(
        &self,
        images: Tensor<4>,
        labels: &[Labels],
        weights: Option<&[f32]>,
        units: usize,
        (epoch, first): (usize, usize),
    ) -> (Tensor<4>, Mixture) {
        let device = images.device();
        let (share, partners) = self.draw(labels.len(), epoch, first);
        let others: Vec<Labels> = partners.iter().map(|&row| labels[row].clone()).collect();
        let indices = partners.iter().map(|&row| row as i64).collect::<Vec<_>>();
        let indices = TensorData::new(indices, [partners.len()]);
        let indices = Tensor::<1, Int>::from_data(indices, &device);
        let other = images.clone().select(0, indices);
        let targets = LabelBatch::new(&others, units, &device);
        let weights = weights.map(|of| partners.iter().map(|&row| of[row]).collect::<Vec<_>>());
        let targets = targets.with_weights(weights.as_deref());
        let mixture = Mixture { share, targets };
        (images * share + other * (1.0 - share), mixture)
    }

    /// The share of its own images of a step, or of a device's part of it, and the place of every row's
    /// partner.
    fn draw(&self, rows: usize, epoch: usize, first: usize) -> (f64, Vec<usize>) {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed ^ MIXES);
        random.set_stream(epoch as u64);
        // Far enough from those of the next row for any number of draws.
        random.set_word_pos((first as u128) << 32);
        let beta = Beta::new(self.alpha, self.alpha).expect("alpha is finite and above 0");
        let share = beta.sample(&mut random);
        let mut partners: Vec<usize> = (0..rows).collect();
        partners.shuffle(&mut random);
        (share, partners)
    }
}

/// Sets these draws apart from those of the order, whose generator has the same seed.
const MIXES: u64 = 0x6d69_7875_7000_0000;

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    const ROWS: usize = 6;
    const WEIGHTS: [f32; ROWS] = [1.0, 0.5, 0.25, 0.125, 0.75, 0.875];

    fn labels() -> Vec<Labels> {
        let of = |row| Labels {
            expression: (row != 2).then_some(row),
            ..Labels::default()
        };
        (0..ROWS).map(of).collect()
    }

    #[test]
    fn images_and_labels_are_mixed_alike() {
        let device = Device::default();
        // Row r is an image of r everywhere.
        let values: Vec<f32> = (0..ROWS).flat_map(|row| [row as f32; 12]).collect();
        let images = Tensor::<4>::from_data(TensorData::new(values, [ROWS, 3, 2, 2]), &device);
        let (mixed, mixture) =
            Mixup::new(0.4, 3).mix(images, &labels(), Some(&WEIGHTS), 0, (2, 17));
        let mixed: Vec<f32> = mixed.into_data().iter().collect();
        let classes: Vec<i64> = mixture.targets.expressions.into_data().iter().collect();
        let present = mixture.targets.expressions_present.into_data();
        let present: Vec<bool> = present.iter().collect();
        let weights: Vec<f32> = mixture
            .targets
            .weights
            .unwrap()
            .into_data()
            .iter()
            .collect();
        assert!((0.0..=1.0).contains(&mixture.share));
        let mut moved = 0;
        for (row, pixels) in mixed.chunks(12).enumerate() {
            let partner = match present[row] {
                true => classes[row] as f64,
                false => 2.0,
            };
            moved += usize::from(partner != row as f64);
            assert_eq!(weights[row], WEIGHTS[partner as usize]);
            let expected = mixture.share * row as f64 + (1.0 - mixture.share) * partner;
            assert!(
                pixels
                    .iter()
                    .all(|&pixel| (f64::from(pixel) - expected).abs() < 1e-5)
            );
        }
        assert!(moved > 1);
        assert_eq!(present.iter().filter(|&&present| !present).count(), 1);
    }

    #[test]
    fn a_mix_depends_on_seed_epoch_and_rows_alone() {
        let draw = |seed, epoch, first| Mixup::new(0.4, seed).draw(32, epoch, first);
        assert_eq!(draw(3, 2, 17), draw(3, 2, 17));
        let others = [draw(4, 2, 17), draw(3, 3, 17), draw(3, 2, 18)];
        assert!(others.iter().all(|other| *other != draw(3, 2, 17)));
    }

    #[test]
    fn shares_are_spread_as_beta_says() {
        for alpha in [0.2, 1.0, 4.0] {
            let mixup = Mixup::new(alpha, 0);
            let shares: Vec<f64> = (0..4_000).map(|first| mixup.draw(2, 1, first).0).collect();
            let mean = shares.iter().sum::<f64>() / 4e3;
            let square = |share: &f64| (share - mean) * (share - mean);
            let variance = shares.iter().map(square).sum::<f64>() / 4e3;
            assert!((mean - 0.5).abs() < 0.03, "alpha {alpha}: mean {mean}");
            // Var Beta(a, a) = 1 / (4 (2 a + 1)).
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!(
                (variance / expected - 1.0).abs() < 0.1,
                "alpha {alpha}: {variance}"
            );
        }
    }
}
