//! Rows of CSV.

use countenance::model::ModelConfig;
use countenance::predict::Prediction;
use countenance::video::{ReadFrame, TrackedFace};
use countenance::{ActionUnit, Expression};

pub struct Columns {
    classes: Vec<Expression>,
    units: Vec<ActionUnit>,
}

impl Columns {
    pub fn of(config: &ModelConfig) -> Self {
        Self {
            classes: config.expressions().to_vec(),
            units: config.action_units().to_vec(),
        }
    }

    pub fn header(&self) -> String {
        let mut names: Vec<String> = "frame,face_id,timestamp,confidence,success,x,y,width,height,valence,arousal,expression"
            .split(',')
            .map(String::from)
            .collect();
        names.extend(self.classes.iter().map(|class| class.to_string()));
        names.extend(self.units.iter().map(|unit| unit.to_string()));
        names.push("error".into());
        names.join(",") + "\n"
    }

    pub fn rows(&self, frame: &ReadFrame) -> String {
        let mut text = String::new();
        let faces: Vec<Option<&TrackedFace>> = match frame.faces.is_empty() {
            true => vec![None],
            false => frame.faces.iter().map(Some).collect(),
        };
        for face in faces {
            let number = |value: Option<f32>| value.map(|value| value.to_string()).unwrap_or_default();
            let bounds: Option<[f32; 4]> = face.map(|face| face.detection.bounds.into());
            let prediction = face.and_then(|face| face.prediction().ok());
            let mut fields = vec![
                frame.number.to_string(),
                face.map(|face| face.id.to_string()).unwrap_or_default(),
                frame.time.to_string(),
                number(face.map(|face| face.detection.confidence)),
                u8::from(face.is_some()).to_string(),
            ];
            fields.extend((0..4).map(|place| number(bounds.map(|bounds| bounds[place]))));
            fields.push(number(prediction.and_then(Prediction::valence)));
            fields.push(number(prediction.and_then(Prediction::arousal)));
            let class = prediction.and_then(Prediction::expression);
            fields.push(class.map(|class| class.to_string()).unwrap_or_default());
            for class in &self.classes {
                fields.push(number(prediction.and_then(|found| found.probability(class))));
            }
            for &unit in &self.units {
                fields.push(number(prediction.and_then(|found| found.action_unit(unit))));
            }
            fields.push(String::new());
            text += &(fields.join(",") + "\n");
        }
        text
    }
}
