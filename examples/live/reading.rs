//! What the page is told.

use std::path::Path;

use countenance::face::Detection;
use countenance::model::ModelConfig;
use countenance::predict::Prediction;
use countenance::video::{ReadFrame, TrackedFace};
use countenance::{ActionUnit, Expression};
use serde::{Serialize, Serializer};

use crate::recording::Recorded;

/// What a model reads, so that the page can say what it does not.
#[derive(Serialize)]
pub struct ModelRead<'a> {
    action_units: Vec<Unit>,
    expressions: &'a [Expression],
    valence_arousal: bool,
    gaze: bool,
    /// Where recordings go.
    folder: String,
}

#[derive(Serialize)]
struct Unit {
    unit: ActionUnit,
    name: &'static str,
}

impl<'a> ModelRead<'a> {
    /// What the model of `config` reads, and where it is recorded.
    pub fn of(config: &'a ModelConfig, folder: &Path) -> Self {
        let units = config.action_units().iter();
        Self {
            action_units: units
                .map(|&unit| Unit {
                    unit,
                    name: unit.name(),
                })
                .collect(),
            expressions: config.expressions(),
            valence_arousal: config.valence_arousal(),
            gaze: matches!(config, ModelConfig::OpenFace3(_)),
            folder: folder.display().to_string(),
        }
    }
}

/// What was read in a frame.
pub struct Reading {
    frame: ReadFrame,
    milliseconds: f64,
    recording: Option<Recorded>,
    unrecorded: Option<String>,
}

impl Reading {
    /// Of a frame that took so many `milliseconds`; where it was recorded, or why no longer.
    pub fn new(
        frame: ReadFrame,
        milliseconds: f64,
        recording: Option<Recorded>,
        unrecorded: Option<String>,
    ) -> Self {
        Self {
            frame,
            milliseconds,
            recording,
            unrecorded,
        }
    }
}

impl Serialize for Reading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            frame: usize,
            timestamp: f64,
            width: u32,
            height: u32,
            milliseconds: f64,
            faces: Vec<Face<'a>>,
            recording: Option<&'a Recorded>,
            recording_error: Option<&'a str>,
        }
        let frame = &self.frame;
        let (width, height) = frame.picture.dimensions();
        let shape = Shape {
            frame: frame.number,
            timestamp: frame.time,
            width,
            height,
            milliseconds: self.milliseconds,
            faces: frame.faces.iter().map(Face::of).collect(),
            recording: self.recording.as_ref(),
            recording_error: self.unrecorded.as_deref(),
        };
        shape.serialize(serializer)
    }
}

/// One face, with the names of the JSON lines of `video`.
#[derive(Serialize)]
struct Face<'a> {
    face_id: usize,
    #[serde(flatten)]
    detection: &'a Detection,
    #[serde(flatten)]
    prediction: Option<&'a Prediction>,
    error: Option<String>,
}

impl<'a> Face<'a> {
    fn of(face: &'a TrackedFace) -> Self {
        let prediction = face.prediction();
        Self {
            face_id: face.id,
            detection: &face.detection,
            error: prediction.err().map(ToString::to_string),
            prediction: prediction.ok(),
        }
    }
}
