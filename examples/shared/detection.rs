//! `--detector`, `--min-face` and `--confidence` of whatever finds faces.

use std::path::Path;

use burn::tensor::Device;
use countenance::Result;
use countenance::face::Detector;

use super::argument::{at_least_one, share};
use super::weights::located;

/// `#[command(flatten)] detector: DetectorArguments` gives an example these three; where faces are found
/// only with `--detect`, `#[command(mut_group("DetectorArguments", needs_detect))]` refuses them without.
#[derive(Clone, Debug, clap::Args)]
pub struct DetectorArguments {
    /// What finds the faces: yunet or mtcnn, which a build with the feature `download` fetches, or a file:
    /// YuNet's checkpoint, a folder with MTCNN's three files, facenet-pytorch's package with them in it,
    /// or a detector that `convert` wrote
    #[arg(long, value_name = "NAME or FILE", default_value = "yunet")]
    detector: String,
    /// The shorter side of the smallest face in pixels, at least 1; MTCNN takes longer for smaller ones,
    /// and finds none below 12 [default: every face with YuNet, 40 with MTCNN]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    min_face: Option<usize>,
    /// The least confidence of a face, 0 to 1 [default: 0.6 with YuNet, 0.9 with MTCNN]
    #[arg(long, value_name = "F", value_parser = share)]
    confidence: Option<f64>,
}

impl DetectorArguments {
    /// The file or the name of the detector.
    pub fn path(&self) -> &Path {
        Path::new(&self.detector)
    }

    /// The detector, on `device`.
    ///
    /// # Errors
    /// If there is none at hand, or its file is not one.
    pub fn open(&self, device: &Device) -> Result<Detector> {
        let mut detector = Detector::load_on(located(&self.detector)?, device)?;
        if let Some(pixels) = self.min_face {
            detector = detector.with_min_face(pixels);
        }
        match self.confidence {
            Some(confidence) => detector.with_confidence(confidence as f32),
            None => Ok(detector),
        }
    }
}

/// Refuses a group of flags where `--detect` is not given.
pub fn needs_detect(group: clap::ArgGroup) -> clap::ArgGroup {
    group.requires("detect")
}
