//! Somebody who was seen.

use super::look::Look;
use super::motion::{Measure, Motion};
use super::sighting::Sighting;
use crate::face::Bounds;

/// Seconds after which what a face looks like is for the most part what it looked like since.
const FORGETS: f64 = 1.0;

/// Somebody who was seen, as of the last time.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub id: usize,
    pub motion: Motion,
    pub bounds: Bounds,
    pub look: Option<Look>,
    /// When that was, in seconds.
    pub seen: f64,
    /// Whether it was in the last frame.
    pub in_view: bool,
}

impl Person {
    /// Somebody who is seen for the first time.
    pub fn new(
        id: usize,
        time: f64,
        face: &Sighting,
        measure: &Measure,
        acceleration: f64,
    ) -> Self {
        Self {
            id,
            motion: Motion::new(measure, acceleration),
            bounds: face.detection.bounds,
            look: face.look.clone(),
            seen: time,
            in_view: true,
        }
    }

    /// How the face moves at a `time`, which is not before it was seen.
    pub fn motion_at(&self, time: f64) -> Motion {
        self.motion.after(time - self.seen)
    }

    /// Seen again. What it looks like is learnt only from a `clear` sight.
    pub fn see(&mut self, time: f64, face: &Sighting, measure: &Measure, clear: bool) {
        self.motion = self.motion_at(time).corrected(measure);
        self.bounds = face.detection.bounds;
        if let Some(look) = face.look.as_ref().filter(|_| clear || self.look.is_none()) {
            let share = 1.0 - (-(time - self.seen) / FORGETS).exp();
            self.look = Some(match &self.look {
                Some(known) => known.mixed(look, share as f32),
                None => look.clone(),
            });
        }
        self.seen = time;
        self.in_view = true;
    }
}
