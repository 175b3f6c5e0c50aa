//! What is told of one face, in words.

use super::overlay::{OverlayScores, shortened};
use super::range::{signed, within};
use crate::label::ActionUnit;

/// How many units stand in a line.
const UNITS: usize = 4;

/// The scores of a face as they are written; a part that is absent or not finite is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Caption {
    /// The class that was decided on, or the most probable one, and its probability.
    pub expression: Option<[String; 2]>,
    /// Valence and arousal.
    pub affect: Option<[String; 2]>,
    /// The active units, if any are read.
    pub units: Option<Vec<ActionUnit>>,
}

impl Caption {
    /// The words for some scores.
    pub fn of(scores: &OverlayScores<'_>) -> Self {
        let affect = scores.valence_arousal;
        let active =
            |&(unit, value): &(ActionUnit, f32)| scores.is_active(unit, value).then_some(unit);
        Self {
            expression: scores.top().map(|(class, value)| {
                let value = within(*value, 0.0, 1.0);
                [shortened(class.name()), format!("{value:.2}")]
            }),
            affect: affect
                .filter(|values| values.iter().all(|value| value.is_finite()))
                .map(|values| values.map(signed)),
            units: (!scores.action_units.is_empty())
                .then(|| scores.action_units.iter().filter_map(active).collect()),
        }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The words in short lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.expression.as_ref().map(|words| words.join(" ")));
        if let Some([valence, arousal]) = &self.affect {
            lines.push(format!("valence {valence}"));
            lines.push(format!("arousal {arousal}"));
        }
        match self.units.as_deref() {
            Some([]) => lines.push("no unit active".into()),
            Some(units) => lines.extend(units.chunks(UNITS).map(joined)),
            None => {}
        }
        lines
    }

    /// The words in the columns of a table: class, probability, valence, arousal, units.
    pub fn cells(&self) -> [String; 5] {
        let [class, probability] = self.expression.clone().unwrap_or_default();
        let [valence, arousal] = self.affect.clone().unwrap_or_default();
        let units = match self.units.as_deref() {
            Some([]) => "none".to_string(),
            Some(units) => joined(units),
            None => String::new(),
        };
        [class, probability, valence, arousal, units]
    }
}

fn joined(units: &[ActionUnit]) -> String {
    let names: Vec<_> = units.iter().map(ToString::to_string).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Expression;

    #[test]
    fn the_most_probable_class_and_the_active_units_are_told() {
        let units = ActionUnit::AFF_WILD2.map(|unit| (unit, f32::from(unit.number()) / 20.0));
        let scores = OverlayScores {
            action_units: &units,
            expressions: &[(Expression::Neutral, 0.2), (Expression::Anger, 0.756)],
            valence_arousal: Some([-0.4, 3.0]),
            ..OverlayScores::default()
        };
        let caption = Caption::of(&scores);
        let lines = [
            "Anger 0.76",
            "valence -0.40",
            "arousal +1.00",
            "AU10 AU12 AU15 AU23",
            "AU24 AU25 AU26",
        ];
        assert_eq!(caption.lines(), lines);
        let units = "AU10 AU12 AU15 AU23 AU24 AU25 AU26";
        assert_eq!(caption.cells(), ["Anger", "0.76", "-0.40", "+1.00", units]);
    }

    #[test]
    fn what_is_absent_or_not_finite_is_not_told() {
        assert!(Caption::of(&OverlayScores::default()).is_empty());
        let scores = OverlayScores {
            action_units: &[(ActionUnit::AU1, f32::NAN)],
            expressions: &[(Expression::Neutral, f32::NAN)],
            valence_arousal: Some([0.0, f32::INFINITY]),
            ..OverlayScores::default()
        };
        assert_eq!(Caption::of(&scores).lines(), ["no unit active"]);
    }
}
