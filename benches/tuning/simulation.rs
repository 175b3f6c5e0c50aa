//! Scores of simulated videos: labels that last, and two networks that every frame and every video deceives.

use countenance::calibrate::ScoreTable;
use countenance::label::{ActionUnit, Expression, Vocabulary};
use countenance::metric::RowScores;
use countenance::{Labels, Result};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const UNITS: usize = ActionUnit::AFF_WILD2.len();
const CLASSES: usize = Expression::AFF_WILD2.len();
/// How many networks score every row.
pub const MEMBERS: usize = 2;
/// How many frames a label lasts on average: a second.
const DWELL: f32 = 30.0;
/// Shares of rows with each unit and each expression, as in s-Aff-Wild2's training set.
const UNIT_SHARES: [f32; UNITS] = [
    0.18, 0.085, 0.2, 0.3, 0.4, 0.37, 0.26, 0.03, 0.03, 0.05, 0.68, 0.1,
];
const CLASS_SHARES: [f32; CLASSES] = [0.26, 0.05, 0.035, 0.035, 0.2, 0.085, 0.06, 0.275];
/// Standard deviations of what deceives: how far a video's scores are shifted, and a frame's, for all
/// networks and for each alone. Of the signal, which is 0 or 1 at best.
const SHARED_BY_VIDEO: f32 = 0.2;
const OWN_BY_VIDEO: f32 = 0.12;
const SHARED_BY_FRAME: f32 = 0.35;
const OWN_BY_FRAME: f32 = 0.45;

/// Two networks as a seed makes them: what they see well, and how wrong their scales are.
pub struct World {
    seed: u64,
    members: [Network; MEMBERS],
}

struct Network {
    /// Of each unit how much of the signal comes through, how steep its score is and where it is 0.5.
    units: [[f32; 3]; UNITS],
    /// How much of the signal comes through, and what is added to each class's logit.
    clarity: f32,
    offsets: [f32; CLASSES],
    affect: f32,
}

/// Rows of some videos, as both networks score them.
pub struct Split {
    pub members: Vec<ScoreTable>,
    pub labels: Vec<Labels>,
    pub videos: Vec<Option<u32>>,
    pub frames: Vec<Option<u32>>,
}

/// What is there in one frame.
struct Truth {
    units: [bool; UNITS],
    class: usize,
    affect: [f32; 2],
}

/// What shifts the scores of all units, classes, valence and arousal.
type Shift = [f32; UNITS + CLASSES + 2];

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let members = std::array::from_fn(|_| Network {
            units: std::array::from_fn(|_| {
                let clarity = between(&mut rng, 0.45, 1.0);
                let steepness = between(&mut rng, 2.0, 6.0);
                [clarity, steepness, between(&mut rng, 0.3, 1.1)]
            }),
            clarity: between(&mut rng, 0.45, 0.85),
            offsets: std::array::from_fn(|_| 0.35 * normal(&mut rng)),
            affect: between(&mut rng, 0.5, 0.9),
        });
        Self { seed, members }
    }

    /// So many videos of so many labelled frames; another `part` has other videos.
    pub fn split(&self, part: u64, videos: u32, frames: u32) -> Result<Split> {
        let mut split = Split {
            members: vec![ScoreTable::new(Vocabulary::aff_wild2()); MEMBERS],
            labels: Vec::new(),
            videos: Vec::new(),
            frames: Vec::new(),
        };
        for video in 0..videos {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream((part << 32) + u64::from(video) + 1);
            self.film(video, frames, &mut rng, &mut split)?;
        }
        Ok(split)
    }

    fn film(&self, video: u32, frames: u32, rng: &mut ChaCha8Rng, split: &mut Split) -> Result<()> {
        let shares: [f32; UNITS] = std::array::from_fn(|unit| {
            let odds = UNIT_SHARES[unit] / (1.0 - UNIT_SHARES[unit]) * (0.5 * normal(rng)).exp();
            odds / (1.0 + odds)
        });
        let classes = CLASS_SHARES.map(|share| share * (0.6 * normal(rng)).exp());
        let mood = [0.08 + 0.15 * normal(rng), 0.4 + 0.1 * normal(rng)];
        let by_video = shift(SHARED_BY_VIDEO, rng);
        let own_by_video: [Shift; MEMBERS] = std::array::from_fn(|_| shift(OWN_BY_VIDEO, rng));
        let mut truth = Truth {
            units: shares.map(|share| happens(rng, share)),
            class: pick(rng, &classes),
            affect: mood,
        };
        let mut frame = between(rng, 0.0, 900.0) as u32;
        for _ in 0..frames {
            // Some frames are missing, and now and then many.
            let step = match between(rng, 0.0, 1.0) {
                draw if draw < 0.92 => 1,
                draw if draw < 0.97 => between(rng, 2.0, 13.0) as u32,
                _ => between(rng, 30.0, 240.0) as u32,
            };
            frame += step;
            for _ in 0..step {
                truth.step(&shares, &classes, mood, rng);
            }
            let by_frame = shift(SHARED_BY_FRAME, rng);
            for (member, own_by_video) in own_by_video.iter().enumerate() {
                let own_by_frame = shift(OWN_BY_FRAME, rng);
                let shift = std::array::from_fn(|place| {
                    by_video[place] + own_by_video[place] + by_frame[place] + own_by_frame[place]
                });
                self.members[member].read(&truth, &shift, &mut split.members[member])?;
            }
            split.labels.push(truth.labels(rng));
            split.videos.push(Some(video));
            split.frames.push(Some(frame));
        }
        Ok(())
    }
}

