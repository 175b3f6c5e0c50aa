//! The ideal observer: it knows the model, and of every frame exactly what it shows of each unit.
//!
//! The parts of the face are independent of each other, so that each has its own recursion; a unit is
//! active, an expression shown, with the probability of the states in which it is, and what valence and
//! arousal are expected to be is the sum over the parts. Nobody who sees pictures or features made of the
//! same frames can know more.

use super::annotator::{TRAILS, said_active, said_expression};
use super::belief::{self, Belief, Evidence, Model};
use super::course::BEFORE;
use super::glimpse;
use super::player::Player;
use crate::label::{ACTION_UNITS, EXPRESSIONS};

/// Which frames an observer sees of a video before it says something about one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// That frame alone.
    Single,
    /// That and those before it.
    Causal,
    /// All.
    Whole,
}

/// What an observer expects the annotator to say of a frame.
#[derive(Clone, Debug)]
pub(super) struct Expectation {
    /// The probability that each unit is said to be active.
    pub(super) units: [f64; ACTION_UNITS],
    /// The probability of each expression.
    pub(super) expressions: [f64; EXPRESSIONS],
    /// The mean of valence and of arousal.
    pub(super) affect: [f64; 2],
}

/// What is expected of the frames of these rising numbers that show this.
pub(super) fn observe(
    players: &[Player; 3],
    numbers: &[u32],
    shown: &[[f32; ACTION_UNITS]],
    view: View,
) -> Vec<Expectation> {
    let first = numbers.first().copied().unwrap_or_default();
    let place = |number: u32| (number - first) as usize;
    let mut seen = vec![None; numbers.last().map_or(0, |&last| place(last) + 1)];
    for (&number, shown) in numbers.iter().zip(shown) {
        seen[place(number)] = Some(shown);
    }
    let nothing = Expectation {
        units: [0.0; ACTION_UNITS],
        expressions: [0.0; EXPRESSIONS],
        affect: [0.0; 2],
    };
    let mut expected = vec![nothing; numbers.len()];
    for player in players {
        let evidence = seen
            .iter()
            .map(|shown| shown.map(|shown| likely(player, shown)));
        let targets = [0, 1].map(|axis| player.targets(axis));
        let model = Model {
            chain: &player.chain,
            targets: &targets,
            trails: TRAILS,
        };
        let (skipped, beliefs) = match view {
            View::Single => {
                let evidence: Vec<Evidence> = evidence.collect();
                (0, belief::alone(model, &evidence, BEFORE))
            }
            View::Causal | View::Whole => {
                let before = std::iter::repeat_n(None, BEFORE);
                let evidence: Vec<Evidence> = before.chain(evidence).collect();
                let beliefs = match view {
                    View::Causal => belief::causal(model, &evidence),
                    _ => belief::whole(model, &evidence),
                };
                (BEFORE, beliefs)
            }
        };
        for (expected, &number) in expected.iter_mut().zip(numbers) {
            add(player, &beliefs[skipped + place(number)], expected);
        }
    }
    for expected in &mut expected {
        expected.units = expected.units.map(said_active);
        expected.expressions = expected.expressions.map(said_expression);
    }
    expected
}

/// How likely it is in each of a part's states that its units are seen like this.
fn likely(player: &Player, shown: &[f32; ACTION_UNITS]) -> Vec<f64> {
    let states = player.states.iter();
    let likely = states.map(|state| {
        let units = player.units.iter().zip(&state.levels);
        units
            // In shares of one, so that the product of ten keeps within bounds.
            .map(|(&unit, &level)| glimpse::likelihood(level, shown[unit]) / 100.0)
            .product()
    });
    likely.collect()
}

/// Adds what is believed of one part to what is expected of the face.
fn add(player: &Player, belief: &Belief, expected: &mut Expectation) {
    for (place, &unit) in player.units.iter().enumerate() {
        let states = belief.states.iter().zip(player.is_active(place));
        let active = states.filter(|(_, is_active)| *is_active);
        expected.units[unit] += active.map(|(state, _)| state).sum::<f64>();
    }
    for (belief, state) in belief.states.iter().zip(&player.states) {
        if let Some(expression) = state.expression {
            expected.expressions[expression] += belief;
        }
    }
    for (expected, told) in expected.affect.iter_mut().zip(belief.affect) {
        *expected += told;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::data::synthetic::label::Presence;
    use crate::data::synthetic::performance::course::play;

    /// Of what is expected with probability p the share p is said, however much is seen; and who sees more
    /// is surer.
    #[test]
    fn what_is_expected_happens_as_often_as_expected() {
        let players = Player::all();
        // Frames in a row, some missing, and a long gap.
        let numbers: Vec<u32> = (1..250).chain(260..270).chain(400..500).collect();
        let mut sure = [0.0; 3];
        for (view, sure) in [View::Single, View::Causal, View::Whole]
            .into_iter()
            .zip(&mut sure)
        {
            let mut bins = [[0.0; 3]; 5];
            let mut errors = [0.0; 2];
            let mut count = 0.0;
            for video in 0..60 {
                let mut rng = ChaCha8Rng::seed_from_u64(video);
                let moments = play(&players, &numbers, &Presence::VALIDATION, &mut rng);
                let shown: Vec<_> = moments.iter().map(|moment| moment.shown).collect();
                let expected = observe(&players, &numbers, &shown, view);
                assert_eq!(expected.len(), moments.len());
                for (expected, moment) in expected.iter().zip(&moments) {
                    let labels = &moment.labels;
                    for (&p, label) in expected.units.iter().zip(&labels.action_units) {
                        let bin = &mut bins[(5.0 * p) as usize];
                        bin[0] += 1.0;
                        bin[1] += p;
                        bin[2] += f64::from(label.unwrap());
                        *sure += (p - 0.5).abs();
                    }
                    let sum: f64 = expected.expressions.iter().sum();
                    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
                    for axis in [0, 1] {
                        let label = f64::from(labels.valence_arousal[axis].unwrap());
                        errors[axis] += label - expected.affect[axis];
                    }
                    count += 1.0;
                }
            }
            for [rows, expected, said] in bins {
                assert!((said - expected).abs() < 0.05 * rows, "{view:?} {bins:?}");
            }
            for error in errors {
                assert!((error / count).abs() < 0.03, "{view:?} {}", error / count);
            }
        }
        assert!(sure[0] < sure[1] && sure[1] < sure[2], "{sure:?}");
    }
}
