//! What a face does in a video: it lasts, and a single frame shows it badly.

use rand_chacha::ChaCha8Rng;

use super::identity::Movement;
use super::label::{Behaviour, Presence};
use super::random::{between, happens, normal};
use crate::label::Labels;

/// How many frames an expression lasts on average, a second of 30 frames a second; units change as often
/// again while it does.
const DWELL: f32 = 30.0;
/// How many frames valence and arousal, as annotators follow them, are behind what they see.
const LAG: f32 = 15.0;

/// A behaviour that lasts some frames, and what an annotator said about it as it began.
///
/// Expressions and units begin and end between two frames, in the labels and in the face; valence and
/// arousal glide.
pub(super) struct Display {
    behaviour: Behaviour,
    labels: Labels,
    valence_arousal: [f32; 2],
}

impl Display {
    pub(super) fn draw(presence: &Presence, rng: &mut ChaCha8Rng) -> Self {
        let behaviour = Behaviour::draw(rng);
        Self {
            labels: behaviour.annotate(presence, rng),
            valence_arousal: behaviour.valence_arousal,
            behaviour,
        }
    }

    /// Goes on by one frame.
    pub(super) fn step(&mut self, presence: &Presence, rng: &mut ChaCha8Rng) {
        let [ends, stirs] = [happens(rng, 1.0 / DWELL), happens(rng, 1.0 / DWELL)];
        if ends || stirs {
            self.behaviour = match ends {
                true => Behaviour::draw(rng),
                false => Behaviour::of(self.behaviour.expression, rng),
            };
            self.labels = self.behaviour.annotate(presence, rng);
        }
        let towards = self.behaviour.valence_arousal;
        for (value, towards) in self.valence_arousal.iter_mut().zip(towards) {
            *value += (towards - *value) / LAG;
        }
    }

    /// The annotator's row for this frame.
    pub(super) fn labels(&self) -> Labels {
        let mut labels = self.labels.clone();
        let values = labels.valence_arousal.iter_mut().zip(self.valence_arousal);
        for (label, value) in values {
            // Annotation files carry a handful of digits.
            *label = label.map(|_| (value * 1000.0).round() / 1000.0);
        }
        labels
    }

    /// The movement that one frame shows: active units at any strength, others astir.
    pub(super) fn glimpse(&self, rng: &mut ChaCha8Rng) -> Movement {
        let mut movement = self.behaviour.movement.clone();
        for (unit, active) in movement.units.iter_mut().zip(self.behaviour.active) {
            *unit = if active {
                (*unit * between(rng, 0.1, 1.2)).min(1.0)
            } else {
                let astir = between(rng, 0.0, 1.0);
                0.55 * astir * astir
            };
        }
        for other in [
            &mut movement.upper_lid,
            &mut movement.nose_wrinkle,
            &mut movement.chin,
            &mut movement.stretch,
            &mut movement.aside,
        ] {
            *other = (*other * between(rng, 0.1, 1.1)).min(1.0);
        }
        movement.asymmetry = 0.09 * normal(rng);
        movement
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::label::ACTION_UNITS;

    #[test]
    fn labels_last_a_second_or_so_and_change_at_once() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let mut display = Display::draw(&Presence::VALIDATION, &mut rng);
        let (mut changes, mut moves) = ([0; ACTION_UNITS + 1], 0.0f32);
        let count = 60_000;
        for _ in 0..count {
            let before = display.labels();
            let expression = display.behaviour.expression;
            display.step(&Presence::VALIDATION, &mut rng);
            let after = display.labels();
            let units = before.action_units.iter().zip(&after.action_units);
            for (changes, (before, after)) in changes.iter_mut().zip(units) {
                *changes += u32::from(before != after);
            }
            changes[ACTION_UNITS] += u32::from(display.behaviour.expression != expression);
            let affect = before.valence_arousal.iter().zip(after.valence_arousal);
            let affect = affect.map(|(before, after)| (before.unwrap() - after.unwrap()).abs());
            moves = affect.fold(moves, f32::max);
        }
        // Rare units are seldom there, and as seldom change.
        for (what, changes) in changes.into_iter().enumerate() {
            let lasts = count / changes;
            assert!((25..160).contains(&lasts), "{what}: {lasts}");
        }
        // A new expression is the old one again by the sum of the squared shares, 0.165: 30 frames over 0.835.
        let lasts = count / changes[ACTION_UNITS];
        assert!((32..41).contains(&lasts), "{lasts}");
        assert!(moves < 0.2, "valence and arousal glide: {moves}");
    }

    #[test]
    fn one_frame_deceives_and_many_do_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(10);
        let (mut frames, mut means) = ([0u32; 2], [0u32; 2]);
        for _ in 0..300 {
            let display = Display::draw(&Presence::VALIDATION, &mut rng);
            let glimpses: Vec<Movement> = (0..30).map(|_| display.glimpse(&mut rng)).collect();
            for (unit, active) in display.behaviour.active.into_iter().enumerate() {
                let shown = glimpses.iter().map(|glimpse| glimpse.units[unit]);
                let cut = |shown: f32| usize::from((shown > 0.33) != active);
                let mean = shown.clone().sum::<f32>() / 30.0;
                means[cut(mean)] += 1;
                shown.for_each(|shown| frames[cut(shown)] += 1);
            }
        }
        let wrong = |counts: [u32; 2]| f64::from(counts[1]) / f64::from(counts[0] + counts[1]);
        assert!((0.15..0.4).contains(&wrong(frames)), "{}", wrong(frames));
        assert!(wrong(means) < 0.05, "{}", wrong(means));
    }
}
