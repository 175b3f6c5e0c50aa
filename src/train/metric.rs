//! The challenge's scores as burn-train metrics.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorReadError};
use burn::train::metric::{
    Adaptor, Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes,
    NumericEntry, SerializedEntry,
};

use super::batch::StepOutput;
use crate::Labels;
use crate::label::Vocabulary;
use crate::matrix::Matrix;
use crate::metric::{Report, RowScores, ScoreAccumulator};
use crate::network::Tasks;

/// The name of the score that judges a stage of `tasks`: P_MTL of all three, otherwise the sum of those
/// that it is made of.
pub(super) const fn score_name(tasks: Tasks) -> &'static str {
    match (tasks.action_unit, tasks.expression, tasks.valence_arousal) {
        (true, false, false) => "P_AU",
        (false, true, false) => "P_EX",
        (false, false, true) => "P_VA",
        (true, true, false) => "P_AU + P_EX",
        (true, false, true) => "P_AU + P_VA",
        (false, true, true) => "P_EX + P_VA",
        (true, true, true) | (false, false, false) => "P_MTL",
    }
}

/// The sum of the scores of `tasks` in `report` that have labels to stand on; `None` if none has.
/// Where only one of valence and arousal has labels, its coefficient stands for both.
pub(super) fn score(tasks: Tasks, report: &Report) -> Option<f64> {
    let ccc = report.ccc;
    let parts = [
        report.p_au.filter(|_| tasks.action_unit),
        report.p_ex.filter(|_| tasks.expression),
        report
            .p_va
            .or(ccc.valence)
            .or(ccc.arousal)
            .filter(|_| tasks.valence_arousal),
    ];
    parts.into_iter().flatten().reduce(|sum, part| sum + part)
}

/// A batch's scores and labels.
pub struct ScoreInput(StepOutput);

impl Adaptor<ScoreInput> for StepOutput {
    fn adapt(&self) -> ScoreInput {
        ScoreInput(self.clone())
    }
}

impl ScoreInput {
    /// Gives `take` the rows on the host. A label of a task that the step does not score counts as missing.
    fn for_each(&self, mut take: impl FnMut(&Labels, &RowScores)) -> Result<(), TensorReadError> {
        let output = &self.0;
        let read = |scores: &Option<Tensor<2>>| Matrix::try_of(scores.clone(), output.labels.len());
        let action_units = read(&output.action_units)?;
        let logits = read(&output.expression_logits)?;
        let valence_arousal = read(&output.valence_arousal)?;
        let scored = Tasks {
            action_unit: output.action_units.is_some(),
            expression: output.expression_logits.is_some(),
            valence_arousal: output.valence_arousal.is_some(),
        };
        for (row, labels) in output.labels.iter().enumerate() {
            let scores = RowScores {
                action_units: action_units.row(row),
                expression_logits: logits.row(row),
                valence_arousal: valence_arousal.pair(row).unwrap_or_default(),
            };
            take(&scored.labels(labels), &scores);
        }
        Ok(())
    }
}

/// The score of a stage's tasks over the whole validation split, never a mean of batches.
#[derive(Clone)]
pub struct TaskScore {
    tasks: Tasks,
    vocabulary: Vocabulary,
    accumulator: ScoreAccumulator,
    /// Whether a score was not finite: then there is none of the whole, and the loss, which is not
    /// finite either, ends the stage.
    broken: bool,
}

impl TaskScore {
    /// The score of `tasks`, with no rows yet: P_AU, P_EX, P_VA, or the sum of those that the labels
    /// allow, which is P_MTL of all three.
    pub fn new(tasks: Tasks, vocabulary: &Vocabulary) -> Self {
        Self {
            tasks,
            accumulator: ScoreAccumulator::new(vocabulary),
            vocabulary: vocabulary.clone(),
            broken: false,
        }
    }

    pub(super) fn current(&self) -> Option<f64> {
        match self.broken {
            true => None,
            false => score(self.tasks, &self.accumulator.report()),
        }
    }

    fn entry(&self, value: Option<f64>) -> SerializedEntry {
        match value {
            Some(value) => SerializedEntry::new(
                format!("{} {value:.3}", score_name(self.tasks)),
                NumericEntry::Value(value).serialize(),
            ),
            None => SerializedEntry::not_available(None),
        }
    }
}

impl Metric for TaskScore {
    type Input = ScoreInput;

    fn name(&self) -> MetricName {
        Arc::new(score_name(self.tasks).to_string())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: true,
        }
        .into()
    }

    fn update(
        &mut self,
        input: &Self::Input,
        _: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        input.for_each(|labels, scores| {
            self.broken |= self.accumulator.push(labels, scores).is_err();
        })?;
        Ok(SerializedEntry::not_available(None))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.entry(self.current()))
    }

    fn clear(&mut self) {
        *self = Self::new(self.tasks, &self.vocabulary);
    }
}

impl Numeric for TaskScore {
    fn value(&self) -> Option<NumericEntry> {
        None
    }

    fn running_value(&self) -> Option<NumericEntry> {
        None
    }

    fn final_value(&self) -> NumericEntry {
        NumericEntry::Final(self.current().unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use burn::data::dataloader::Progress;
    use burn::tensor::Device;

    use super::*;

    fn score(labels: [[Option<f32>; 2]; 3], scores: [[f32; 2]; 3]) -> Option<f64> {
        let device = Device::default();
        let labels = labels.map(|valence_arousal| Labels {
            valence_arousal,
            ..Labels::default()
        });
        let output = StepOutput {
            valence_arousal: Some(Tensor::from_data(scores, &device)),
            ..StepOutput::new(Tensor::zeros([1], &device), labels.to_vec())
        };
        let metadata = MetricMetadata {
            progress: Progress::new(1, 1, None),
            iteration: None,
            lr: None,
        };
        let mut metric = TaskScore::new(Tasks::VALENCE_AROUSAL, &Vocabulary::aff_wild2());
        metric.update(&output.adapt(), &metadata).unwrap();
        let current = metric.current();
        metric.clear();
        assert_eq!(metric.current(), None);
        current
    }

    #[test]
    fn one_of_valence_and_arousal_is_judged_where_the_other_has_no_label() {
        let scores = [[0.1, 0.3], [0.5, -0.2], [-0.4, 0.9]];
        let both = scores.map(|pair| pair.map(Some));
        assert_eq!(score(both, scores), Some(1.0));
        let arousal = scores.map(|pair| [None, Some(pair[1])]);
        let other = scores.map(|pair| [0.0, pair[1]]);
        assert_eq!(score(arousal, other), Some(1.0));
        let valence = scores.map(|pair| [Some(pair[0]), None]);
        assert_eq!(score(valence, other), Some(0.0));
    }

    #[test]
    fn a_score_that_is_not_finite_leaves_none_of_the_whole() {
        let labels = [[Some(0.1), Some(0.3)], [Some(0.5), None], [None, None]];
        let finite = [[0.1, 0.3], [0.4, 0.2], [0.0, 0.0]];
        assert!(score(labels, finite).is_some());
        let (mut unlabelled, mut labelled) = (finite, finite);
        unlabelled[1][1] = f32::NAN;
        labelled[1][0] = f32::INFINITY;
        assert_eq!(score(labels, unlabelled), score(labels, finite));
        assert_eq!(score(labels, labelled), None);
    }
}
