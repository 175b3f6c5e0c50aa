//! What a finished run shows: its scores beside chance, and its curves.

use std::fmt;
use std::path::PathBuf;

use super::given::GivenFeatures;
use super::history::{EpochRecord, History, TEMPORAL};
use super::metric::score_name;
use crate::evaluate::table;
use crate::metric::Report;
use crate::network::Tasks;
use crate::picture::{Axis, Panel, Series};

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
    /// An image of the validation split, to try the model on.
    pub image: PathBuf,
    /// Whether the faces were rendered.
    pub synthetic: bool,
    /// The feature files that it trained on, if they were given: the model reads such, and no images.
    pub features: Option<GivenFeatures>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table(&self.report, &self.chance, &self.tasks))?;
        if self.tasks.expression && !self.tasks.action_unit {
            writeln!(
                f,
                "no cross attention: there are no action units to attend to"
            )?;
        }
        if self.synthetic {
            writeln!(
                f,
                "\nThe faces are rendered: these scores prove the pipeline, not the accuracy on people."
            )?;
        }
        Ok(())
    }
}

/// The curves of every stage that has run; of the three tasks, `judged` have validation labels.
pub(super) fn panels(history: &History, judged: Tasks) -> Vec<Panel> {
    let all = score_name(judged);
    [
        ("backbone", "Backbone", all),
        ("au", "Action units", score_name(Tasks::ACTION_UNIT)),
        (
            "au_edges",
            "Action units and edges",
            score_name(Tasks::ACTION_UNIT),
        ),
        ("ex", "Expressions", score_name(Tasks::EXPRESSION)),
        (
            "va",
            "Valence and arousal",
            score_name(Tasks::VALENCE_AROUSAL),
        ),
        ("joint", "All heads", all),
        ("whole", "Whole network", all),
        ("baseline", "Fully connected layers", all),
        (TEMPORAL, "Temporal head", all),
    ]
    .into_iter()
    .filter(|(stage, ..)| history.stage(stage).next().is_some())
    .map(|(stage, title, score)| {
        let series = |name: &str, value: fn(&EpochRecord) -> Option<f64>| Series {
            name: name.to_string(),
            points: history
                .stage(stage)
                .filter_map(|record| Some((record.epoch, value(record)?)))
                .collect(),
        };
        // What a split has no labels for has no curve and no place in the legend.
        let axis = |label: &str, series: Vec<Series>| Axis {
            label: label.to_string(),
            series: series
                .into_iter()
                .filter(|series| !series.points.is_empty())
                .collect(),
        };
        let loss = vec![
            series("training loss", |record| Some(record.train_loss)),
            series("validation loss", |record| record.validation_loss),
        ];
        let scores = axis(score, vec![series(score, |record| record.validation_score)]);
        Panel {
            title: title.to_string(),
            left: axis("loss", loss),
            right: Some(scores).filter(|axis| !axis.series.is_empty()),
            marker: history.best(stage),
        }
    })
    .collect()
}
