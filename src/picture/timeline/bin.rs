//! What was read from a person in a short time.

use crate::label::{ActionUnit, Expression};
use crate::picture::overlay::OverlayScores;

/// Which scores are shown, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    pub units: Vec<ActionUnit>,
    pub classes: Vec<Expression>,
    pub affect: bool,
}

impl Layout {
    /// Those that are there.
    pub fn of(scores: &OverlayScores<'_>) -> Self {
        let classes = scores.expressions.iter();
        Self {
            units: scores.action_units.iter().map(|&(unit, _)| unit).collect(),
            classes: classes.map(|(class, _)| class.clone()).collect(),
            affect: scores.valence_arousal.is_some(),
        }
    }

    /// All values: units, classes, valence and arousal. What is not there is not a number.
    pub fn values(&self, scores: &OverlayScores<'_>) -> Vec<f32> {
        let units = of(&self.units, scores.action_units);
        let classes = of(&self.classes, scores.expressions);
        let affect = scores.valence_arousal.unwrap_or([f32::NAN; 2]);
        let affect = affect.into_iter().filter(|_| self.affect);
        units.chain(classes).chain(affect).collect()
    }
}

/// The values of some names, in their order.
fn of<T: PartialEq>(names: &[T], scores: &[(T, f32)]) -> impl Iterator<Item = f32> {
    names.iter().map(|name| {
        let found = scores.iter().find(|(known, _)| known == name);
        found.map_or(f32::NAN, |&(_, value)| value)
    })
}

/// The frames of a short time in which a person was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bin {
    pub frames: u32,
    /// Of each value the sum, and of how many; empty if nothing was read.
    sums: Vec<(f32, u32)>,
}

impl Bin {
    /// Adds a frame; values that are not finite do not count.
    pub fn add(&mut self, values: &[f32]) {
        self.frames += 1;
        self.grow(values.len());
        for ((sum, count), value) in self.sums.iter_mut().zip(values) {
            if value.is_finite() {
                *sum += value;
                *count += 1;
            }
        }
    }

    /// Adds the frames of another one.
    pub fn merge(&mut self, other: &Self) {
        self.frames += other.frames;
        self.grow(other.sums.len());
        for ((sum, count), (more, further)) in self.sums.iter_mut().zip(&other.sums) {
            *sum += more;
            *count += further;
        }
    }

    /// The mean of a value, if it was read.
    pub fn mean(&self, value: usize) -> Option<f32> {
        let &(sum, count) = self.sums.get(value)?;
        (count > 0).then(|| sum / count as f32)
    }

    fn grow(&mut self, width: usize) {
        if self.sums.len() < width {
            self.sums.resize(width, (0.0, 0));
        }
    }
}