impl Network {
    fn read(&self, truth: &Truth, shift: &Shift, table: &mut ScoreTable) -> Result<()> {
        let action_units: [f32; UNITS] = std::array::from_fn(|unit| {
            let [clarity, steepness, middle] = self.units[unit];
            let seen = clarity * f32::from(u8::from(truth.units[unit])) + shift[unit];
            1.0 / (1.0 + (steepness * (middle - seen)).exp())
        });
        let logits: [f32; CLASSES] = std::array::from_fn(|class| {
            let seen = self.clarity * f32::from(u8::from(truth.class == class));
            // Sharper than it knows.
            4.0 * (seen + shift[UNITS + class] + self.offsets[class])
        });
        let valence_arousal = std::array::from_fn(|axis| {
            let seen = self.affect * truth.affect[axis] + 0.5 * shift[UNITS + CLASSES + axis];
            seen.clamp(-1.0, 1.0)
        });
        table.push(Some(&RowScores {
            action_units: &action_units,
            expression_logits: &logits,
            valence_arousal,
        }))
    }
}

impl Truth {
    /// Goes on by one frame.
    fn step(
        &mut self,
        shares: &[f32; UNITS],
        classes: &[f32; CLASSES],
        mood: [f32; 2],
        rng: &mut ChaCha8Rng,
    ) {
        for (unit, &share) in self.units.iter_mut().zip(shares) {
            if happens(rng, 1.0 / DWELL) {
                *unit = happens(rng, share);
            }
        }
        if happens(rng, 1.0 / DWELL) {
            self.class = pick(rng, classes);
        }
        for (value, mood) in self.affect.iter_mut().zip(mood) {
            let drift = (mood - *value) / (3.0 * DWELL) + 0.035 * normal(rng);
            *value = (*value + drift).clamp(-1.0, 1.0);
        }
    }

    /// What of it is labelled.
    fn labels(&self, rng: &mut ChaCha8Rng) -> Labels {
        let [units, class, affect] = [0.9, 0.6, 0.9].map(|rate| happens(rng, rate));
        let there = self.units.map(|unit| Some(f32::from(u8::from(unit))));
        Labels {
            action_units: if units { there.to_vec() } else { Vec::new() },
            expression: class.then_some(self.class),
            valence_arousal: self.affect.map(|value| affect.then_some(value)),
            ..Labels::default()
        }
    }
}

fn shift(deviation: f32, rng: &mut ChaCha8Rng) -> Shift {
    std::array::from_fn(|_| deviation * normal(rng))
}

fn between(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

/// Mean 0 and standard deviation 1, nearly normal.
fn normal(rng: &mut ChaCha8Rng) -> f32 {
    (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0
}

fn happens(rng: &mut ChaCha8Rng, rate: f32) -> bool {
    rng.random::<f32>() < rate
}

/// An index in proportion to `weights`.
fn pick(rng: &mut ChaCha8Rng, weights: &[f32]) -> usize {
    let mut left = rng.random::<f32>() * weights.iter().sum::<f32>();
    let last = weights.len() - 1;
    let place = weights[..last].iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    place.unwrap_or(last)
}
