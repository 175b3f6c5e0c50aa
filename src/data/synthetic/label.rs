//! What a rendered face does, and what an annotator says about it.

use rand_chacha::ChaCha8Rng;

use super::identity::Movement;
use super::random::{between, happens, normal, pick};
use crate::label::{ACTION_UNITS, EXPRESSIONS, Labels};

/// Share of each expression, in the order of s-Aff-Wild2.
///
/// The training set's shares, with the rare classes lifted so that a set of some hundred labelled
/// rows still holds dozens of each.
const EXPRESSION_SHARES: [f32; EXPRESSIONS] = [0.22, 0.07, 0.06, 0.06, 0.18, 0.09, 0.08, 0.24];

/// How often each action unit is active in each expression, in the orders of s-Aff-Wild2.
///
/// Prototypical units stand at 0.7 and more, observational ones at the rate published with the
/// prototypes; the rest is spontaneous, and raised where s-Aff-Wild2 has the unit active in a large
/// part of its frames (7, 10 and 25) or where a few thousand rows would hold too few (23).
#[rustfmt::skip]
const UNIT_RATES: [[f32; ACTION_UNITS]; EXPRESSIONS] = [
    // 1    2     4     6     7     10    12    15    23    24    25    26
    [0.06, 0.03, 0.08, 0.08, 0.20, 0.15, 0.05, 0.03, 0.12, 0.04, 0.30, 0.05], // Neutral
    [0.04, 0.03, 0.88, 0.10, 0.85, 0.26, 0.04, 0.06, 0.32, 0.72, 0.25, 0.05], // Anger
    [0.05, 0.03, 0.31, 0.35, 0.50, 0.90, 0.05, 0.08, 0.12, 0.26, 0.40, 0.05], // Disgust
    [0.85, 0.57, 0.78, 0.10, 0.30, 0.25, 0.05, 0.05, 0.08, 0.02, 0.90, 0.33], // Fear
    [0.06, 0.04, 0.04, 0.62, 0.55, 0.55, 0.92, 0.01, 0.04, 0.01, 0.80, 0.08], // Happiness
    [0.60, 0.06, 0.78, 0.50, 0.45, 0.26, 0.03, 0.75, 0.12, 0.06, 0.30, 0.05], // Sadness
    [0.88, 0.82, 0.07, 0.05, 0.08, 0.15, 0.06, 0.02, 0.04, 0.01, 0.94, 0.75], // Surprise
    [0.18, 0.09, 0.22, 0.28, 0.35, 0.40, 0.18, 0.05, 0.28, 0.07, 0.50, 0.10], // Other
];

/// How often the units that s-Aff-Wild2 does not annotate are active: upper lid raiser (AU5), nose
/// wrinkler (AU9), chin raiser (AU17), lip stretcher (AU20), and a grimace to one side (AU30, AU46).
///
/// The last stands for what is peculiar about "Other": doubt, contempt, winks.
#[rustfmt::skip]
const UNANNOTATED_RATES: [[f32; 5]; EXPRESSIONS] = [
    // 5   9     17    20    30
    [0.03, 0.01, 0.03, 0.02, 0.02], // Neutral
    [0.15, 0.05, 0.52, 0.05, 0.04], // Anger
    [0.02, 0.85, 0.75, 0.03, 0.04], // Disgust
    [0.63, 0.02, 0.05, 0.80, 0.02], // Fear
    [0.01, 0.02, 0.02, 0.02, 0.03], // Happiness
    [0.01, 0.02, 0.67, 0.05, 0.02], // Sadness
    [0.66, 0.01, 0.01, 0.04, 0.02], // Surprise
    [0.10, 0.05, 0.10, 0.08, 0.90], // Other
];

/// Valence and arousal at full intensity of each expression.
#[rustfmt::skip]
const CIRCUMPLEX: [[f32; 2]; EXPRESSIONS] = [
    [ 0.07, 0.00], // Neutral
    [-0.56, 0.78], // Anger
    [-0.60, 0.50], // Disgust
    [-0.52, 0.86], // Fear
    [ 0.84, 0.26], // Happiness
    [-0.62, 0.12], // Sadness
    [ 0.26, 0.86], // Surprise
    [ 0.16, 0.36], // Other
];

/// What each action unit adds to valence and arousal at full intensity.
#[rustfmt::skip]
const UNIT_AFFECT: [[f32; 2]; ACTION_UNITS] = [
    [-0.02, 0.06], [0.00, 0.10], [-0.16, 0.03], [0.10, 0.02], [0.02, 0.02], [-0.02, 0.06],
    [ 0.24, 0.04], [-0.18, -0.06], [-0.08, 0.04], [-0.08, 0.02], [0.02, 0.10], [0.02, 0.16],
];

