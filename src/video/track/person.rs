//! Somebody who was seen.

use super::look::Look;
use super::motion::{Measure, Motion};
use super::sighting::Sighting;
use crate::face::Bounds;

/// Seconds after which what is known of a face is for the most part what it looked like since.
const FORGETS: f64 = 1.0;
/// The same of what it looks like just now.
const FADES: f64 = 0.3;
/// Seconds of clear sight after which it is sure who somebody is.
const SURE: f64 = 1.2;

/// Who somebody is: what stays while they are hidden.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub id: usize,
    /// What they look like, once they were seen clearly or left.
    pub look: Option<Look>,
    /// Whether they were never seen clearly.
    vague: bool,
    /// How they moved when they were last lost, and the time before if it is not sure that it was they.
    left: Vec<Left>,
}

/// Somebody as they were lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    motion: Motion,
    seen: f64,
}

/// Somebody who was seen, as of the last time.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub identity: Identity,
    pub motion: Motion,
    pub bounds: Bounds,
    /// When they were seen last, in seconds.
    pub seen: f64,
    /// Whether that was in the last frame.
    pub in_view: bool,
    /// Since when they were in view without a gap, and where they appeared.
    pub since: f64,
    pub start: Measure,
    /// What they look like since then.
    pub fresh: Option<Look>,
    /// Seconds since then in which they were seen clearly.
    clear: f64,
}

impl Identity {
    /// Somebody of whom nothing is known.
    pub fn new(id: usize) -> Self {
        Self {
            id,
            look: None,
            vague: false,
            left: Vec::new(),
        }
    }

    /// How they moved when they were lost; nothing of somebody who never was.
    pub fn left(&self) -> &[Left] {
        &self.left
    }

    /// Whether they were known before they appeared last.
    pub fn was_lost(&self) -> bool {
        !self.left.is_empty()
    }
}

impl Left {
    /// How they move at a `time`, unless it is before, or more than `memory` seconds later.
    pub fn at(&self, time: f64, memory: f64) -> Option<Motion> {
        let since = time - self.seen;
        (0.0..=memory)
            .contains(&since)
            .then(|| self.motion.after(since))
    }
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
            identity: Identity::new(id),
            motion: Motion::new(measure, acceleration),
            bounds: face.detection.bounds,
            seen: time,
            in_view: true,
            since: time,
            start: *measure,
            fresh: face.look.clone(),
            clear: 0.0,
        }
    }

    /// Somebody who was taken to be `appeared` and is not, as they were lost before; nothing of somebody who
    /// never was.
    pub fn lost(identity: Identity, appeared: &Self) -> Option<Self> {
        let Left { motion, seen } = *identity.left.first()?;
        Some(Self {
            identity,
            motion,
            bounds: motion.bounds(),
            seen,
            in_view: false,
            since: seen,
            start: appeared.start,
            fresh: None,
            clear: 0.0,
        })
    }

    /// How the face moves at a `time`, which is not before it was seen.
    pub fn motion_at(&self, time: f64) -> Motion {
        self.motion.after(time - self.seen)
    }

    /// Whether it is still open who they are.
    pub fn is_open(&self) -> bool {
        self.in_view && self.clear <= SURE
    }

    /// What they look like: just now, or as they are known.
    pub fn look(&self) -> Option<&Look> {
        let now = self.fresh.as_ref().filter(|_| self.in_view);
        now.or(self.identity.look.as_ref())
    }

    /// Seen, perhaps after a while. What they look like is learnt from a `clear` sight, and by heart only
    /// when it is sure who they are.
    pub fn see(&mut self, time: f64, face: &Sighting, measure: &Measure, clear: bool) {
        if !self.in_view {
            self.since = time;
            self.start = *measure;
            self.fresh = None;
            self.clear = 0.0;
        }
        let passed = time - self.seen;
        self.motion = self.motion_at(time).corrected(measure);
        self.bounds = face.detection.bounds;
        if clear && self.in_view {
            self.clear += passed;
        }
        self.seen = time;
        self.in_view = true;
        let Some(look) = &face.look else { return };
        if clear || self.fresh.is_none() {
            self.fresh = Some(mixed(self.fresh.as_ref(), look, passed / FADES));
        }
        if clear && (self.clear > SURE || !self.identity.was_lost()) {
            let known = self.identity.look.as_ref();
            let known = known.filter(|_| !self.identity.vague);
            self.identity.look = Some(mixed(known, look, passed / FORGETS));
            self.identity.vague = false;
        }
    }

    /// Not seen any more.
    pub fn lose(&mut self) {
        let open = self.is_open();
        self.in_view = false;
        let left = Left {
            motion: self.motion,
            seen: self.seen,
        };
        let identity = &mut self.identity;
        identity.left.truncate(usize::from(open));
        identity.left.insert(0, left);
        if identity.look.is_none() {
            identity.look.clone_from(&self.fresh);
            identity.vague = true;
        }
    }
}

/// A look with what was seen so many time constants after it.
fn mixed(known: Option<&Look>, look: &Look, passed: f64) -> Look {
    match known {
        Some(known) => known.mixed(look, (1.0 - (-passed).exp()) as f32),
        None => look.clone(),
    }
}
