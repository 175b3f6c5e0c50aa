//! Expression classes: those that data sets share, and any other by its own name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// A facial expression class.
///
/// It prints, parses and serialises as its name. Names are read as data sets spell them, in any case:
/// "happy" is [`Happiness`](Self::Happiness). A name that no variant has is kept as it is.
///
/// ```
/// use countenance::Expression;
///
/// # fn main() -> countenance::Result<()> {
/// assert_eq!("happy".parse::<Expression>()?, Expression::Happiness);
/// assert_eq!("bored".parse::<Expression>()?.to_string(), "bored");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the variants are plain words")]
pub enum Expression {
    Neutral,
    Anger,
    Disgust,
    Fear,
    Happiness,
    Sadness,
    Surprise,
    Other,
    Contempt,
    /// A class of another name, or of a number alone: see [`Expression::unnamed`].
    Named(Arc<str>),
}

impl Expression {
    /// The order of s-Aff-Wild2 and of the paper.
    pub const AFF_WILD2: [Self; 8] = [
        Self::Neutral,
        Self::Anger,
        Self::Disgust,
        Self::Fear,
        Self::Happiness,
        Self::Sadness,
        Self::Surprise,
        Self::Other,
    ];

    /// The order of HSEmotion's 8-class checkpoints.
    pub const HSEMOTION_8: [Self; 8] = [
        Self::Anger,
        Self::Contempt,
        Self::Disgust,
        Self::Fear,
        Self::Happiness,
        Self::Neutral,
        Self::Sadness,
        Self::Surprise,
    ];

    /// The order of HSEmotion's 7-class checkpoints.
    pub const HSEMOTION_7: [Self; 7] = [
        Self::Anger,
        Self::Disgust,
        Self::Fear,
        Self::Happiness,
        Self::Neutral,
        Self::Sadness,
        Self::Surprise,
    ];

    /// The order of the OpenFace 3.0 checkpoint.
    ///
    /// # Deviation
    /// OpenFace's README lists Disgust before Anger. A user measured 0.46 accuracy on AffectNet-8
    /// with that order and 0.54 with the two swapped; this is the swapped, measured order.
    pub const OPENFACE3: [Self; 8] = [
        Self::Neutral,
        Self::Happiness,
        Self::Sadness,
        Self::Surprise,
        Self::Fear,
        Self::Anger,
        Self::Disgust,
        Self::Contempt,
    ];

    /// The order of AffectNet's 8 classes.
    pub const AFFECTNET_8: [Self; 8] = [
        Self::Neutral,
        Self::Happiness,
        Self::Sadness,
        Self::Surprise,
        Self::Fear,
        Self::Disgust,
        Self::Anger,
        Self::Contempt,
    ];

    /// The order of AffectNet's 7 classes.
    pub const AFFECTNET_7: [Self; 7] = [
        Self::Neutral,
        Self::Happiness,
        Self::Sadness,
        Self::Surprise,
        Self::Fear,
        Self::Disgust,
        Self::Anger,
    ];

    /// The order of FER+.
    pub const FER_PLUS: [Self; 8] = [
        Self::Neutral,
        Self::Happiness,
        Self::Surprise,
        Self::Sadness,
        Self::Anger,
        Self::Disgust,
        Self::Fear,
        Self::Contempt,
    ];

    /// The order of RAF-DB.
    pub const RAF_DB: [Self; 7] = [
        Self::Surprise,
        Self::Fear,
        Self::Disgust,
        Self::Happiness,
        Self::Sadness,
        Self::Anger,
        Self::Neutral,
    ];

    /// The class that is known by its place in a network's output alone: `class_3`.
    pub fn unnamed(index: usize) -> Self {
        Self::Named(format!("class_{index}").into())
    }

    /// The class's index in s-Aff-Wild2; `None` for a class that it lacks.
    pub fn aff_wild2_index(&self) -> Option<usize> {
        Self::AFF_WILD2.iter().position(|class| class == self)
    }

    /// Whether two classes have the same name but for capitals.
    pub fn is_alike(&self, other: &Self) -> bool {
        self == other || self.name().to_lowercase() == other.name().to_lowercase()
    }

