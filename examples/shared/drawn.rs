//! What of a prediction is drawn.

use countenance::Expression;
use countenance::picture::OverlayScores;
use countenance::predict::Prediction;
use countenance::video::ReadFrame;

/// Each class with its probability.
pub fn expressions(prediction: &Prediction) -> Vec<(Expression, f32)> {
    let scores = prediction.expressions.iter();
    scores
        .map(|score| (score.class.clone(), score.probability))
        .collect()
}

/// The scores of a prediction and of its [`expressions`].
pub fn scores<'a>(
    prediction: &'a Prediction,
    expressions: &'a [(Expression, f32)],
) -> OverlayScores<'a> {
    OverlayScores {
        action_units: &prediction.action_units,
        expressions,
        valence_arousal: prediction.valence_arousal,
    }
}

/// A prediction and its [`expressions`].
pub type Drawn<'a> = (&'a Prediction, Vec<(Expression, f32)>);

/// What was read from each face of a frame; nothing where nothing was.
pub fn of_frame(frame: &ReadFrame) -> Vec<Option<Drawn<'_>>> {
    let faces = frame.faces.iter();
    faces
        .map(|face| {
            let found = face.prediction().ok()?;
            Some((found, expressions(found)))
        })
        .collect()
}
