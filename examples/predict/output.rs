//! Predictions as a table, as CSV or as JSON lines.

use clap::ValueEnum;
use countenance::label::{ActionUnit, Expression};
use countenance::model::ModelConfig;
use countenance::predict::Prediction;
use countenance::{Error, Result};
use serde::Serialize;

use crate::shared::report::{json, print};

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
    classes: Vec<Expression>,
    units: Vec<ActionUnit>,
    gaze: bool,
    started: bool,
    failures: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    image: &'a str,
    #[serde(flatten)]
    prediction: &'a Prediction,
}

#[derive(Serialize)]
struct Failure<'a> {
    image: &'a str,
    error: &'a str,
}

impl Output {
    /// Nothing written yet of what the model of `config` will say.
    pub fn new(format: Format, config: &ModelConfig) -> Self {
        Self {
            format,
            classes: config.expressions().to_vec(),
            units: config.action_units().to_vec(),
            gaze: matches!(config, ModelConfig::OpenFace3(_)),
            started: false,
            failures: 0,
        }
    }

    /// Writes one row, or why there is none.
    pub fn write(&mut self, image: &str, prediction: Result<&Prediction, &str>) -> Result<()> {
        if prediction.is_err() {
            self.failures += 1;
        }
        let text = match self.format {
            Format::Json => match prediction {
                Ok(prediction) => json(&Line { image, prediction }),
                Err(error) => json(&Failure { image, error }),
            },
            Format::Csv => self.csv(image, prediction),
            Format::Table => self.table(image, prediction),
        };
        self.started = true;
        print(text)
    }

    /// An error if any row failed.
    pub fn finish(self) -> Result<()> {
        match self.failures {
            0 => Ok(()),
            failures => Err(Error::Argument {
                what: "the images".into(),
                expected: "ones that can be read".into(),
                found: format!("{failures} that cannot"),
            }),
        }
    }

    fn csv(&self, image: &str, prediction: Result<&Prediction, &str>) -> String {
        let mut lines = Vec::new();
        if !self.started {
            let mut header = vec!["image".to_string(), "valence".into(), "arousal".into()];
            header.push("expression".into());
            header.extend(self.classes.iter().map(|class| class.to_string()));
            header.extend(self.units.iter().map(|unit| unit.to_string()));
            if self.gaze {
                header.extend(["gaze_1".into(), "gaze_2".into()]);
            }
            header.push("error".into());
            lines.push(header);
        }
        let number = |value: Option<f32>| value.map(|value| value.to_string()).unwrap_or_default();
        let mut fields = vec![image.to_string()];
        let found = prediction.ok();
        fields.push(number(found.and_then(Prediction::valence)));
        fields.push(number(found.and_then(Prediction::arousal)));
        let expression = found.and_then(Prediction::expression);
        fields.push(
            expression
                .map(|class| class.to_string())
                .unwrap_or_default(),
        );
        for &class in &self.classes {
            fields.push(number(found.and_then(|found| found.probability(class))));
        }
        for &unit in &self.units {
            fields.push(number(found.and_then(|found| found.action_unit(unit))));
        }
        if self.gaze {
            let gaze = found.and_then(|found| found.gaze);
            fields.extend([0, 1].map(|place| number(gaze.map(|gaze| gaze[place]))));
        }
        fields.push(prediction.err().unwrap_or_default().to_string());
        lines.push(fields);
        let mut writer = csv::Writer::from_writer(Vec::new());
        for fields in &lines {
            writer
                .write_record(fields)
                .expect("memory takes every record");
        }
        let bytes = writer.into_inner().expect("memory needs no flush");
        String::from_utf8_lossy(&bytes)
            .trim_end_matches('\n')
            .to_string()
    }

    fn table(&self, image: &str, prediction: Result<&Prediction, &str>) -> String {
        let prediction = match prediction {
            Ok(prediction) => prediction,
            Err(error) => return format!("{image}\n  error: {error}"),
        };
        let mut lines = vec![image.to_string()];
        if let Some(expression) = prediction.expression() {
            let probability = prediction.probability(expression).unwrap_or_default();
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
                .filter(|(_, score)| *score >= 0.5)
                .map(|(unit, score)| format!("{unit} {} ({score:.2})", unit.name()))
                .collect();
            let active = match active.is_empty() {
                true => "none".to_string(),
                false => active.join(", "),
            };
            lines.push(format!("  active AUs  {active}"));
        }
        if let Some([first, second]) = prediction.gaze {
            lines.push(format!("  gaze        {first:+.2} {second:+.2}"));
        }
        lines.join("\n")
    }
}