/// Share of annotations that are wrong.
const LABEL_NOISE: f32 = 0.04;

/// A face's behaviour in one frame: the truth that the annotations describe.
pub(super) struct Behaviour {
    pub(super) expression: usize,
    pub(super) active: [bool; ACTION_UNITS],
    pub(super) movement: Movement,
    pub(super) valence_arousal: [f32; 2],
    /// How strong the display is as a whole, 0.7 to 1.
    pub(super) strength: f32,
}

impl Behaviour {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self::of(pick(rng, &EXPRESSION_SHARES), rng)
    }

    /// Of a face that shows this expression.
    pub(super) fn of(expression: usize, rng: &mut ChaCha8Rng) -> Self {
        let active = active_units(expression, rng);
        // One person's display is strong or weak as a whole, more than unit by unit.
        let strength = between(rng, 0.7, 1.0);
        let units = active.map(|active| intensity(active, strength, rng));
        let [upper_lid, nose_wrinkle, chin, stretch, aside] =
            UNANNOTATED_RATES[expression].map(|rate| intensity(happens(rng, rate), strength, rng));
        let movement = Movement {
            units,
            upper_lid,
            nose_wrinkle,
            chin,
            stretch,
            aside: if happens(rng, 0.5) { aside } else { -aside },
            asymmetry: 0.09 * normal(rng),
        };
        Self {
            expression,
            active,
            valence_arousal: affect(expression, strength, &units, rng),
            movement,
            strength,
        }
    }

    /// One annotator's row: some labels wrong, some missing, never all missing.
    pub(super) fn annotate(&self, presence: &Presence, rng: &mut ChaCha8Rng) -> Labels {
        let [keep_affect, keep_expression, keep_units] = presence.draw(rng);
        let expression = if happens(rng, LABEL_NOISE) {
            pick(rng, &EXPRESSION_SHARES)
        } else {
            self.expression
        };
        let mut units = self.active;
        for (unit, active) in units.iter_mut().enumerate() {
            // A positive is missed and a negative invented equally often in number, so that noise
            // does not drown the rare units.
            let share = marginal(unit);
            let rate = if *active { 1.0 } else { share / (1.0 - share) };
            *active ^= happens(rng, LABEL_NOISE * rate);
        }
        Labels {
            valence_arousal: self
                .valence_arousal
                .map(|value| keep_affect.then_some(value)),
            expression: keep_expression.then_some(expression),
            action_units: match keep_units {
                true => units
                    .map(|active| Some(f32::from(u8::from(active))))
                    .to_vec(),
                false => Vec::new(),
            },
            ..Labels::default()
        }
    }
}

/// How often a row carries each task's label, before rows without any are drawn again.
pub(super) struct Presence {
    valence_arousal: f32,
    expression: f32,
    action_units: f32,
}

impl Presence {
    /// s-Aff-Wild2's training set: of its rows 73 % carry valence and arousal, 64 % an expression
    /// and 73 % action units. The rates here are lower by the 3.4 % of draws that carry none and
    /// are drawn again.
    pub(super) const TRAINING: Self = Self {
        valence_arousal: 0.705,
        expression: 0.615,
        action_units: 0.701,
    };

    /// s-Aff-Wild2's validation set: only the expression is missing at times.
    pub(super) const VALIDATION: Self = Self {
        valence_arousal: 1.0,
        expression: 0.574,
        action_units: 1.0,
    };

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> [bool; 3] {
        loop {
            let rates = [self.valence_arousal, self.expression, self.action_units];
            let keep = rates.map(|rate| happens(rng, rate));
            if keep.contains(&true) {
                return keep;
            }
        }
    }
}

/// The expected share of rows in which a unit is active, anatomy's exclusions aside.
fn marginal(unit: usize) -> f32 {
    EXPRESSION_SHARES
        .iter()
        .zip(&UNIT_RATES)
        .map(|(share, rates)| share * rates[unit])
        .sum()
}

/// Draws the active units; those that exclude each other are resolved as muscles would.
fn active_units(expression: usize, rng: &mut ChaCha8Rng) -> [bool; ACTION_UNITS] {
    let mut active = UNIT_RATES[expression].map(|rate| happens(rng, rate));
    let [_, _, _, _, _, _, puller, depressor, _, pressor, part, drop] = &mut active;
    // Lips that press together are neither parted nor left behind by the jaw.
    if *pressor {
        *part = false;
        *drop = false;
    }
    // A dropping jaw nearly always parts the lips.
    if *drop {
        *part |= happens(rng, 0.95);
    }
    if *puller {
        *depressor = false;
    }
    active
}

