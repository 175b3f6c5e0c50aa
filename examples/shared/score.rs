//! The columns of CSV that hold scores.

use countenance::label::{Scale, Vocabulary};
use countenance::predict::{Prediction, Predictor};

/// What a model reads, a column each.
pub struct ScoreColumns {
    vocabulary: Vocabulary,
    gaze: bool,
    /// Whether there is a column of the units that are active: of a tuned model, and none of another.
    active: bool,
}

impl ScoreColumns {
    /// Those of what `predictor` reads.
    pub fn of(predictor: &Predictor) -> Self {
        Self {
            vocabulary: predictor.vocabulary().clone(),
            gaze: predictor.gaze(),
            active: predictor.is_tuned(),
        }
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        let mut names = ["valence", "arousal", "expression"]
            .map(String::from)
            .to_vec();
        let Vocabulary {
            action_units,
            expressions,
            ..
        } = &self.vocabulary;
        names.extend(expressions.iter().map(|class| class.to_string()));
        names.extend(action_units.iter().map(|unit| unit.to_string()));
        if self.gaze {
            names.extend(["gaze_1".into(), "gaze_2".into()]);
        }
        if self.active {
            names.push("active_units".into());
        }
        names
    }

    /// What stands in them; nothing where nothing was read.
    pub fn fields(&self, found: Option<&Prediction>) -> Vec<String> {
        let expression = found.and_then(Prediction::expression);
        let mut fields = vec![
            number(found.and_then(Prediction::valence)),
            number(found.and_then(Prediction::arousal)),
            expression
                .map(|class| class.to_string())
                .unwrap_or_default(),
        ];
        for class in self.vocabulary.expressions.iter() {
            fields.push(number(found.and_then(|found| found.probability(class))));
        }
        for coded in self.vocabulary.action_units.iter() {
            let score = found.and_then(|found| match coded.scale {
                Scale::Occurrence => found.action_unit(coded.unit),
                Scale::Intensity => found.action_unit_intensity(coded.unit),
            });
            fields.push(number(score));
        }
        if self.gaze {
            let gaze = found.and_then(|found| found.gaze);
            fields.extend([0, 1].map(|place| number(gaze.map(|gaze| gaze[place]))));
        }
        if self.active {
            let active = found.and_then(|found| found.active_units.as_deref());
            let names: Vec<_> = active
                .unwrap_or_default()
                .iter()
                .map(ToString::to_string)
                .collect();
            fields.push(names.join(" "));
        }
        fields
    }
}

fn number(value: Option<f32>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// One line of CSV.
pub fn line(fields: &[String]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(fields)
        .expect("memory takes every record");
    let bytes = writer.into_inner().expect("memory needs no flush");
    String::from_utf8_lossy(&bytes)
        .trim_end_matches('\n')
        .to_string()
}
