//! The layer that a backbone learnt the labels with, beside the heads that took its place.

use burn::data::dataloader::Progress;
use burn::train::metric::{Adaptor, Metric, MetricMetadata};

use super::features::Features;
use super::heads::feature_rows;
use super::history::BACKBONE;
use super::metric::{TaskScore, score, score_name};
use super::model::BackboneStage;
use super::run::Run;
use super::supervision::Supervision;
use crate::metric::Report;
use crate::network::Tasks;
use crate::{Error, Result};

/// Rows in a batch; only speed and memory depend on it.
const BATCH: usize = 1024;

/// What a layer scores of each task on the validation split.
pub(super) struct LayerScores(Vec<(Tasks, f64)>);

impl Run {
    /// The scores of the layer of `trained`, of every task that the validation split can judge,
    /// from the features that the heads learn from.
    ///
    /// # Errors
    /// Whatever keeps the features from being read.
    pub(super) fn layer_scores(
        &self,
        trained: &BackboneStage,
        features: &Features,
        supervision: &Supervision,
    ) -> Result<LayerScores> {
        let judged = supervision.judged();
        let config = &self.config.backbone.stage;
        let stage = self.stage(BACKBONE, judged, supervision, config, 0);
        let (_, validation) = feature_rows(&stage, features, None);
        let tasks = [
            (judged.action_unit, Tasks::ACTION_UNIT),
            (judged.expression, Tasks::EXPRESSION),
            (judged.valence_arousal, Tasks::VALENCE_AROUSAL),
        ];
        let tasks = tasks.into_iter().filter(|(is_judged, _)| *is_judged);
        let mut scores: Vec<_> = tasks
            .map(|(_, task)| (task, TaskScore::new(task, &supervision.vocabulary)))
            .collect();
        let metadata = MetricMetadata {
            progress: Progress::new(1, 1, None),
            iteration: None,
            lr: None,
        };
        for rows in validation.rows.chunks(BATCH) {
            let batch = validation.source.batch(rows, 1, &self.device)?;
            let output = trained.scored(batch.features, &batch.targets, None, &batch.labels);
            for (_, score) in &mut scores {
                let taken = score.update(&output.adapt(), &metadata);
                taken.map_err(|error| Error::Training(error.to_string()))?;
            }
        }
        let scores = scores.into_iter();
        let scores = scores.filter_map(|(task, score)| Some((task, score.current()?)));
        Ok(LayerScores(scores.collect()))
    }
}

impl LayerScores {
    /// One line for each task of which `report`, the heads', has a lower score, to three digits.
    pub(super) fn behind(&self, report: &Report) -> Vec<String> {
        let shown = |score: f64| (score * 1e3).round();
        let scores = self.0.iter();
        scores
            .filter_map(|&(task, layer)| {
                let head = score(task, report)?;
                (shown(head) < shown(layer)).then(|| {
                    format!(
                        "{}: the heads score {head:.3}, less than the {layer:.3} of the layer that the \
                         backbone was trained with: more epochs or another learning rate may help",
                        score_name(task)
                    )
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Vocabulary;
    use crate::metric::ScoreAccumulator;

    #[test]
    fn heads_that_score_less_than_the_layer_are_named_and_others_are_not() {
        let report = Report {
            p_ex: Some(0.4286),
            p_au: Some(0.61),
            ..ScoreAccumulator::new(&Vocabulary::aff_wild2()).report()
        };
        let layer = LayerScores(vec![
            (Tasks::ACTION_UNIT, 0.5),
            (Tasks::EXPRESSION, 0.4351),
            (Tasks::VALENCE_AROUSAL, 0.9),
        ]);
        let lines = layer.behind(&report);
        let expected = "P_EX: the heads score 0.429, less than the 0.435 of the layer";
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with(expected), "{lines:?}");
        let equal = LayerScores(vec![(Tasks::EXPRESSION, 0.4288)]);
        assert!(equal.behind(&report).is_empty());
    }
}
