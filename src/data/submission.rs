//! The challenge's result file: an annotation file whose every label is a prediction.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("predictions.txt");
//! use countenance::data::submission::{self, ChallengePrediction};
//!
//! let neutral = ChallengePrediction::neutral();
//! let happy = ChallengePrediction { valence_arousal: [0.8, 0.25], expression: 4, ..neutral };
//! let images = ["video/00001.jpg".to_string(), "video/00002.jpg".to_string()];
//! // The second image cannot be read: the challenge still asks for its line.
//! submission::write(&path, &images, &[Some(happy), None])?;
//! let text = std::fs::read_to_string(&path).unwrap();
//! assert!(text.contains("video/00001.jpg,0.8,0.25,4,0,0,0,0,0,0,0,0,0,0,0,0"));
//! # Ok::<(), countenance::Error>(())
//! ```

use std::path::Path;

use crate::data::annotation::{self, Row};
use crate::label::ACTION_UNITS;
use crate::{Error, Labels, Result};

/// What the challenge asks for about one image; none of it has a default.
///
/// [`predict::Prediction::for_challenge`](crate::predict::Prediction::for_challenge) makes one of
/// what a network reads.
#[derive(Clone, Debug, PartialEq)]
pub struct ChallengePrediction {
    /// Valence and arousal, finite; values outside [-1, 1] are written as the nearest bound.
    pub valence_arousal: [f32; 2],
    /// Index into [`Expression::AFF_WILD2`](crate::Expression::AFF_WILD2).
    pub expression: usize,
    /// Presence of each of [`ActionUnit::AFF_WILD2`](crate::ActionUnit::AFF_WILD2).
    pub action_units: [bool; ACTION_UNITS],
}

impl ChallengePrediction {
    /// What stands in the line of an image that cannot be read, as the challenge asks for a line of
    /// each: a neutral face, that is valence and arousal 0, expression Neutral, no action unit.
    pub fn neutral() -> Self {
        Self {
            valence_arousal: [0.0; 2],
            expression: 0,
            action_units: [false; ACTION_UNITS],
        }
    }
}

/// Writes one line for each of `images`, in order, whole or not at all; `None` stands for an image
/// that cannot be read and becomes [`ChallengePrediction::neutral`].
///
/// # Errors
/// [`Error::Argument`] for a prediction that is not finite or an expression index above 7;
/// [`Error::Io`] if the file system refuses.
///
/// # Panics
/// If there are not as many predictions as images.
pub fn write(
    path: &Path,
    images: &[String],
    predictions: &[Option<ChallengePrediction>],
) -> Result<()> {
    assert_eq!(
        images.len(),
        predictions.len(),
        "one prediction for each listed image"
    );
    let rows = images
        .iter()
        .zip(predictions)
        .map(|(image, prediction)| {
            row(
                image,
                prediction
                    .clone()
                    .unwrap_or_else(ChallengePrediction::neutral),
            )
        })
        .collect::<Result<Vec<_>>>()?;
    annotation::write(path, &rows)
}

fn row(image: &str, prediction: ChallengePrediction) -> Result<Row> {
    let [valence, arousal] = prediction.valence_arousal;
    if !(valence.is_finite() && arousal.is_finite()) {
        return Err(Error::argument(
            format!("prediction for {image:?}"),
            "finite numbers for valence and arousal",
            format!("{valence} and {arousal}"),
        ));
    }
    Ok(Row {
        image: image.to_string(),
        labels: Labels {
            valence_arousal: [valence, arousal].map(|value| Some(value.clamp(-1.0, 1.0))),
            expression: Some(prediction.expression),
            action_units: prediction
                .action_units
                .map(|present| Some(f32::from(u8::from(present))))
                .to_vec(),
            ..Labels::default()
        },
        line: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Vec<String> {
        ["b/00002.jpg", "a/00001.jpg", "b/00002.jpg"]
            .map(String::from)
            .to_vec()
    }

    fn happy() -> ChallengePrediction {
        let mut prediction = ChallengePrediction {
            valence_arousal: [0.75, 1.5],
            expression: 4,
            ..ChallengePrediction::neutral()
        };
        prediction.action_units[6] = true;
        prediction
    }

    #[test]
    fn every_listed_image_has_its_line_in_order_and_an_unreadable_one_is_neutral() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("submission.txt");
        write(&path, &images(), &[Some(happy()), None, Some(happy())]).unwrap();
        let happy = "b/00002.jpg,0.75,1,4,0,0,0,0,0,0,1,0,0,0,0,0";
        let neutral = "a/00001.jpg,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            format!("{}\n{happy}\n{neutral}\n{happy}\n", annotation::HEADER)
        );
    }

    #[test]
    fn a_prediction_that_is_not_finite_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("submission.txt");
        std::fs::write(&path, "old").unwrap();
        for (place, value) in [(0, f32::NAN), (1, f32::INFINITY), (0, f32::NEG_INFINITY)] {
            let mut broken = happy();
            broken.valence_arousal[place] = value;
            let error = write(&path, &images(), &[Some(happy()), Some(broken), None]).unwrap_err();
            assert!(error.to_string().contains("a/00001.jpg"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        }
    }
}
