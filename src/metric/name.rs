//! Scores as maps from names: how a report's action units and expressions stand in JSON.

use std::fmt;

use serde::Deserialize;

use crate::label::{ACTION_UNITS, ActionUnit, EXPRESSIONS, Expression};

/// Action units by name, in order.
pub(super) mod unit {
    use super::*;

    pub fn serialize<S: serde::Serializer>(
        scores: &[Option<f64>; ACTION_UNITS],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(ActionUnit::AFF_WILD2.into_iter().zip(scores))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[Option<f64>; ACTION_UNITS], D::Error> {
        by_name(deserializer, &ActionUnit::AFF_WILD2)
    }
}

/// Expressions by name, in order.
pub(super) mod class {
    use super::*;

    pub fn serialize<S: serde::Serializer>(
        scores: &[Option<f64>; EXPRESSIONS],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Expression::AFF_WILD2.into_iter().zip(scores))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[Option<f64>; EXPRESSIONS], D::Error> {
        by_name(deserializer, &Expression::AFF_WILD2)
    }
}

/// Reads a map that has exactly the keys of `order`, in any order.
fn by_name<'de, D, Name, const N: usize>(
    deserializer: D,
    order: &[Name; N],
) -> Result<[Option<f64>; N], D::Error>
where
    D: serde::Deserializer<'de>,
    Name: Deserialize<'de> + Ord + fmt::Display,
{
    use serde::de::Error;

    let mut scores = std::collections::BTreeMap::<Name, Option<f64>>::deserialize(deserializer)?;
    let mut ordered = [None; N];
    for (name, slot) in order.iter().zip(&mut ordered) {
        *slot = scores
            .remove(name)
            .ok_or_else(|| D::Error::custom(format!("no score of {name}")))?;
    }
    match scores.into_keys().next() {
        Some(name) => Err(D::Error::custom(format!(
            "a score of {name} is not expected"
        ))),
        None => Ok(ordered),
    }
}
