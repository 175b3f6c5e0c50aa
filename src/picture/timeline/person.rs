//! One person of a timeline, and those that are only counted.

use std::collections::BTreeMap;

use super::bin::Bin;

/// When somebody was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub frames: u64,
    pub seconds: f64,
    /// What was read, where they were seen.
    pub bins: BTreeMap<usize, Bin>,
}

impl Person {
    /// Makes each two bins one.
    pub fn halve(&mut self) {
        let mut halved: BTreeMap<usize, Bin> = BTreeMap::new();
        for (place, bin) in std::mem::take(&mut self.bins) {
            halved.entry(place / 2).or_default().merge(&bin);
        }
        self.bins = halved;
    }
}

/// People of whom no more is known than how many they are, and for how long one was seen at most.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crowd {
    pub people: u64,
    pub seconds: f64,
}

impl Crowd {
    /// Adds somebody.
    pub fn add(&mut self, person: &Person) {
        self.people += 1;
        self.seconds = self.seconds.max(person.seconds);
    }
}