/// How far a unit moves, in [0, 1]. Weak activity begins not far above a restless face's calm.
fn intensity(active: bool, strength: f32, rng: &mut ChaCha8Rng) -> f32 {
    if active {
        (strength * between(rng, 0.7, 1.15)).clamp(0.45, 1.0)
    } else {
        let calm = between(rng, 0.0, 1.0);
        0.22 * calm * calm
    }
}

fn affect(
    expression: usize,
    strength: f32,
    units: &[f32; ACTION_UNITS],
    rng: &mut ChaCha8Rng,
) -> [f32; 2] {
    let prototype = CIRCUMPLEX[expression];
    let scale = 0.23 + 0.75 * strength;
    let mut values = [0, 1].map(|axis| {
        let units: f32 = units
            .iter()
            .zip(&UNIT_AFFECT)
            .map(|(intensity, affect)| intensity * affect[axis])
            .sum();
        prototype[axis] * scale + units + 0.1 * normal(rng)
    });
    values[0] = values[0].clamp(-1.0, 1.0);
    // Negative arousal is rare in the data set, and none of these faces sleeps.
    values[1] = values[1].clamp(-0.3, 1.0);
    // Annotation files carry a handful of digits.
    values.map(|value| (value * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn draws(count: usize) -> Vec<Behaviour> {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        (0..count).map(|_| Behaviour::draw(&mut rng)).collect()
    }

    #[test]
    fn every_unit_and_expression_has_enough_positives() {
        let draws = draws(5_000);
        for unit in 0..ACTION_UNITS {
            let count = draws.iter().filter(|draw| draw.active[unit]).count();
            assert!((250..3_750).contains(&count), "unit {unit}: {count}");
        }
        for expression in 0..EXPRESSIONS {
            let count = draws.iter().filter(|d| d.expression == expression).count();
            assert!(count >= 250, "expression {expression}: {count}");
        }
    }

    #[test]
    fn valence_and_arousal_have_the_moments_of_the_data_set() {
        let draws = draws(5_000);
        let n = draws.len() as f32;
        let moments = [0, 1].map(|axis| {
            let values = || draws.iter().map(|draw| draw.valence_arousal[axis]);
            let mean = values().sum::<f32>() / n;
            let variance = values().map(|v| (v - mean) * (v - mean)).sum::<f32>() / n;
            (mean, variance.sqrt())
        });
        let expected = [(0.078, 0.487), (0.432, 0.284)];
        for ((mean, deviation), (expected_mean, expected_deviation)) in
            moments.into_iter().zip(expected)
        {
            assert!((mean - expected_mean).abs() < 0.06, "{moments:?}");
            assert!((deviation - expected_deviation).abs() < 0.06, "{moments:?}");
        }
    }

    #[test]
    fn labels_are_missing_at_the_rates_of_the_data_set_and_never_all() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let draws = draws(5_000);
        for (presence, expected) in [
            (Presence::TRAINING, [0.730, 0.637, 0.726]),
            (Presence::VALIDATION, [1.0, 0.574, 1.0]),
        ] {
            let rows: Vec<Labels> = draws
                .iter()
                .map(|draw| draw.annotate(&presence, &mut rng))
                .collect();
            assert!(rows.iter().all(|row| !row.is_empty()));
            let rates = [
                rows.iter().filter(|r| r.has_valence_arousal()).count(),
                rows.iter().filter(|r| r.expression.is_some()).count(),
                rows.iter().filter(|r| r.has_action_units()).count(),
            ]
            .map(|count| count as f32 / rows.len() as f32);
            for (rate, expected) in rates.into_iter().zip(expected) {
                assert!((rate - expected).abs() < 0.025, "{rates:?}");
            }
        }
    }

    #[test]
    fn annotators_err_seldom_and_keep_each_units_share() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut wrong, mut positives, mut active, mut count) = (0, 0, 0, 0);
        for draw in draws(5_000) {
            let row = draw.annotate(&Presence::VALIDATION, &mut rng);
            for (label, truth) in row.action_units.iter().zip(draw.active) {
                wrong += usize::from(*label != Some(f32::from(u8::from(truth))));
                positives += usize::from(*label == Some(1.0));
                active += usize::from(truth);
                count += 1;
            }
        }
        let rate = wrong as f32 / count as f32;
        assert!((0.01..0.05).contains(&rate), "{rate}");
        assert!((positives as f32 / active as f32 - 1.0).abs() < 0.03);
    }
}
