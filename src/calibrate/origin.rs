//! What a tuning was found on, so that nobody judges it by the same rows unawares.
//!
//! # Example
//! ```
//! use countenance::calibrate::Origin;
//! use countenance::calibrate::Outcome;
//!
//! let names = ["a/00001.jpg", "a/00002.jpg", "b/00001.jpg"];
//! let origin = Origin::new("validation", 2, names, Outcome::default());
//! assert_eq!((origin.rows, origin.videos), (3, 2));
//! // The same rows under another name, or some of them, are told; others are not.
//! assert!(origin.is_of("part", &names[1..]));
//! assert!(!origin.is_of("validation", ["c/00001.jpg"]));
//! ```

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::calibrate::outcome::Outcome;

/// How many rows are remembered, by a number made of their names.
const REMEMBERED: usize = 64;

/// The rows that a tuning was found on, and what it was worth there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The split's name, or the file's of another program's scores.
    pub split: String,
    /// How many rows it has.
    pub rows: usize,
    /// How many videos, people or other groups these are of; as many as rows where nothing joins them.
    pub videos: usize,
    /// What the tuning was worth.
    pub outcome: Outcome,
    /// Numbers made of the names of some of the rows, the smallest of all; empty where rows have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<Mark>,
}

/// A number made of a row's name; in JSON as text, for readers whose numbers have 53 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Mark(u64);

impl Mark {
    fn of(name: &str) -> Self {
        // FNV-1a, then mixed, so that the smallest are any.
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        Self(hash ^ (hash >> 33))
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> Self {
        format!("{:016x}", mark.0)
    }
}

impl TryFrom<String> for Mark {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

impl Origin {
    /// Of rows of these names, in any order; of rows without names there are none, and the names are
    /// empty texts.
    pub fn new(
        split: impl Into<String>,
        videos: usize,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        outcome: Outcome,
    ) -> Self {
        let mut rows = 0;
        let mut marks: Vec<Mark> = names
            .into_iter()
            .inspect(|_| rows += 1)
            .filter(|name| !name.as_ref().is_empty())
            .map(|name| Mark::of(name.as_ref()))
            .collect();
        marks.sort_unstable();
        marks.dedup();
        marks.truncate(REMEMBERED);
        Self {
            split: split.into(),
            rows,
            videos,
            outcome,
            names: marks,
        }
    }

    /// Whether the rows of these names are, or may well be, among those that the tuning was found on:
    /// then they say little of what it is worth.
    ///
    /// A few of the rows are remembered, so that the same ones are known under another split's name,
    /// and a part of them if it is no tiny one. Where rows have no names the split's must do.
    pub fn is_of(&self, split: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> bool {
        if self.names.is_empty() {
            return self.split == split;
        }
        let known: HashSet<Mark> = self.names.iter().copied().collect();
        let mut names = names.into_iter();
        names.any(|name| known.contains(&Mark::of(name.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(video: &str, frames: std::ops::Range<usize>) -> Vec<String> {
        frames
            .map(|frame| format!("{video}/{frame:05}.jpg"))
            .collect()
    }

    #[test]
    fn rows_are_known_under_any_split_and_in_part() {
        let rows = names("a", 0..30_000);
        let origin = Origin::new("validation", 1, &rows, Outcome::default());
        assert_eq!(origin.rows, 30_000);
        assert!(origin.is_of("test", &rows));
        // A tenth of them.
        assert!(origin.is_of("test", &rows[3000..6000]));
        assert!(!origin.is_of("validation", names("b", 0..30_000)));
        assert!(!origin.is_of("validation", [""; 0]));
    }

    #[test]
    fn rows_without_names_are_told_by_their_split() {
        let origin = Origin::new("scores.csv", 2, ["", ""], Outcome::default());
        assert_eq!(origin.rows, 2);
        assert!(origin.is_of("scores.csv", [""]));
        assert!(!origin.is_of("other.csv", [""]));
    }

    #[test]
    fn an_origin_comes_back_from_json() {
        let origin = Origin::new("validation", 2, names("a", 0..100), Outcome::default());
        let json = serde_json::to_string(&origin).unwrap();
        assert_eq!(serde_json::from_str::<Origin>(&json).unwrap(), origin);
        assert_eq!(origin.names.len(), REMEMBERED);
        let broken = json.replace(&String::from(origin.names[0]), "not a number");
        serde_json::from_str::<Origin>(&broken).unwrap_err();
    }
}
