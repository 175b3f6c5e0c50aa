//! Random numbers that come out the same on every platform.
//!
//! Only additions, multiplications and square roots are used: they round exactly, whereas
//! logarithms and sines differ between mathematics libraries and would break "same seed, same
//! bytes".

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A number in `[low, high)`.
pub(super) fn between(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

/// A nearly normal number, mean 0 and standard deviation 1: twelve uniform ones summed, so it
/// never leaves [-6, 6].
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0
}

/// Whether something of probability `rate` happens.
pub(super) fn happens(rng: &mut ChaCha8Rng, rate: f32) -> bool {
    rng.random::<f32>() < rate
}

/// An index drawn in proportion to `weights`, which must sum to something positive.
pub(super) fn pick(rng: &mut ChaCha8Rng, weights: &[f32]) -> usize {
    let mut left = rng.random::<f32>() * weights.iter().sum::<f32>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len() - 1
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<f32> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn picks_follow_their_weights() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[pick(&mut rng, &[1.0, 0.0, 3.0])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2_300..2_700).contains(&counts[0]), "{counts:?}");
    }
}
