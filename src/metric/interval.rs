//! The intervals of all scores of a split, as JSON and as a table.
//!
//! # Example
//! ```
//! use countenance::Labels;
//! use countenance::label::Vocabulary;
//! use countenance::metric::bootstrap::Bootstrap;
//! use countenance::metric::group::Groups;
//! use countenance::metric::{RowScores, sample::Sample};
//!
//! let mut sample = Sample::new(&Vocabulary::raf_db());
//! for row in 0..40 {
//!     let labels = Labels { expression: Some(row % 7), ..Labels::default() };
//!     let logits = std::array::from_fn::<_, 7, _>(|class| (row * class % 5) as f32);
//!     sample.push(&labels, &RowScores { expression_logits: &logits, ..RowScores::default() });
//! }
//! let intervals = sample.intervals(&Groups::rows(40), &Bootstrap::default());
//! let json = serde_json::to_value(&intervals).unwrap();
//! assert_eq!((&json["by"], &json["groups"]), (&"row".into(), &40.into()));
//! assert_eq!(json["p_ex"].as_array().unwrap().len(), 2);
//! println!("{}", intervals.table());
//! ```

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::metric::bootstrap::{Bootstrap, Interval};
use crate::metric::entry::{Entry, heading};
use crate::metric::group::Groups;
use crate::metric::report::cell;

/// The intervals of all scores.
///
/// As JSON it is a map with how they were drawn, `by`, `groups`, `resamples`, `level` and `seed`, and
/// the keys of [`Report`](super::Report) and [`Detail`](super::detail::Detail), of which those without any unit or class are
/// left out, where `[low, high]` stands for each score; `null` where there
/// is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    by: &'static str,
    groups: usize,
    bootstrap: Bootstrap,
    scores: Vec<(Entry, Option<Interval>)>,
}

impl Intervals {
    pub(super) fn new(
        groups: &Groups,
        bootstrap: Bootstrap,
        entries: Vec<Entry>,
        intervals: Vec<Option<Interval>>,
    ) -> Self {
        Self {
            by: groups.what(),
            groups: groups.count(),
            bootstrap,
            scores: entries.into_iter().zip(intervals).collect(),
        }
    }

    /// The interval of the score under `key`; of a unit or class that of its `name`. `None` if there is
    /// no such score, or it has no interval.
    pub fn get(&self, key: &str, name: Option<&str>) -> Option<Interval> {
        let mut scores = self.scores.iter();
        let found = scores.find(|(entry, _)| entry.key == key && entry.name.as_deref() == name);
        found?.1
    }

    /// A line for each score that there is, with its interval.
    pub fn table(&self) -> String {
        let Bootstrap {
            resamples, level, ..
        } = self.bootstrap;
        let percent = (level * 1e4).round() / 1e2;
        let title = format!(
            "{percent} % interval, {resamples} draws of {} by {}",
            self.groups, self.by
        );
        let mut text = heading(&format!("  {title}"));
        for (entry, interval) in &self.scores {
            let interval = match interval {
                Some(Interval { low, high }) => {
                    format!("  [{}, {}]", cell(Some(*low)), cell(Some(*high)))
                }
                None => "  -".into(),
            };
            text.extend(entry.line(&interval));
        }
        text
    }
}

impl Serialize for Intervals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("by", self.by)?;
        map.serialize_entry("groups", &self.groups)?;
        map.serialize_entry("resamples", &self.bootstrap.resamples)?;
        map.serialize_entry("level", &self.bootstrap.level)?;
        map.serialize_entry("seed", &self.bootstrap.seed)?;
        for same in self
            .scores
            .chunk_by(|(one, _), (other, _)| one.key == other.key)
        {
            match same {
                [
                    (
                        Entry {
                            name: None, key, ..
                        },
                        interval,
                    ),
                ] => map.serialize_entry(key, interval)?,
                _ => map.serialize_entry(same[0].0.key, &Names(same))?,
            }
        }
        map.end()
    }
}

/// The intervals of one score of each unit or class.
struct Names<'a>(&'a [(Entry, Option<Interval>)]);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = self.0.iter();
        serializer.collect_map(
            named.map(|(entry, interval)| (entry.name.as_deref().unwrap_or_default(), interval)),
        )
    }
}
