//! Labels of one vocabulary in the order of another.

use std::fmt;

use super::{CodedUnit, Expression, Labels, Vocabulary};

/// How labels of one vocabulary are told in another: unit by unit and expression by expression, by their
/// names. What the other has not is missing there.
///
/// ```
/// use countenance::Labels;
/// use countenance::label::{Expression, Translation, Vocabulary};
///
/// let (eight, seven) = (Vocabulary::affectnet_8(), Vocabulary::raf_db());
/// let translation = Translation::new(&eight, &seven);
/// let class = |place| Labels { expression: Some(place), ..Labels::default() };
/// let neutral = translation.apply(&class(0));
/// assert_eq!(seven.expressions[neutral.expression.unwrap()], Expression::Neutral);
/// // Contempt is none of RAF-DB's.
/// assert!(translation.apply(&class(7)).is_empty());
/// assert_eq!(translation.lost().to_string(), "Contempt, valence and arousal");
/// ```
#[derive(Clone, Debug)]
pub struct Translation {
    /// For each unit of the other vocabulary its place in the first.
    units: Vec<Option<usize>>,
    /// For each expression of the other vocabulary its place in the first.
    classes: Vec<Option<usize>>,
    valence_arousal: bool,
    lost: Lost,
}

/// What of a vocabulary another has not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lost {
    /// The action units.
    pub action_units: Vec<CodedUnit>,
    /// The expressions.
    pub expressions: Vec<Expression>,
    /// Whether valence and arousal.
    pub valence_arousal: bool,
}

impl Translation {
    /// From the first vocabulary to the other.
    pub fn new(from: &Vocabulary, to: &Vocabulary) -> Self {
        let valence_arousal = to.valence_arousal.is_some();
        Self {
            units: places(&from.action_units, &to.action_units, PartialEq::eq),
            classes: places(&from.expressions, &to.expressions, Expression::is_alike),
            valence_arousal,
            lost: Lost {
                action_units: lost(&from.action_units, &to.action_units, PartialEq::eq),
                expressions: lost(&from.expressions, &to.expressions, Expression::is_alike),
                valence_arousal: from.valence_arousal.is_some() && !valence_arousal,
            },
        }
    }

    /// What has no place in the other vocabulary.
    pub fn lost(&self) -> &Lost {
        &self.lost
    }

    /// Labels in the other vocabulary. Soft labels keep the shares of the expressions that are there,
    /// scaled to add up to 1 again; without any they are missing.
    pub fn apply(&self, labels: &Labels) -> Labels {
        let class = |place: usize| self.classes.iter().position(|from| *from == Some(place));
        let mut translated = Labels {
            valence_arousal: match self.valence_arousal {
                true => labels.valence_arousal,
                false => [None; 2],
            },
            expression: labels.expression.and_then(class),
            ..Labels::default()
        };
        if labels.has_action_units() {
            let label = |from: &Option<usize>| from.and_then(|place| labels.action_unit(place));
            translated.action_units = self.units.iter().map(label).collect();
        }
        if !labels.shares.is_empty() {
            let share = |from: &Option<usize>| from.map_or(0.0, |place| labels.shares[place]);
            let shares: Vec<f32> = self.classes.iter().map(share).collect();
            let sum: f32 = shares.iter().sum();
            if sum > 0.0 {
                translated.shares = shares.iter().map(|share| share / sum).collect();
            }
            translated.expression = first_largest(&translated.shares);
        }
        translated
    }
}

fn first_largest(shares: &[f32]) -> Option<usize> {
    let largest = shares.iter().copied().reduce(f32::max)?;
    shares.iter().position(|share| *share == largest)
}

/// For each name of `to` its place in `from`.
fn places<T>(from: &[T], to: &[T], same: fn(&T, &T) -> bool) -> Vec<Option<usize>> {
    let place = |name: &T| from.iter().position(|known| same(known, name));
    to.iter().map(place).collect()
}

fn lost<T: Clone>(from: &[T], to: &[T], same: fn(&T, &T) -> bool) -> Vec<T> {
    let is_lost = |name: &&T| !to.iter().any(|known| same(known, name));
    from.iter().filter(is_lost).cloned().collect()
}

impl Lost {
    /// Whether nothing is lost.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.action_units.iter().map(ToString::to_string);
        let classes = self.expressions.iter().map(ToString::to_string);
        let affect = self.valence_arousal.then(|| "valence and arousal".into());
        let all: Vec<String> = units.chain(classes).chain(affect).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{ActionUnit, UnitSet};

    #[test]
    fn units_are_told_by_name_and_scale() {
        let from = Vocabulary::disfa();
        let to = Vocabulary {
            action_units: [
                CodedUnit::intensity(ActionUnit::AU12),
                CodedUnit::occurrence(ActionUnit::AU1),
                CodedUnit::intensity(ActionUnit::AU1),
            ]
            .into_iter()
            .collect::<UnitSet>(),
            ..Vocabulary::default()
        };
        let translation = Translation::new(&from, &to);
        let labels = Labels {
            action_units: (0..8).map(|unit| Some(unit as f32 / 2.0)).collect(),
            ..Labels::default()
        };
        let told = translation.apply(&labels);
        assert_eq!(told.action_units, [Some(2.5), None, Some(0.0)]);
        assert_eq!(translation.lost().action_units.len(), 6);
        assert!(
            translation
                .apply(&Labels::default())
                .action_units
                .is_empty()
        );
    }

    #[test]
    fn classes_are_told_whatever_their_capitals() {
        let named = |names: [&str; 2]| Vocabulary {
            expressions: names.map(|name| name.parse().unwrap()).to_vec().into(),
            ..Vocabulary::default()
        };
        let (from, to) = (named(["bored", "Awake"]), named(["awake", "Bored"]));
        let translation = Translation::new(&from, &to);
        assert!(translation.lost().is_empty());
        let labels = Labels {
            expression: Some(0),
            ..Labels::default()
        };
        assert_eq!(translation.apply(&labels).expression, Some(1));
        named(["Bored", "bored"]).validate().unwrap_err();
    }

    #[test]
    fn a_vocabulary_in_itself_changes_nothing() {
        let own = Vocabulary::aff_wild2();
        let labels = Labels {
            valence_arousal: [Some(0.5), None],
            expression: Some(7),
            shares: vec![],
            action_units: (0..12).map(|unit| (unit > 3).then_some(1.0)).collect(),
        };
        let translation = Translation::new(&own, &own);
        assert_eq!(translation.apply(&labels), labels);
        assert!(translation.lost().is_empty());
    }

    #[test]
    fn soft_labels_keep_what_is_there_and_add_up_to_one() {
        let translation = Translation::new(&Vocabulary::fer_plus(), &Vocabulary::raf_db());
        let soft = |shares: [f32; 8]| Labels {
            expression: Some(7),
            shares: shares.to_vec(),
            ..Labels::default()
        };
        // Neutral .25, Happiness .25, Contempt .5; RAF-DB's order ends with Neutral.
        let told = translation.apply(&soft([0.25, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]));
        assert_eq!(told.shares, [0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.5]);
        assert_eq!(told.expression, Some(3));
        let told = translation.apply(&soft([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]));
        assert!(told.is_empty() && told.shares.is_empty());
    }
}
