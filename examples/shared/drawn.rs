//! What of a prediction is drawn.

use countenance::label::Scale;
use countenance::picture::OverlayScores;
use countenance::predict::Prediction;
use countenance::video::ReadFrame;
use countenance::{ActionUnit, Expression};

/// The scores of one face as pictures take them.
pub struct Drawn {
    /// Each unit as a share of the largest: its probability, or of an intensity a fifth.
    action_units: Vec<(ActionUnit, f32)>,
    /// Each class with its probability.
    expressions: Vec<(Expression, f32)>,
    valence_arousal: Option<[f32; 2]>,
    /// Of a tuned model the units that are active, and the class that it decides on.
    active_units: Option<Vec<ActionUnit>>,
    expression: Option<Expression>,
}

impl Drawn {
    /// Those of a prediction.
    pub fn of(prediction: &Prediction) -> Self {
        let classes = prediction.expressions.iter();
        Self {
            action_units: prediction.action_unit_shares(),
            expressions: classes
                .map(|score| (score.class.clone(), score.probability))
                .collect(),
            valence_arousal: prediction.valence_arousal,
            active_units: prediction.active_units.as_ref().map(|active| {
                let most = Scale::Intensity.most();
                let intensities = prediction.action_unit_intensities.iter();
                let strong = intensities.filter(|(_, value)| *value >= most / 2.0);
                let strong = strong.map(|(unit, _)| *unit);
                active.iter().copied().chain(strong).collect()
            }),
            expression: (prediction.active_units.is_some())
                .then(|| prediction.expression())
                .flatten(),
        }
    }

    /// As pictures take them.
    pub fn scores(&self) -> OverlayScores<'_> {
        OverlayScores {
            action_units: &self.action_units,
            expressions: &self.expressions,
            valence_arousal: self.valence_arousal,
            active_units: self.active_units.as_deref(),
            expression: self.expression.as_ref(),
        }
    }
}

/// What was read from each face of a frame; nothing where nothing was.
pub fn of_frame(frame: &ReadFrame) -> Vec<Option<Drawn>> {
    let faces = frame.faces.iter();
    faces
        .map(|face| Some(Drawn::of(face.prediction().ok()?)))
        .collect()
}
