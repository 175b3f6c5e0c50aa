//! What was read, as pictures.

use std::path::Path;

use countenance::Result;
use countenance::data::image::{self, ImageLimits, RgbImage};
use countenance::face::{Face, Photograph};
use countenance::picture::{MarkedFace, OverlayScores, overlay, photograph};
use countenance::predict::Prediction;

use crate::shared::drawn::Drawn;

/// One face beside its scores.
pub fn of_image(image: &Path, prediction: &Prediction) -> Result<RgbImage> {
    let image = image::read(image, &ImageLimits::default())?;
    Ok(overlay(&image, &Drawn::of(prediction).scores()))
}

/// A photograph with all its faces; one that nothing was read from has its box alone.
pub fn of_photograph(read: &Photograph<Face>) -> RgbImage {
    let drawn: Vec<_> = read
        .faces
        .iter()
        .map(|face| face.prediction.as_ref().ok().map(Drawn::of))
        .collect();
    let faces: Vec<_> = read
        .faces
        .iter()
        .zip(&drawn)
        .map(|(face, drawn)| MarkedFace {
            detection: &face.detection,
            scores: match drawn {
                Some(drawn) => drawn.scores(),
                None => OverlayScores::default(),
            },
        })
        .collect();
    photograph(&read.picture, &faces)
}
