//! The annotator of a performance: what is said of what is done, late and with errors.

use rand_chacha::ChaCha8Rng;

use super::trail::Trail;
use crate::data::synthetic::label::Presence;
use crate::data::synthetic::random::{between, happens, normal};
use crate::label::{ACTION_UNITS, EXPRESSIONS, Labels};

/// How valence and arousal are followed: valence is that of the last second of 30 frames.
pub(super) const TRAILS: [Trail; 2] = [
    Trail {
        memory: 30.0,
        lag: 12.0,
    },
    Trail {
        memory: 4.0,
        lag: 6.0,
    },
];

/// Share of active units that are said to be at rest, and of those at rest that are said to be active.
const MISSED: f32 = 0.04;
const INVENTED: f32 = 0.01;
/// Share of expressions in whose place any is said, each as likely as every other.
const GUESSED: f32 = 0.04;
/// How much of the error in valence and arousal is left a frame later, and what is added to it.
const ERROR_LEFT: f32 = 0.9;
const ERROR_ADDED: f32 = 0.02;

/// How likely a unit is said to be active that is so with this probability.
pub(super) fn said_active(active: f64) -> f64 {
    active * (1.0 - f64::from(MISSED)) + (1.0 - active) * f64::from(INVENTED)
}

/// How likely an expression is said that is shown with this probability.
pub(super) fn said_expression(shown: f64) -> f64 {
    shown * (1.0 - f64::from(GUESSED)) + f64::from(GUESSED) / EXPRESSIONS as f64
}

/// What a face truly does in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Deed {
    pub(super) active: [bool; ACTION_UNITS],
    pub(super) expression: usize,
    /// Valence and arousal as they are followed, without error.
    pub(super) affect: [f32; 2],
}

/// Labels a video frame by frame. An error lasts as long as what it is about.
pub(super) struct Annotator {
    last: Option<Deed>,
    units: [bool; ACTION_UNITS],
    expression: usize,
    errors: [f32; 2],
    kept: [bool; 3],
}

impl Annotator {
    pub(super) fn new() -> Self {
        Self {
            last: None,
            units: [false; ACTION_UNITS],
            expression: 0,
            errors: [0.0; 2],
            kept: [true; 3],
        }
    }

    /// Says what is done in the next frame.
    pub(super) fn label(
        &mut self,
        deed: Deed,
        presence: &Presence,
        rng: &mut ChaCha8Rng,
    ) -> Labels {
        for (unit, active) in deed.active.into_iter().enumerate() {
            if self.last.is_none_or(|last| last.active[unit] != active) {
                let wrong = happens(rng, if active { MISSED } else { INVENTED });
                self.units[unit] = active ^ wrong;
            }
        }
        if self
            .last
            .is_none_or(|last| last.expression != deed.expression)
        {
            self.expression = match happens(rng, GUESSED) {
                true => between(rng, 0.0, EXPRESSIONS as f32) as usize % EXPRESSIONS,
                false => deed.expression,
            };
            self.kept = presence.draw(rng);
        }
        for error in &mut self.errors {
            *error = ERROR_LEFT * *error + ERROR_ADDED * normal(rng);
        }
        self.last = Some(deed);
        let said = [0, 1].map(|axis| {
            // Farther than 1 it never gets but by an error of many deviations.
            let value = (deed.affect[axis] + self.errors[axis]).clamp(-1.0, 1.0);
            // Annotation files carry a handful of digits.
            (value * 1000.0).round() / 1000.0
        });
        let [affect, expression, units] = self.kept;
        Labels {
            valence_arousal: said.map(|value| affect.then_some(value)),
            expression: expression.then_some(self.expression),
            action_units: match units {
                true => (self.units.iter())
                    .map(|&active| Some(f32::from(active)))
                    .collect(),
                false => Vec::new(),
            },
            ..Labels::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn errors_are_as_frequent_as_the_observer_believes() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let (mut units, mut right) = ([0.0; 2], 0.0);
        let count = 20_000;
        for turn in 0..count {
            let active = turn % 2 == 0;
            let deed = Deed {
                active: [active; ACTION_UNITS],
                expression: 3,
                affect: [0.0; 2],
            };
            let labels = Annotator::new().label(deed, &Presence::VALIDATION, &mut rng);
            let said = labels.action_units.iter().flatten();
            units[usize::from(active)] += said.map(|&unit| f64::from(unit)).sum::<f64>();
            if let Some(said) = labels.expression {
                right += f64::from(u8::from(said == 3)) / f64::from(count);
            }
        }
        let shown = f64::from(count / 2 * ACTION_UNITS as u32);
        assert!((units[0] / shown - said_active(0.0)).abs() < 0.001);
        assert!((units[1] / shown - said_active(1.0)).abs() < 0.001);
        let kept = 0.574;
        assert!(
            (right / kept - said_expression(1.0)).abs() < 0.02,
            "{right}"
        );
    }
}
