//! Predictions as a table, as CSV or as JSON lines.

use clap::ValueEnum;
use countenance::face::Detection;
use countenance::predict::{Prediction, Predictor};
use countenance::{Error, Result};
use serde::Serialize;

use crate::shared::report::{json, print};
use crate::shared::score::{ScoreColumns, line};

/// How predictions are written.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// A few lines a face, for people
    Table,
    /// Comma-separated values with a header
    Csv,
    /// One JSON object a line
    Json,
}

/// Writes predictions to standard output as they come, and counts the failures.
pub struct Output {
    format: Format,
    /// The columns of the CSV: what the model reads.
    scores: ScoreColumns,
    /// Whether a row is a face of a photograph, and says where it is.
    faces: bool,
    /// Whether the CSV has its header.
    started: bool,
    /// Images, or faces of photographs, without a prediction.
    unread: usize,
    /// Predictions without their picture.
    undrawn: usize,
}

/// One row of the output.
#[derive(Serialize)]
pub struct Row<'a> {
    pub image: &'a str,
    /// What was found in a photograph; nothing if it could not be read, or it is a face as it is.
    #[serde(flatten)]
    pub found: Option<Found<'a>>,
    /// Nothing if the image could not be read.
    #[serde(flatten)]
    pub prediction: Option<&'a Prediction>,
    /// Why there is no prediction; beside one, why its picture is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A face of a photograph, or that it has none.
#[derive(Clone, Copy, Serialize)]
pub struct Found<'a> {
    face: Option<usize>,
    #[serde(flatten)]
    detection: Option<&'a Detection>,
}

impl<'a> Found<'a> {
    /// A photograph without a face.
    pub fn nothing() -> Self {
        Self {
            face: None,
            detection: None,
        }
    }

    /// The face of this number.
    pub fn face(number: usize, detection: &'a Detection) -> Self {
        Self {
            face: Some(number),
            detection: Some(detection),
        }
    }
}

impl<'a> Row<'a> {
    /// What was read in `image`, or why nothing was.
    pub fn read(image: &'a str, read: &'a Result<Prediction>) -> Self {
        Self {
            image,
            found: None,
            prediction: read.as_ref().ok(),
            error: read.as_ref().err().map(ToString::to_string),
        }
    }

    /// Why nothing was read in `image`.
    pub fn without(image: &'a str, error: &Error) -> Self {
        Self {
            image,
            found: None,
            prediction: None,
            error: Some(error.to_string()),
        }
    }
}

impl Output {
    /// Nothing written yet of what `predictor` will say of images, or of the `faces` in them.
    pub fn new(format: Format, predictor: &Predictor, faces: bool) -> Self {
        Self {
            format,
            scores: ScoreColumns::of(predictor),
            faces,
            started: false,
            unread: 0,
            undrawn: 0,
        }
    }

    /// Writes one row.
    pub fn write(&mut self, row: &Row) -> Result<()> {
        let is_faceless = row.found.is_some_and(|found| found.face.is_none());
        match (row.prediction.is_some() || is_faceless, &row.error) {
            (false, _) => self.unread += 1,
            (true, Some(_)) => self.undrawn += 1,
            (true, None) => {}
        }
        let text = match self.format {
            Format::Json => json(row),
            Format::Csv => {
                self.write_header()?;
                line(&self.fields(row))
            }
            Format::Table => table(row),
        };
        print(text)
    }

    /// Ends the output, which has its header even without a row.
    ///
    /// # Errors
    /// If any row failed.
    pub fn finish(mut self) -> Result<()> {
        self.write_header()?;
        let refuse = |what: &str, expected: &str, failures: usize| {
            Err(Error::Argument {
                what: what.into(),
                expected: expected.into(),
                found: format!("{failures} that cannot"),
            })
        };
        match (self.unread, self.undrawn) {
            (0, 0) => Ok(()),
            (0, undrawn) => refuse("the overlays", "ones that can be drawn", undrawn),
            (unread, _) if self.faces => {
                refuse("the images and faces", "ones that can be read", unread)
            }
            (unread, _) => refuse("the images", "ones that can be read", unread),
        }
    }

    fn write_header(&mut self) -> Result<()> {
        if self.started || !matches!(self.format, Format::Csv) {
            return Ok(());
        }
        self.started = true;
        let mut header = vec!["image".to_string()];
        if self.faces {
            header.extend(PLACE.map(String::from));
        }
        header.extend(self.scores.names());
        header.push("error".into());
        print(line(&header))
    }

    /// The columns of one row of CSV.
    fn fields(&self, row: &Row) -> Vec<String> {
        let mut fields = vec![row.image.to_string()];
        if self.faces {
            fields.extend(place(row.found));
        }
        fields.extend(self.scores.fields(row.prediction));
        fields.push(row.error.clone().unwrap_or_default());
        fields
    }
}

/// The columns of CSV that say where a face is.
const PLACE: [&str; 6] = ["face", "confidence", "x", "y", "width", "height"];

/// What stands in them; nothing of a photograph without a face.
fn place(found: Option<Found>) -> [String; PLACE.len()] {
    match found.and_then(|found| found.face.zip(found.detection)) {
        None => Default::default(),
        Some((face, detection)) => {
            let [x, y, width, height] = detection.bounds.into();
            let numbers = [detection.confidence, x, y, width, height];
            let [confidence, x, y, width, height] = numbers.map(|number| number.to_string());
            [face.to_string(), confidence, x, y, width, height]
        }
    }
}

/// Which image it is, and which face of it.
fn heading(row: &Row) -> String {
    let image = row.image;
    match row.found.map(|found| found.face.zip(found.detection)) {
        None => image.to_string(),
        Some(None) => format!("{image}: no face"),
        Some(Some((face, detection))) => {
            let [x, y, width, height] = detection.bounds.into();
            let confidence = detection.confidence * 100.0;
            format!("{image}#{face}: {width:.0}x{height:.0} at {x:.0}, {y:.0} ({confidence:.0} %)")
        }
    }
}

/// One row for people.
fn table(row: &Row) -> String {
    let mut lines = vec![heading(row)];
    if let Some(prediction) = row.prediction {
        if let Some(expression) = prediction.expression() {
            let probability = prediction.probability(&expression).unwrap_or_default();
            lines.push(format!(
                "  expression  {expression} ({:.0} %)",
                probability * 100.0
            ));
        }
        if let Some([valence, arousal]) = prediction.valence_arousal {
            lines.push(format!(
                "  valence     {valence:+.2}   arousal {arousal:+.2}"
            ));
        }
        if !prediction.action_units.is_empty() {
            let active: Vec<_> = prediction
                .action_units
                .iter()
                .filter(|(unit, _)| prediction.is_active(*unit, 0.5) == Some(true))
                .map(|(unit, score)| format!("{unit} {} ({score:.2})", unit.name()))
                .collect();
            let active = match active.is_empty() {
                true => "none".to_string(),
                false => active.join(", "),
            };
            lines.push(format!("  active AUs  {active}"));
        }
        if !prediction.action_unit_intensities.is_empty() {
            let all = prediction.action_unit_intensities.iter();
            let all: Vec<_> = all
                .map(|(unit, value)| format!("{unit} {value:.1}"))
                .collect();
            lines.push(format!("  intensities {} (0 to 5)", all.join(", ")));
        }
        if let Some([first, second]) = prediction.gaze {
            lines.push(format!("  gaze        {first:+.2} {second:+.2}"));
        }
    }
    if let Some(error) = &row.error {
        lines.push(format!("  error: {error}"));
    }
    lines.join("\n")
}
