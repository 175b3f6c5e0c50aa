//! Feature vectors in the place of pictures: what a frame shows and what has nothing to do with it, mixed.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::data::synthetic::random::normal;
use crate::label::ACTION_UNITS;

/// Numbers of a vector.
pub(super) const WIDTH: usize = 64;
/// Numbers that stay as they are in a video, as a face and a place do, and that are drawn for each frame.
const PERSON: usize = 8;
const NOISE: usize = 12;
const INPUTS: usize = ACTION_UNITS + PERSON + NOISE;
const HIDDEN: usize = 96;
/// The map is the same for every set.
const SEED: u64 = 0x00D1_5B1A;

/// A fixed random map from what is in a frame to a vector: `second softsign(first x + bias)` with
/// `softsign(x) = x / (1 + |x|)`, whose roundings are the same on every platform.
pub(super) struct Vectors {
    first: Vec<[f32; INPUTS + 1]>,
    second: Vec<[f32; HIDDEN]>,
}

/// What of a video's vectors is the person's.
pub(super) struct Person([f32; PERSON]);

impl Person {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self(std::array::from_fn(|_| normal(rng)))
    }
}

impl Vectors {
    pub(super) fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let first = (0..HIDDEN)
            .map(|_| std::array::from_fn(|_| normal(&mut rng)))
            .collect();
        let scale = 1.0 / (HIDDEN as f32).sqrt();
        let second = (0..WIDTH)
            .map(|_| std::array::from_fn(|_| scale * normal(&mut rng)))
            .collect();
        Self { first, second }
    }

    /// The vector of a frame that shows this of somebody.
    pub(super) fn of(
        &self,
        shown: &[f32; ACTION_UNITS],
        person: &Person,
        rng: &mut ChaCha8Rng,
    ) -> [f32; WIDTH] {
        let mut inputs = [0.0; INPUTS + 1];
        let (units, rest) = inputs.split_at_mut(ACTION_UNITS);
        let (identity, noise) = rest.split_at_mut(PERSON);
        for (input, shown) in units.iter_mut().zip(shown) {
            *input = 2.0 * shown - 1.0;
        }
        for (input, person) in identity.iter_mut().zip(&person.0) {
            *input = 0.35 * person;
        }
        let (noise, bias) = noise.split_at_mut(NOISE);
        noise.fill_with(|| 0.35 * normal(rng));
        bias[0] = 0.5;
        let hidden: Vec<f32> = (self.first.iter())
            .map(|weights| {
                let sum = dot(weights, &inputs);
                sum / (1.0 + sum.abs())
            })
            .collect();
        std::array::from_fn(|place| dot(&self.second[place], &hidden))
    }
}

/// Summed in order, so that it rounds the same everywhere.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
