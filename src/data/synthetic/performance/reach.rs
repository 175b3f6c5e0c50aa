//! The best reachable scores of a set.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::decision::{classes, stretched, threshold};
use super::observer::Expectation;
use crate::data::file::write_whole;
use crate::label::{ACTION_UNITS, EXPRESSIONS, Labels, Vocabulary};
use crate::metric::chance::chance;
use crate::metric::{Report, RowScores, ScoreAccumulator};
use crate::{Error, Result};

/// The best reachable scores of a validation set of displays, against its annotator's labels.
///
/// All but chance are those of an observer who knows the model that the faces follow and of each frame
/// exactly what it shows of each unit, and decides for the largest F1, macro F1 and concordance to be
/// expected. Pictures show less than that, so that no network's expected scores are higher.
///
/// A set writes them to its `reachable.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reachable {
    /// Of who never looks.
    pub chance: Report,
    /// Of who sees every frame alone.
    pub single_frame: Report,
    /// Of who sees every frame and those before it.
    pub causal: Report,
    /// Of who sees all frames of a video.
    pub whole_video: Report,
}

impl Reachable {
    /// `expected` are what is expected of the rows of validation by who sees a frame, those before it, and
    /// all; `training` tells how valence and arousal are spread.
    pub(super) fn of(
        training: &[&Labels],
        validation: &[&Labels],
        expected: [Vec<Expectation>; 3],
    ) -> Result<Self> {
        let vocabulary = Vocabulary::aff_wild2();
        let [single_frame, causal, whole_video] =
            expected.map(|expected| scored(&vocabulary, training, validation, &expected));
        Ok(Self {
            chance: chance(&vocabulary, validation.iter().copied()),
            single_frame: single_frame?,
            causal: causal?,
            whole_video: whole_video?,
        })
    }

    /// Reads the `reachable.json` of a set.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::File`] if it is none.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        serde_json::from_str(&text)
            .map_err(|error| Error::file(path, "the reachable scores of a set", error.to_string()))
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).expect("scores are JSON");
        write_whole(path, |out| writeln!(out, "{text}"))
    }

    /// The four, from the lowest to the highest, by name.
    pub fn named(&self) -> [(&'static str, &Report); 4] {
        [
            ("chance", &self.chance),
            ("single frame", &self.single_frame),
            ("causal", &self.causal),
            ("whole video", &self.whole_video),
        ]
    }

    /// The scores as a table, a line each.
    pub fn table(&self) -> String {
        let mut table = format!("{:<12}  P_AU   P_EX   P_VA   P_MTL\n", "");
        for (name, report) in self.named() {
            let scores = [report.p_au, report.p_ex, report.p_va, report.p_mtl];
            let cells = scores.map(|score| match score {
                Some(score) => format!("  {score:.3}"),
                None => "      -".into(),
            });
            table += &format!("{name:<12}{}\n", cells.concat());
        }
        table
    }
}

fn scored(
    vocabulary: &Vocabulary,
    training: &[&Labels],
    validation: &[&Labels],
    expected: &[Expectation],
) -> Result<Report> {
    let of_all = |of: &dyn Fn(&Expectation) -> f64| expected.iter().map(of).collect::<Vec<_>>();
    let thresholds: [f64; ACTION_UNITS] =
        std::array::from_fn(|unit| threshold(&of_all(&|row| row.units[unit])));
    let probabilities: Vec<[f64; EXPRESSIONS]> =
        expected.iter().map(|row| row.expressions).collect();
    let classes = classes(&probabilities);
    let affect = [0, 1].map(|axis| {
        let labels = training.iter().filter_map(|row| row.valence_arousal[axis]);
        let labels: Vec<f64> = labels.map(f64::from).collect();
        let expected = of_all(&|row| row.affect[axis]);
        stretched(&expected, &labels)
    });
    let mut scores = ScoreAccumulator::new(vocabulary);
    for (row, (labels, expected)) in validation.iter().zip(expected).enumerate() {
        let units: [f32; ACTION_UNITS] =
            std::array::from_fn(|unit| f32::from(expected.units[unit] >= thresholds[unit]));
        let mut logits = [0.0; EXPRESSIONS];
        logits[classes[row]] = 1.0;
        scores.push(
            labels,
            &RowScores {
                action_units: &units,
                expression_logits: &logits,
                valence_arousal: affect.each_ref().map(|values| values[row] as f32),
            },
        )?;
    }
    Ok(scores.report())
}
