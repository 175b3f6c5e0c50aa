//! What a network reads from one face.

use std::borrow::Borrow;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::label::{ActionUnit, EXPRESSIONS, Expression, Scale};
use crate::metric::confusion::largest;

/// One expression class of a [`Prediction`].
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionScore {
    /// The class.
    pub class: Expression,
    /// Its logit.
    pub logit: f32,
    /// Its probability: the softmax over all classes, in [0, 1]; of a tuned model that of the logits divided
    /// by its temperature.
    pub probability: f32,
    /// What is added to the logit before the largest is chosen; 0 but for a tuned model.
    pub offset: f32,
}

/// What a network reads from one face; what it was not trained for is absent, never invented.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Each action unit's probability, in [0, 1], calibrated if the model is tuned; empty if the network
    /// reads none.
    pub action_units: Vec<(ActionUnit, f32)>,
    /// The action units whose probability is at least their threshold; of a tuned model alone.
    pub active_units: Option<Vec<ActionUnit>>,
    /// Each action unit's intensity, from 0 to 5; empty if the network reads none.
    pub action_unit_intensities: Vec<(ActionUnit, f32)>,
    /// Each expression class; empty if the network reads none.
    pub expressions: Vec<ExpressionScore>,
    /// Valence and arousal, each in [-1, 1].
    pub valence_arousal: Option<[f32; 2]>,
    /// The two numbers of the gaze, in the order and unit that OpenFace 3.0 was trained in.
    pub gaze: Option<[f32; 2]>,
}

impl Prediction {
    /// The expression with the largest logit, its offset added; none if a logit is not finite.
    pub fn expression(&self) -> Option<Expression> {
        let mut logits = self.expressions.iter().map(|score| score.logit);
        if !logits.all(f32::is_finite) || self.expressions.is_empty() {
            return None;
        }
        let decided = self.expressions.iter();
        let decided: Vec<f32> = decided.map(|score| score.logit + score.offset).collect();
        Some(self.expressions[largest(&decided)].class.clone())
    }

    /// Whether an action unit is active: as its model's tuning says, or else from `threshold` on.
    pub fn is_active(&self, unit: ActionUnit, threshold: f64) -> Option<bool> {
        let score = self.action_unit(unit)?;
        Some(match &self.active_units {
            Some(active) => active.contains(&unit),
            None => f64::from(score) >= threshold,
        })
    }

    /// The probability of one action unit.
    pub fn action_unit(&self, unit: ActionUnit) -> Option<f32> {
        of(&self.action_units, unit)
    }

    /// The intensity of one action unit, from 0 to 5.
    pub fn action_unit_intensity(&self, unit: ActionUnit) -> Option<f32> {
        of(&self.action_unit_intensities, unit)
    }

    /// Each action unit as a share of its largest label: its probability, or a fifth of its intensity.
    pub fn action_unit_shares(&self) -> Vec<(ActionUnit, f32)> {
        let intensities = self.action_unit_intensities.iter();
        let shares = intensities.map(|&(unit, value)| (unit, value / Scale::Intensity.most()));
        self.action_units.iter().copied().chain(shares).collect()
    }

    /// The probability of one expression.
    pub fn probability(&self, expression: impl Borrow<Expression>) -> Option<f32> {
        let score = self
            .expressions
            .iter()
            .find(|score| score.class == *expression.borrow())?;
        Some(score.probability)
    }

    /// The logits in s-Aff-Wild2's order, whatever the network's own; `None` for a class that the
    /// network does not tell. [`Expression::Contempt`] has no place in that order.
    pub fn aff_wild2_logits(&self) -> [Option<f32>; EXPRESSIONS] {
        Expression::AFF_WILD2.map(|class| {
            let mut scores = self.expressions.iter();
            let score = scores.find(|score| score.class == class)?;
            Some(score.logit)
        })
    }

    /// Valence, from unpleasant (-1) to pleasant (1).
    pub fn valence(&self) -> Option<f32> {
        self.valence_arousal.map(|[valence, _]| valence)
    }

    /// Arousal, from calm (-1) to excited (1).
    pub fn arousal(&self) -> Option<f32> {
        self.valence_arousal.map(|[_, arousal]| arousal)
    }
}

fn of(scores: &[(ActionUnit, f32)], unit: ActionUnit) -> Option<f32> {
    let mut scores = scores.iter();
    scores
        .find(|(known, _)| *known == unit)
        .map(|(_, score)| *score)
}

