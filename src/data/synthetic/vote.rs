//! What ten people say that a face shows.

use rand_chacha::ChaCha8Rng;

use super::random::{happens, pick};
use crate::label::Labels;

/// Number of expressions, in the order of FER+.
const CLASSES: usize = 8;
/// People who vote, as in FER+.
const VOTERS: usize = 10;
/// Share of each expression, close to those of FER+ by its majorities: Neutral, Happiness, Surprise,
/// Sadness, Anger, Disgust, Fear, Contempt.
const SHARES: [f32; CLASSES] = [0.36, 0.26, 0.124, 0.121, 0.087, 0.007, 0.023, 0.005];
/// The behaviour that shows each of them, in the order of s-Aff-Wild2; contempt is the grimace to one side
/// of its last class.
pub(super) const BEHAVIOURS: [usize; CLASSES] = [0, 4, 6, 5, 1, 2, 3, 7];

/// The expression of a face.
pub(super) fn class(rng: &mut ChaCha8Rng) -> usize {
    pick(rng, &SHARES)
}

/// Votes on a face that shows `class` so strongly, 0.7 to 1: the stronger, the more people see it; the
/// others see what is common.
pub(super) fn cast(class: usize, strength: f32, rng: &mut ChaCha8Rng) -> Labels {
    let sees_it = 0.55 + 1.2 * (strength - 0.7);
    let mut votes = [0.0; CLASSES];
    for _ in 0..VOTERS {
        let seen = match happens(rng, sees_it) {
            true => class,
            false => pick(rng, &SHARES),
        };
        votes[seen] += 1.0;
    }
    let most = votes.iter().copied().fold(0.0, f32::max);
    Labels {
        expression: votes.iter().position(|&count| count == most),
        shares: votes.map(|count| count / VOTERS as f32).to_vec(),
        ..Labels::default()
    }
}
