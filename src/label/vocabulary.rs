//! What a data set's labels are about, and in which order.

use serde::{Deserialize, Serialize};

use super::{ActionUnit, AffectRange, ClassSet, CodedUnit, Expression, Scale, UnitSet};
use crate::{Error, Result};

/// What a data set labels: which action units, which expressions, whether valence and arousal.
///
/// It belongs to the data; the config of a network that is trained on it, its file and its report
/// follow it. Labels and scores are in its order.
///
/// | preset | action units | expressions | valence, arousal |
/// |---|---|---|---|
/// | [`aff_wild2`](Self::aff_wild2) | 12 | 8 | yes |
/// | [`affectnet_8`](Self::affectnet_8), [`affectnet_7`](Self::affectnet_7) | - | 8, 7 | yes |
/// | [`raf_db`](Self::raf_db) | - | 7 | - |
/// | [`fer_plus`](Self::fer_plus) | - | 8 | - |
/// | [`bp4d`](Self::bp4d) | 12 | - | - |
/// | [`disfa`](Self::disfa) | 8 intensities | - | - |
/// | [`open_graph_au`](Self::open_graph_au) | 41, of which 14 of one half of the face | - | - |
///
/// ```
/// use countenance::label::{ActionUnit, Expression, Vocabulary};
///
/// let disfa = Vocabulary::disfa();
/// assert_eq!(disfa.action_units[5].unit, ActionUnit::AU12);
/// assert_eq!(disfa.action_units[5].to_string(), "AU12_r");
/// assert!(disfa.expressions.is_empty() && disfa.valence_arousal.is_none());
///
/// let own = Vocabulary {
///     expressions: vec!["bored".parse()?, Expression::Neutral].into(),
///     ..Vocabulary::default()
/// };
/// own.validate()?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// The action units; may be empty.
    pub action_units: UnitSet,
    /// The expressions, 2 to 100, or none.
    pub expressions: ClassSet,
    /// The range of valence and of arousal in the data's own labels; none where there are no such
    /// labels. They are mapped to [-1, 1] as they are read.
    pub valence_arousal: Option<AffectRange>,
}

impl Vocabulary {
    /// The fewest and the most expressions.
    pub const EXPRESSIONS: std::ops::RangeInclusive<usize> = 2..=100;

    /// s-Aff-Wild2's and the paper's: 12 action units, 8 expressions, valence and arousal.
    pub fn aff_wild2() -> Self {
        Self {
            action_units: UnitSet::aff_wild2(),
            expressions: ClassSet::aff_wild2(),
            valence_arousal: Some(AffectRange::default()),
        }
    }

    /// AffectNet's with 8 expressions.
    pub fn affectnet_8() -> Self {
        Self {
            valence_arousal: Some(AffectRange::default()),
            ..Self::classes(&Expression::AFFECTNET_8)
        }
    }

    /// AffectNet's with 7 expressions, without Contempt.
    pub fn affectnet_7() -> Self {
        Self {
            valence_arousal: Some(AffectRange::default()),
            ..Self::classes(&Expression::AFFECTNET_7)
        }
    }

    /// RAF-DB's: 7 expressions.
    pub fn raf_db() -> Self {
        Self::classes(&Expression::RAF_DB)
    }

    /// FER+'s: 8 expressions.
    pub fn fer_plus() -> Self {
        Self::classes(&Expression::FER_PLUS)
    }

    /// BP4D's: 12 action units.
    pub fn bp4d() -> Self {
        Self::units(&ActionUnit::BP4D, Scale::Occurrence)
    }

    /// DISFA's: the intensities of 8 action units.
    pub fn disfa() -> Self {
        Self::units(&ActionUnit::DISFA, Scale::Intensity)
    }

    /// OpenGraphAU's: 41 action units.
    pub fn open_graph_au() -> Self {
        Self::units(&ActionUnit::OPEN_GRAPH_AU, Scale::Occurrence)
    }

    /// The presets' names, as [`preset`](Self::preset) reads them.
    pub const PRESETS: [&str; 8] = [
        "aff-wild2",
        "affectnet-8",
        "affectnet-7",
        "raf-db",
        "fer-plus",
        "bp4d",
        "disfa",
        "open-graph-au",
    ];

    /// The preset of this name, one of [`PRESETS`](Self::PRESETS).
    ///
    /// # Errors
    /// [`Error::Argument`] that lists them.
    pub fn preset(name: &str) -> Result<Self> {
        Ok(match name {
            "aff-wild2" => Self::aff_wild2(),
            "affectnet-8" => Self::affectnet_8(),
            "affectnet-7" => Self::affectnet_7(),
            "raf-db" => Self::raf_db(),
            "fer-plus" => Self::fer_plus(),
            "bp4d" => Self::bp4d(),
            "disfa" => Self::disfa(),
            "open-graph-au" => Self::open_graph_au(),
            _ => {
                let expected = format!("one of {}", Self::PRESETS.join(", "));
                return Err(Error::argument("vocabulary", expected, name));
            }
        })
    }

    fn units(units: &[ActionUnit], scale: Scale) -> Self {
        let units = units.iter().map(|&unit| CodedUnit { unit, scale });
        Self {
            action_units: units.collect(),
            ..Self::default()
        }
    }

    fn classes(classes: &[Expression]) -> Self {
        Self {
            expressions: classes.to_vec().into(),
            ..Self::default()
        }
    }

    /// Checks that it labels something, nothing twice, and not too many expressions.
    ///
    /// # Errors
    /// [`Error::Argument`] that names what is amiss.
    pub fn validate(&self) -> Result<()> {
        let refuse =
            |what, expected: &str, found: String| Err(Error::argument(what, expected, found));
        if *self == Self::default() {
            return refuse(
                "the labels",
                "action units, expressions, or valence and arousal",
                "none of them".into(),
            );
        }
        self.action_units.validate()?;
        self.expressions.validate()?;
        let count = self.expressions.len();
        if count > 0 && !Self::EXPRESSIONS.contains(&count) {
            return refuse("the expressions", "2 to 100", count.to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_come_back_from_their_names_and_from_json() {
        for name in Vocabulary::PRESETS {
            let preset = Vocabulary::preset(name).unwrap();
            preset.validate().unwrap();
            let json = serde_json::to_string(&preset).unwrap();
            assert_eq!(serde_json::from_str::<Vocabulary>(&json).unwrap(), preset);
        }
        let error = Vocabulary::preset("imagenet").unwrap_err().to_string();
        assert!(error.contains("raf-db"), "{error}");
    }

    #[test]
    fn what_cannot_be_a_vocabulary_is_named() {
        let refusal = |vocabulary: Vocabulary| vocabulary.validate().unwrap_err().to_string();
        assert!(refusal(Vocabulary::default()).contains("none of them"));
        let one = Vocabulary {
            expressions: vec![Expression::Fear].into(),
            ..Vocabulary::default()
        };
        assert!(refusal(one).contains("2 to 100, found 1"));
        let twice = Vocabulary {
            expressions: vec![Expression::Fear, Expression::Fear].into(),
            ..Vocabulary::default()
        };
        assert!(refusal(twice).contains("Fear twice"));
        let both = ["AU1", "AU01_r"].map(|name| name.parse::<CodedUnit>().unwrap());
        let twice = Vocabulary {
            action_units: both.into_iter().collect(),
            ..Vocabulary::default()
        };
        assert!(refusal(twice).contains("AU1 twice"));
    }
}
