//! The ordered sets of a vocabulary, and how configs write them.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ActionUnit, CodedUnit, Expression};
use crate::{Error, Result};

/// Action units in the order of a network's scores.
///
/// A config lists their names. s-Aff-Wild2's twelve are written as their number, 12, as they were when
/// there were no others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitSet(Vec<CodedUnit>);

/// Expressions in the order of a network's logits.
///
/// A config lists their names. s-Aff-Wild2's eight are written as their number, 8, as they were when
/// there were no others; another number stands for classes without names, `class_0` and on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassSet(Vec<Expression>);

impl UnitSet {
    /// s-Aff-Wild2's twelve.
    pub fn aff_wild2() -> Self {
        ActionUnit::AFF_WILD2.into_iter().collect()
    }

    /// The units alone.
    pub fn units(&self) -> impl Iterator<Item = ActionUnit> {
        self.0.iter().map(|coded| coded.unit)
    }

    /// Checks that no unit is in it twice.
    ///
    /// # Errors
    /// [`Error::Argument`] that names one that is.
    pub fn validate(&self) -> Result<()> {
        let units: Vec<_> = self.units().collect();
        once("action_units", &units, PartialEq::eq)
    }
}

impl ClassSet {
    /// s-Aff-Wild2's eight.
    pub fn aff_wild2() -> Self {
        Expression::AFF_WILD2.to_vec().into()
    }

    /// Checks that no expression is in it twice.
    ///
    /// # Errors
    /// [`Error::Argument`] that names one that is.
    pub fn validate(&self) -> Result<()> {
        once("expressions", &self.0, Expression::is_alike)
    }
}

fn once<T: fmt::Display>(what: &str, names: &[T], same: fn(&T, &T) -> bool) -> Result<()> {
    let again = |(place, name): (usize, &T)| names[..place].iter().any(|other| same(other, name));
    match names
        .iter()
        .enumerate()
        .find(|&(place, name)| again((place, name)))
    {
        Some((_, name)) => Err(Error::argument(what, "each once", format!("{name} twice"))),
        None => Ok(()),
    }
}

impl Deref for UnitSet {
    type Target = [CodedUnit];

    fn deref(&self) -> &[CodedUnit] {
        &self.0
    }
}

impl Deref for ClassSet {
    type Target = [Expression];

    fn deref(&self) -> &[Expression] {
        &self.0
    }
}

impl FromIterator<CodedUnit> for UnitSet {
    fn from_iter<I: IntoIterator<Item = CodedUnit>>(units: I) -> Self {
        Self(units.into_iter().collect())
    }
}

impl FromIterator<ActionUnit> for UnitSet {
    /// Units that are present or absent.
    fn from_iter<I: IntoIterator<Item = ActionUnit>>(units: I) -> Self {
        units.into_iter().map(CodedUnit::occurrence).collect()
    }
}

impl From<Vec<Expression>> for ClassSet {
    fn from(classes: Vec<Expression>) -> Self {
        Self(classes)
    }
}

/// What a config holds: names, or s-Aff-Wild2's by their number.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<T> {
    Number(usize),
    Names(Vec<T>),
}

impl<T: Clone> Written<T> {
    /// `names`, or their number where they are s-Aff-Wild2's.
    fn of(names: &[T], are_aff_wild2: bool) -> Self {
        match are_aff_wild2 {
            true => Self::Number(names.len()),
            false => Self::Names(names.to_vec()),
        }
    }
}

impl Serialize for UnitSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of(self, *self == Self::aff_wild2()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UnitSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let own = Self::aff_wild2();
        match Written::deserialize(deserializer)? {
            Written::Names(units) => Ok(Self(units)),
            Written::Number(count) if count == own.len() => Ok(own),
            Written::Number(count) => Err(serde::de::Error::custom(format!(
                "action_units: expected names, or {} for those of s-Aff-Wild2, found {count}",
                own.len()
            ))),
        }
    }
}

impl Serialize for ClassSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of(self, *self == Self::aff_wild2()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClassSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let own = Self::aff_wild2();
        match Written::deserialize(deserializer)? {
            Written::Names(classes) => Ok(Self(classes)),
            Written::Number(count) if count == own.len() => Ok(own),
            Written::Number(count @ 0..=4096) => {
                Ok(Self((0..count).map(Expression::unnamed).collect()))
            }
            Written::Number(count) => Err(serde::de::Error::custom(format!(
                "expressions: expected at most 4096, found {count}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json<T: Serialize>(value: &T) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn those_of_s_aff_wild2_are_their_number_and_others_their_names() {
        assert_eq!(json(&UnitSet::aff_wild2()), "12");
        assert_eq!(json(&ClassSet::aff_wild2()), "8");
        let text = r#"["AU1","AU12_r"]"#;
        let units: UnitSet = serde_json::from_str(text).unwrap();
        assert_eq!(json(&units), text);
        assert_eq!(units[1], CodedUnit::intensity(ActionUnit::AU12));
        let text = r#"["Fear","bored"]"#;
        let classes: ClassSet = serde_json::from_str(text).unwrap();
        assert_eq!(json(&classes), text);
        assert_eq!(
            serde_json::from_str::<UnitSet>("12").unwrap(),
            UnitSet::aff_wild2()
        );
        assert_eq!(
            serde_json::from_str::<ClassSet>("8").unwrap(),
            ClassSet::aff_wild2()
        );
        let unnamed: ClassSet = serde_json::from_str("3").unwrap();
        assert_eq!(json(&unnamed), r#"["class_0","class_1","class_2"]"#);
        let error = serde_json::from_str::<UnitSet>("41")
            .unwrap_err()
            .to_string();
        assert!(error.contains("expected names, or 12"), "{error}");
        serde_json::from_str::<UnitSet>(r#"["AU300"]"#).unwrap_err();
        serde_json::from_str::<ClassSet>("9999999").unwrap_err();
    }
}
