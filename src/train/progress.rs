//! burn-train's progress of a stage, passed on as events of the run.

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};

use super::event::{Event, Listener};
use super::history::LOSS;

/// Tells a stage's steps. Its epochs are told where they are kept, in
/// [`KeepBest`](super::checkpoint::KeepBest): burn counts one as done that was interrupted in its
/// validation.
pub(super) struct StageProgress {
    stage: &'static str,
    listener: Listener,
    loss: Option<MetricId>,
    mean_loss: Option<f64>,
    epoch: usize,
    epochs: usize,
    /// Rows of an epoch, those of the validation included.
    rows: usize,
    /// Rows of the epoch's split that is over, and of the one at work.
    before: usize,
    split: usize,
}

impl StageProgress {
    /// Of a stage whose epochs have `rows` rows, those of the validation included.
    pub(super) fn new(stage: &'static str, rows: usize, listener: Listener) -> Self {
        Self {
            stage,
            listener,
            rows,
            loss: None,
            mean_loss: None,
            epoch: 1,
            epochs: 0,
            before: 0,
            split: 0,
        }
    }

    fn tell(&self, done: usize) {
        self.listener.tell(Event::Step {
            stage: self.stage,
            epoch: self.epoch,
            epochs: self.epochs,
            done: (self.before + done).min(self.rows),
            total: self.rows,
            loss: self.mean_loss,
        });
    }
}

impl TrainingProgressLogger for StageProgress {
    fn start(&mut self, epochs: usize, first: usize, _: Option<usize>, _: Option<&str>) {
        (self.epoch, self.epochs) = (first, epochs);
    }

    fn start_split(&mut self, _: &str, rows: usize) {
        self.split = rows;
    }

    fn update_split(&mut self, done: usize) {
        self.tell(done);
    }

    fn end_split(&mut self) {
        self.before += self.split;
        self.split = 0;
    }

    fn update_epoch(&mut self, epoch: usize) {
        (self.epoch, self.before, self.mean_loss) = (epoch + 1, 0, None);
    }

    fn end(&mut self) {}

    fn log_event_training(&mut self, _: String) {}
}

impl MetricsRendererTraining for StageProgress {
    fn update_train(&mut self, state: MetricState) {
        if let MetricState::Numeric(entry, Some(value)) = state
            && Some(&entry.metric_id) == self.loss.as_ref()
        {
            self.mean_loss = Some(value.current());
        }
    }

    fn update_valid(&mut self, _: MetricState) {}
}

impl MetricsRenderer for StageProgress {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        if *definition.name == LOSS {
            self.loss = Some(definition.metric_id);
        }
    }
}

// A renderer must also be able to show evaluations; training never asks for one.
impl EvaluationProgressLogger for StageProgress {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

impl MetricsRendererEvaluation for StageProgress {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}
