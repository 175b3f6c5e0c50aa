//! Faces whose units move by degrees, and their labels.

use rand_chacha::ChaCha8Rng;

use super::identity::Movement;
use super::random::{between, happens, normal};
use crate::label::{ACTION_UNITS, Labels, Scale};

/// Share of faces in which a unit moves.
const MOVES: f32 = 0.5;
/// Share of labels that are one degree off, as two coders of the Facial Action Coding System are.
const NOISE: f32 = 0.1;

/// What a face does, each unit by itself but for what anatomy excludes, and its labels from 0 to 5.
pub(super) fn draw(rng: &mut ChaCha8Rng) -> (Movement, Labels) {
    let mut units: [f32; ACTION_UNITS] = std::array::from_fn(|_| {
        let moves = happens(rng, MOVES);
        let degree = between(rng, 0.1, 1.0);
        if moves { degree } else { 0.04 * degree }
    });
    let [_, _, _, _, _, _, puller, depressor, _, pressor, part, drop] = &mut units;
    // Lips that press together are neither parted nor left behind by the jaw.
    if *pressor > 0.1 {
        (*part, *drop) = (0.0, 0.0);
    }
    // A dropping jaw parts the lips.
    *part = part.max(*drop);
    if *puller > 0.1 {
        *depressor = 0.0;
    }
    let most = Scale::Intensity.most();
    let label = |unit: f32, rng: &mut ChaCha8Rng| {
        let degree = (most * unit).round();
        let off = happens(rng, NOISE);
        let up = happens(rng, 0.5);
        match (off, up) {
            (true, true) => degree + 1.0,
            (true, false) => degree - 1.0,
            (false, _) => degree,
        }
        .clamp(0.0, most)
    };
    let labels = units.map(|unit| Some(label(unit, rng))).to_vec();
    let movement = Movement {
        units,
        asymmetry: 0.09 * normal(rng),
        ..Movement::default()
    };
    (
        movement,
        Labels {
            action_units: labels,
            ..Labels::default()
        },
    )
}
