//! Scores as maps from names: how a report's action units and expressions stand in JSON, in order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes names and their scores as a map, in their order.
pub(super) fn serialize<N: Serialize, S: Serializer>(
    scores: &[(N, Option<f64>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(scores.iter().map(|(name, score)| (name, score)))
}

/// Reads a map in the order of its entries, each name once.
pub(super) fn deserialize<'de, N, D>(deserializer: D) -> Result<Vec<(N, Option<f64>)>, D::Error>
where
    N: Deserialize<'de> + PartialEq + fmt::Display,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Entries(PhantomData))
}

struct Entries<N>(PhantomData<N>);

impl<'de, N: Deserialize<'de> + PartialEq + fmt::Display> Visitor<'de> for Entries<N> {
    type Value = Vec<(N, Option<f64>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from names to scores")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut scores: Self::Value = Vec::new();
        while let Some((name, score)) = map.next_entry()? {
            if scores.iter().any(|(known, _)| *known == name) {
                return Err(serde::de::Error::custom(format!("two scores of {name}")));
            }
            scores.push((name, score));
        }
        Ok(scores)
    }
}
