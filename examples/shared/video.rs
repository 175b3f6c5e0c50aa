//! Rows of a video: one for each face in each frame, and one for a frame without any.

use countenance::face::Detection;
use countenance::predict::{Prediction, Predictor};
use countenance::video::{ReadFrame, TrackedFace};
use serde::Serialize;

use super::report::json;
use super::score::{ScoreColumns, line};

/// How the rows of a video are written.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum RowFormat {
    /// Comma-separated values with a header
    Csv,
    /// One JSON object a line
    Json,
}

/// The columns in front of the scores.
const PLACE: [&str; 9] = [
    "frame",
    "face_id",
    "timestamp",
    "confidence",
    "success",
    "x",
    "y",
    "width",
    "height",
];

/// Turns what was read into lines.
pub struct Rows {
    format: RowFormat,
    scores: ScoreColumns,
}

/// A face in a frame, or that there is none.
#[derive(Serialize)]
pub struct Row<'a> {
    frame: usize,
    face_id: Option<usize>,
    timestamp: Option<f64>,
    confidence: Option<f32>,
    success: u8,
    x: Option<f32>,
    y: Option<f32>,
    width: Option<f32>,
    height: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    landmarks: Option<[[f32; 2]; 5]>,
    #[serde(flatten)]
    prediction: Option<&'a Prediction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a Prediction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Rows {
    /// Of what `predictor` reads.
    pub fn new(format: RowFormat, predictor: &Predictor) -> Self {
        Self {
            format,
            scores: ScoreColumns::of(predictor),
        }
    }

    /// What stands before all rows; nothing before JSON.
    pub fn header(&self) -> String {
        match self.format {
            RowFormat::Json => String::new(),
            RowFormat::Csv => {
                let mut names = PLACE.map(String::from).to_vec();
                names.extend(self.scores.names());
                names.push("error".into());
                line(&names) + "\n"
            }
        }
    }

    /// The lines of a frame, each with its end.
    pub fn of(&self, frame: &ReadFrame) -> String {
        let rows = rows(frame);
        rows.iter().map(|row| self.text(row)).collect()
    }

    /// The line of a frame that could not be read, shown at `time` if that is known.
    pub fn without(&self, number: usize, time: Option<f64>, error: String) -> String {
        self.text(&Row {
            error: Some(error),
            ..Row::empty(number, time)
        })
    }

    fn text(&self, row: &Row) -> String {
        let text = match self.format {
            RowFormat::Json => json(row),
            RowFormat::Csv => line(&self.fields(row)),
        };
        text + "\n"
    }

    fn fields(&self, row: &Row) -> Vec<String> {
        let number = |value: Option<f32>| value.map(|value| value.to_string()).unwrap_or_default();
        let text = |value: Option<String>| value.unwrap_or_default();
        let mut fields = vec![
            row.frame.to_string(),
            text(row.face_id.map(|id| id.to_string())),
            text(row.timestamp.map(|time| time.to_string())),
            number(row.confidence),
            row.success.to_string(),
        ];
        fields.extend([row.x, row.y, row.width, row.height].map(number));
        fields.extend(self.scores.fields(row.prediction));
        fields.push(text(row.error.clone()));
        fields
    }
}

/// The rows of a frame: one for each face, or one for nobody.
pub fn rows(frame: &ReadFrame) -> Vec<Row<'_>> {
    let empty = || Row::empty(frame.number, Some(frame.time));
    let faces = frame.faces.iter();
    match frame.faces.is_empty() {
        true => vec![empty()],
        false => faces.map(|face| Row::face(face, empty())).collect(),
    }
}

impl<'a> Row<'a> {
    fn empty(frame: usize, timestamp: Option<f64>) -> Self {
        Self {
            frame,
            face_id: None,
            timestamp,
            confidence: None,
            success: 0,
            x: None,
            y: None,
            width: None,
            height: None,
            landmarks: None,
            prediction: None,
            raw: None,
            error: None,
        }
    }

    fn face(face: &'a TrackedFace, empty: Self) -> Self {
        let Detection {
            bounds,
            confidence,
            landmarks,
        } = face.detection;
        let prediction = face.prediction();
        Self {
            face_id: Some(face.id),
            confidence: Some(confidence),
            success: u8::from(prediction.is_ok()),
            x: Some(bounds.x),
            y: Some(bounds.y),
            width: Some(bounds.width),
            height: Some(bounds.height),
            landmarks: Some(landmarks),
            prediction: prediction.ok(),
            raw: face.smoothed.as_ref().and(face.raw.as_ref().ok()),
            error: prediction.err().map(ToString::to_string),
            ..empty
        }
    }
}
