//! What was read, as pictures.

use std::path::Path;

use countenance::Result;
use countenance::data::image::{self, ImageLimits, RgbImage};
use countenance::face::{Face, Photograph};
use countenance::picture::{MarkedFace, OverlayScores, overlay, photograph};
use countenance::predict::Prediction;

use crate::shared::drawn::{expressions, scores};

/// One face beside its scores.
pub fn of_image(image: &Path, prediction: &Prediction) -> Result<RgbImage> {
    let image = image::read(image, &ImageLimits::default())?;
    let expressions = expressions(prediction);
    Ok(overlay(&image, &scores(prediction, &expressions)))
}

/// A photograph with all its faces; one that nothing was read from has its box alone.
pub fn of_photograph(read: &Photograph<Face>) -> RgbImage {
    let expressions: Vec<_> = read
        .faces
        .iter()
        .map(|face| face.prediction.as_ref().map(expressions))
        .collect();
    let faces: Vec<_> = read
        .faces
        .iter()
        .zip(&expressions)
        .map(|(face, expressions)| MarkedFace {
            detection: &face.detection,
            scores: match (&face.prediction, expressions) {
                (Ok(prediction), Ok(expressions)) => scores(prediction, expressions),
                _ => OverlayScores::default(),
            },
        })
        .collect();
    photograph(&read.picture, &faces)
}
