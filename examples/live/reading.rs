//! What the page is told.

use std::path::Path;

use countenance::predict::Predictor;
use countenance::video::ReadFrame;
use countenance::{ActionUnit, Expression};
use serde::{Serialize, Serializer};

use crate::recording::Recorded;
use crate::shared::video::{Row, rows};

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
    /// What `predictor` reads, and where it is recorded.
    pub fn of(predictor: &'a Predictor, folder: &Path) -> Self {
        let vocabulary = predictor.vocabulary();
        let units = vocabulary.action_units.units().map(|unit| Unit {
            unit,
            name: unit.name(),
        });
        Self {
            action_units: units.collect(),
            expressions: &vocabulary.expressions,
            valence_arousal: vocabulary.valence_arousal.is_some(),
            gaze: predictor.gaze(),
            folder: folder.display().to_string(),
        }
    }
}

/// What was read in a frame: the rows that `video` writes as JSON lines, and what is of the page alone.
pub struct Reading {
    pub frame: ReadFrame,
    /// Width and height of its picture.
    pub size: (u32, u32),
    /// How long it took.
    pub milliseconds: f64,
    /// Where it was recorded, if it was.
    pub recording: Option<Recorded>,
    /// Why the recording ended.
    pub recording_error: Option<String>,
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
            rows: Vec<Row<'a>>,
            recording: Option<&'a Recorded>,
            recording_error: Option<&'a str>,
        }
        let frame = &self.frame;
        let (width, height) = self.size;
        let shape = Shape {
            frame: frame.number,
            timestamp: frame.time,
            width,
            height,
            milliseconds: self.milliseconds,
            rows: rows(frame),
            recording: self.recording.as_ref(),
            recording_error: self.recording_error.as_deref(),
        };
        shape.serialize(serializer)
    }
}
