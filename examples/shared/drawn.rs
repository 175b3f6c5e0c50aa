//! What of a prediction is drawn.

use countenance::Expression;
use countenance::picture::OverlayScores;
use countenance::predict::Prediction;

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
