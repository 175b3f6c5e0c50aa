//! What a finished run shows: its scores beside chance, and its curves.

use std::fmt;
use std::path::PathBuf;

use super::history::{EpochRecord, History};
use super::picture::{Panel, Series};
use crate::evaluate::table;
use crate::metric::Report;
use crate::network::Tasks;

/// The scores of a finished run on its validation split.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scores.
    pub report: Report,
    /// What a predictor that knows only how common each label is would score.
    pub chance: Report,
    /// What the network was trained to read.
    pub tasks: Tasks,
    /// The run directory.
    pub folder: PathBuf,
    /// Whether the faces were rendered.
    pub synthetic: bool,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(&self.report, &self.chance, &self.tasks))?;
        if self.synthetic {
            writeln!(
                f,
                "\nThe faces are rendered: these scores prove the pipeline, not the accuracy on people."
            )?;
        }
        Ok(())
    }
}

/// The curves of every stage that has run.
pub(super) fn panels(history: &History) -> Vec<Panel> {
    [
        ("backbone", "Backbone", "P_MTL"),
        ("au", "Action units", "P_AU"),
        ("ex", "Expressions", "P_EX"),
        ("va", "Valence and arousal", "P_VA"),
        ("joint", "All heads", "P_MTL"),
        ("whole", "Whole network", "P_MTL"),
    ]
    .into_iter()
    .filter(|(stage, ..)| history.stage(stage).next().is_some())
    .map(|(stage, title, score)| {
        let series = |name: &str, value: fn(&EpochRecord) -> Option<f64>| Series {
            name: name.to_string(),
            points: history
                .stage(stage)
                .filter_map(|record| Some((record.epoch as f64, value(record)?)))
                .collect(),
        };
        Panel {
            title: title.to_string(),
            series: vec![
                series("training loss", |record| Some(record.train_loss)),
                series("validation loss", |record| record.validation_loss),
                series(score, |record| record.validation_score),
            ],
            marker: history.best(stage).map(|epoch| epoch as f64),
            y_label: String::new(),
        }
    })
    .collect()
}
