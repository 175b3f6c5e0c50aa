//! Valence and arousal as an annotator follows them.

/// Follows a value with a memory and a lag, both in frames: two leaky means, one behind the other.
///
/// `held += (value - held) / memory`, then `told += (held - told) / lag`; the annotator says `told`.
/// It is linear in the value, so that what is expected of it follows from what is expected of the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trail {
    pub(super) memory: f32,
    pub(super) lag: f32,
}

/// Where a trail stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Footing {
    pub(super) held: f64,
    pub(super) told: f64,
}

impl Trail {
    /// A frame later. As it is linear, it also steps what is expected, weighted by a probability.
    pub(super) fn step(self, footing: Footing, value: f64) -> Footing {
        let held = footing.held + (value - footing.held) / f64::from(self.memory);
        let told = footing.told + (held - footing.told) / f64::from(self.lag);
        Footing { held, told }
    }
}