/// The machine-readable shape: `valence`, `arousal`, `expression`, `expression_logits`,
/// `expression_probabilities`, `action_units`; what is absent is null or empty. Where the logits are
/// not in s-Aff-Wild2's order, `expression_classes` names theirs; where there are intensities,
/// `action_unit_intensities` holds them; where there is a gaze, `gaze` holds it. Of a tuned model
/// `active_units` lists the units that are active.
impl Serialize for Prediction {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        struct Units<'a>(&'a [(ActionUnit, f32)]);
        impl Serialize for Units<'_> {
            fn serialize<S: Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (unit, score) in self.0 {
                    map.serialize_entry(unit, score)?;
                }
                map.end()
            }
        }
        let logits: Vec<_> = self.expressions.iter().map(|score| score.logit).collect();
        let probabilities: Vec<_> = self
            .expressions
            .iter()
            .map(|score| score.probability)
            .collect();
        let classes: Vec<_> = self.expressions.iter().map(|score| &score.class).collect();
        let others = !classes.is_empty() && !classes.iter().copied().eq(&Expression::AFF_WILD2);
        let intensities = &self.action_unit_intensities;
        let more = [
            others,
            !intensities.is_empty(),
            self.gaze.is_some(),
            self.active_units.is_some(),
        ];
        let length = 6 + more.into_iter().filter(|more| *more).count();
        let mut out = serializer.serialize_struct("Prediction", length)?;
        out.serialize_field("valence", &self.valence())?;
        out.serialize_field("arousal", &self.arousal())?;
        out.serialize_field("expression", &self.expression())?;
        out.serialize_field("expression_logits", &logits)?;
        out.serialize_field("expression_probabilities", &probabilities)?;
        out.serialize_field("action_units", &Units(&self.action_units))?;
        if let Some(active) = &self.active_units {
            out.serialize_field("active_units", active)?;
        }
        if !intensities.is_empty() {
            out.serialize_field("action_unit_intensities", &Units(intensities))?;
        }
        if others {
            out.serialize_field("expression_classes", &classes)?;
        }
        if let Some(gaze) = self.gaze {
            out.serialize_field("gaze", &gaze)?;
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_serialises_to_the_stable_shape() {
        let prediction = Prediction {
            action_units: vec![(ActionUnit::AU1, 0.1), (ActionUnit::AU12, 0.75)],
            active_units: None,
            action_unit_intensities: vec![],
            expressions: vec![
                ExpressionScore {
                    class: Expression::Neutral,
                    logit: -1.0,
                    probability: 0.25,
                    offset: 0.0,
                },
                ExpressionScore {
                    class: Expression::Happiness,
                    logit: 2.5,
                    probability: 0.75,
                    offset: 0.0,
                },
            ],
            valence_arousal: Some([0.5, -0.125]),
            gaze: None,
        };
        assert_eq!(
            serde_json::to_string(&prediction).unwrap(),
            r#"{"valence":0.5,"arousal":-0.125,"expression":"Happiness","#.to_string()
                + r#""expression_logits":[-1.0,2.5],"expression_probabilities":[0.25,0.75],"#
                + r#""action_units":{"AU1":0.1,"AU12":0.75},"#
                + r#""expression_classes":["Neutral","Happiness"]}"#
        );
    }

    #[test]
    fn another_order_of_classes_becomes_that_of_s_aff_wild2() {
        let score = |class, logit| ExpressionScore {
            class,
            logit,
            probability: 0.5,
            offset: 0.0,
        };
        let prediction = Prediction {
            action_units: vec![],
            active_units: None,
            action_unit_intensities: vec![],
            expressions: vec![
                score(Expression::Contempt, 4.0),
                score(Expression::Happiness, 3.0),
                score(Expression::Neutral, 2.0),
            ],
            valence_arousal: None,
            gaze: None,
        };
        let mut expected = [None; EXPRESSIONS];
        expected[0] = Some(2.0);
        expected[4] = Some(3.0);
        assert_eq!(prediction.aff_wild2_logits(), expected);
    }

    #[test]
    fn a_logit_that_is_not_finite_makes_no_expression_the_most_probable() {
        let prediction = |logit| Prediction {
            action_units: vec![],
            active_units: None,
            action_unit_intensities: vec![],
            expressions: vec![ExpressionScore {
                class: Expression::Fear,
                logit,
                probability: 0.5,
                offset: 0.0,
            }],
            valence_arousal: None,
            gaze: None,
        };
        assert_eq!(prediction(-3.0).expression(), Some(Expression::Fear));
        for logit in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(prediction(logit).expression(), None);
        }
    }

    #[test]
    fn what_is_absent_is_null_or_empty() {
        let nothing = Prediction {
            action_units: vec![],
            active_units: None,
            action_unit_intensities: vec![],
            expressions: vec![],
            valence_arousal: None,
            gaze: None,
        };
        let json = serde_json::to_value(&nothing).unwrap();
        assert!(json["valence"].is_null() && json["expression"].is_null());
        assert_eq!(json["action_units"], serde_json::json!({}));
    }
}