    /// The class's name: an English word, or as it was read.
    pub fn name(&self) -> &str {
        match self {
            Self::Neutral => "Neutral",
            Self::Anger => "Anger",
            Self::Disgust => "Disgust",
            Self::Fear => "Fear",
            Self::Happiness => "Happiness",
            Self::Sadness => "Sadness",
            Self::Surprise => "Surprise",
            Self::Other => "Other",
            Self::Contempt => "Contempt",
            Self::Named(name) => name,
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Expression {
    type Err = Error;

    /// Reads a class's name.
    ///
    /// # Errors
    /// [`Error::Argument`] if it is empty, longer than 100 characters, or not printable.
    fn from_str(text: &str) -> Result<Self, Error> {
        const LONGEST: usize = 100;
        let name = text.trim();
        Ok(match name.to_lowercase().as_str() {
            "neutral" | "neutrality" | "normal" => Self::Neutral,
            "anger" | "angry" => Self::Anger,
            "disgust" | "disgusted" => Self::Disgust,
            "fear" | "fearful" | "afraid" | "scared" => Self::Fear,
            "happiness" | "happy" | "joy" | "joyful" => Self::Happiness,
            "sadness" | "sad" => Self::Sadness,
            "surprise" | "surprised" => Self::Surprise,
            "other" | "others" => Self::Other,
            "contempt" | "contemptuous" => Self::Contempt,
            "" => return Err(Error::argument("a class", "a name", "nothing")),
            _ if name.chars().any(char::is_control) || name.chars().count() > LONGEST => {
                let start: String = name.chars().take(LONGEST).collect();
                let expected = format!("a printable name of at most {LONGEST} characters");
                return Err(Error::argument("a class", expected, format!("{start:?}")));
            }
            _ => Self::Named(name.into()),
        })
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [&[Expression]; 8] = [
        &Expression::AFF_WILD2,
        &Expression::HSEMOTION_8,
        &Expression::HSEMOTION_7,
        &Expression::OPENFACE3,
        &Expression::AFFECTNET_8,
        &Expression::AFFECTNET_7,
        &Expression::FER_PLUS,
        &Expression::RAF_DB,
    ];

    #[test]
    fn orders_name_each_class_once() {
        for order in ORDERS {
            let distinct: std::collections::BTreeSet<_> = order.iter().collect();
            assert_eq!(distinct.len(), order.len());
        }
        assert_eq!(Expression::Happiness.aff_wild2_index(), Some(4));
        assert_eq!(Expression::Contempt.aff_wild2_index(), None);
        assert_eq!(Expression::unnamed(4).aff_wild2_index(), None);
    }

    #[test]
    fn every_class_prints_parses_and_serialises_under_one_name() {
        let named = ["bored", "class_3", "Sehr glücklich"].map(|name| name.parse().unwrap());
        for class in ORDERS.concat().into_iter().chain(named) {
            let printed = class.to_string();
            assert_eq!(printed.parse::<Expression>().unwrap(), class);
            let json = serde_json::to_string(&class).unwrap();
            assert_eq!(json, format!("\"{printed}\""));
            assert_eq!(serde_json::from_str::<Expression>(&json).unwrap(), class);
        }
    }

    #[test]
    fn names_are_read_as_data_sets_spell_them() {
        for (text, class) in [
            ("happy", Expression::Happiness),
            (" Happiness", Expression::Happiness),
            ("SAD", Expression::Sadness),
            ("angry", Expression::Anger),
            ("Surprised", Expression::Surprise),
            ("fearful", Expression::Fear),
            ("disgusted\r", Expression::Disgust),
            ("normal", Expression::Neutral),
            ("Others", Expression::Other),
            ("contempt", Expression::Contempt),
        ] {
            assert_eq!(text.parse::<Expression>().unwrap(), class, "{text}");
        }
        for text in ["", " ", "a\u{1b}[31m", &"a".repeat(101)] {
            text.parse::<Expression>().unwrap_err();
        }
    }
}
