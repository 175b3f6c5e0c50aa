//! A performance in a video, frame by frame: what is done, what is shown of it, and what is said of it.

use rand_chacha::ChaCha8Rng;

use super::annotator::{Annotator, Deed, TRAILS};
use super::glimpse;
use super::player::{Level, Player};
use super::trail::Footing;
use crate::data::synthetic::label::Presence;
use crate::label::{ACTION_UNITS, Labels};

/// Frames before the first one of a video, at the first of which everything is at rest: after ten seconds
/// nothing remembers it.
pub(super) const BEFORE: usize = 300;

/// A frame that a set has.
pub(super) struct Moment {
    /// How strongly each unit is seen to move, in [0, 1).
    pub(super) shown: [f32; ACTION_UNITS],
    pub(super) labels: Labels,
}

/// Plays a video of which the set has the frames of these rising numbers, `BEFORE` frames and more from
/// rest.
pub(super) fn play(
    players: &[Player; 3],
    numbers: &[u32],
    presence: &Presence,
    rng: &mut ChaCha8Rng,
) -> Vec<Moment> {
    let mut states = [0; 3];
    let mut footings = [Footing::default(); 2];
    let mut annotator = Annotator::new();
    let mut moments = Vec::with_capacity(numbers.len());
    let mut missing = BEFORE + 1;
    for (place, &number) in numbers.iter().enumerate() {
        if let Some(before) = place.checked_sub(1) {
            missing = (number - numbers[before]) as usize;
        }
        for left in (0..missing).rev() {
            for (state, player) in states.iter_mut().zip(players) {
                *state = player.chain.step(*state, rng);
            }
            for axis in [0, 1] {
                let parts = players.iter().zip(states);
                let target = parts.map(|(player, state)| player.states[state].affect[axis]);
                let target = f64::from(target.sum::<f32>());
                footings[axis] = TRAILS[axis].step(footings[axis], target);
            }
            let levels = levels(players, states);
            let deed = Deed {
                active: levels.map(|level| level != Level::Rest),
                expression: players[0].states[states[0]].expression.unwrap_or_default(),
                affect: footings.map(|footing| footing.told as f32),
            };
            let labels = annotator.label(deed, presence, rng);
            if left == 0 {
                let shown = levels.map(|level| glimpse::draw(level, rng));
                moments.push(Moment { shown, labels });
            }
        }
    }
    moments
}

fn levels(players: &[Player; 3], states: [usize; 3]) -> [Level; ACTION_UNITS] {
    let mut levels = [Level::Rest; ACTION_UNITS];
    for (player, state) in players.iter().zip(states) {
        for (&unit, &level) in player.units.iter().zip(&player.states[state].levels) {
            levels[unit] = level;
        }
    }
    levels
}
