//! What the outputs of a classifier stand for.

use std::fmt;

use crate::{Error, Expression, Result};

/// A data set or a program whose networks order their classes in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// HSEmotion: 8 classes by the alphabet, 7 without contempt, 10 with valence and arousal.
    Hsemotion,
    /// AffectNet: 8 classes, or 7 without contempt.
    AffectNet,
    /// FER+: 8 classes.
    FerPlus,
    /// RAF-DB: 7 classes.
    RafDb,
    /// s-Aff-Wild2: 8 classes.
    AffWild2,
}

/// What the outputs of a classifier stand for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classes {
    /// The first, in order.
    pub expressions: Vec<Expression>,
    /// Whether valence and arousal follow.
    pub valence_arousal: bool,
}

const VALENCE_AROUSAL: [&str; 2] = ["valence", "arousal"];

impl Preset {
    const ALL: [(&'static str, Self); 5] = [
        ("hsemotion", Self::Hsemotion),
        ("affectnet", Self::AffectNet),
        ("fer+", Self::FerPlus),
        ("raf-db", Self::RafDb),
        ("aff-wild2", Self::AffWild2),
    ];

    /// The names of all, with commas between them.
    pub(super) fn all() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }

    /// The preset of a name, however its words are joined.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let plain = |text: &str| {
            text.to_lowercase()
                .replace("plus", "+")
                .replace(['-', '_', ' '], "")
        };
        let text = plain(text);
        let text = text
            .strip_prefix('s')
            .filter(|_| text == "saffwild2")
            .unwrap_or(&text);
        let mut all = Self::ALL.into_iter();
        all.find(|(name, _)| plain(name) == text)
            .map(|(_, preset)| preset)
    }

    /// What so many outputs of one of its networks are.
    ///
    /// # Errors
    /// [`Error::Argument`] if none of them has so many.
    pub(super) fn of(self, outputs: usize) -> Result<Classes> {
        let orders = self.orders();
        let counts: Vec<_> = orders.iter().map(|all| all.outputs().to_string()).collect();
        let found = orders.into_iter().find(|all| all.outputs() == outputs);
        found.ok_or_else(|| {
            let what = format!("the labels of {self}");
            let expected = format!("a classifier of {} outputs", counts.join(" or "));
            Error::argument(what, expected, format!("{outputs} outputs"))
        })
    }

    /// Every set of classes that its networks tell apart.
    fn orders(self) -> Vec<Classes> {
        let classes = |expressions: &[Expression], valence_arousal| Classes {
            expressions: expressions.to_vec(),
            valence_arousal,
        };
        match self {
            Self::Hsemotion => vec![
                classes(&Expression::HSEMOTION_8, false),
                classes(&Expression::HSEMOTION_7, false),
                classes(&Expression::HSEMOTION_8, true),
            ],
            Self::AffectNet => vec![
                classes(&Expression::AFFECTNET_8, false),
                classes(&Expression::AFFECTNET_7, false),
            ],
            Self::FerPlus => vec![classes(&Expression::FER_PLUS, false)],
            Self::RafDb => vec![classes(&Expression::RAF_DB, false)],
            Self::AffWild2 => vec![classes(&Expression::AFF_WILD2, false)],
        }
    }
}

impl Classes {
    /// What so many outputs are by these names.
    ///
    /// # Errors
    /// What was expected and what was found, if there are more or fewer of them, or one twice.
    pub fn named(names: &[String], outputs: usize) -> Result<Self, [String; 2]> {
        let affect = |name: &String| {
            let name = name.trim().to_lowercase();
            VALENCE_AROUSAL.iter().position(|affect| *affect == name)
        };
        let places: Vec<_> = names.iter().map(affect).collect();
        let valence_arousal = places.ends_with(&[Some(0), Some(1)]);
        let count = names.len() - if valence_arousal { 2 } else { 0 };
        if places[..count].iter().any(Option::is_some) {
            let expected = "valence and arousal, if at all, as the last two, in this order";
            return Err([expected.into(), names.join(", ")]);
        }
        if names.len() != outputs {
            return Err([
                format!("{outputs} names, one for each output of the classifier"),
                format!("{} ({})", names.len(), shown(names)),
            ]);
        }
        let mut expressions: Vec<Expression> = Vec::new();
        for name in &names[..count] {
            let class = name
                .parse::<Expression>()
                .map_err(|error| ["names of classes".to_string(), error.to_string()])?;
            if let Some(first) = expressions.iter().position(|other| *other == class) {
                let found = format!("{} and {name} for one class ({class})", names[first]);
                return Err([format!("{outputs} different names"), found]);
            }
            expressions.push(class);
        }
        Ok(Self {
            expressions,
            valence_arousal,
        })
    }

    /// So many classes in an order that nobody has told.
    pub fn unnamed(outputs: usize) -> Self {
        Self {
            expressions: (0..outputs).map(Expression::unnamed).collect(),
            valence_arousal: false,
        }
    }

    /// How many outputs they are.
    fn outputs(&self) -> usize {
        self.expressions.len() + if self.valence_arousal { 2 } else { 0 }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::ALL.iter().find(|(_, preset)| preset == self);
        f.pad(known.map_or("", |(name, _)| name))
    }
}

/// The first few of many.
pub(super) fn shown(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => format!("{}, ...", first.join(", ")),
        _ => names.join(", "),
    }
}
