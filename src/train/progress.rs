//! One line of progress per stage, for people and for log files.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation,
    MetricsRendererTraining,
};
use indicatif::{ProgressBar, ProgressStyle};

use super::history::LOSS;

/// How long a log file may wait for a sign of life.
const SILENCE: Duration = Duration::from_secs(5);

/// Shows a stage as a bar on a terminal, and as a line now and then elsewhere; on stderr.
pub(super) struct StageProgress {
    stage: &'static str,
    bar: ProgressBar,
    names: HashMap<MetricId, String>,
    epoch: usize,
    epochs: usize,
    validating: bool,
    train_loss: Option<f64>,
    score: Option<(String, f64)>,
    best: Option<f64>,
    last_line: Option<Instant>,
}

impl StageProgress {
    pub(super) fn new(stage: &'static str) -> Self {
        let bar = ProgressBar::new(0);
        let style =
            "{prefix:<10} [{elapsed_precise}] {bar:30} epoch {pos}/{len}  {msg}  (eta {eta})";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
        bar.set_prefix(stage);
        Self {
            stage,
            bar,
            names: HashMap::new(),
            epoch: 0,
            epochs: 0,
            validating: false,
            train_loss: None,
            score: None,
            best: None,
            last_line: None,
        }
    }

    fn message(&self) -> String {
        let mut parts = Vec::new();
        if let Some(loss) = self.train_loss {
            parts.push(format!("loss {loss:.4}"));
        }
        if let (Some((name, score)), Some(best)) = (&self.score, self.best) {
            parts.push(format!("{name} {score:.3} (best {best:.3})"));
        }
        parts.join("  ")
    }

    fn note(&mut self, state: MetricState) {
        let MetricState::Numeric(entry, Some(value)) = state else {
            return;
        };
        let Some(name) = self.names.get(&entry.metric_id) else {
            return;
        };
        let value = value.current();
        match (name.as_str(), self.validating) {
            (LOSS, false) => self.train_loss = Some(value),
            (LOSS, true) => {}
            _ if value.is_nan() => {}
            _ => {
                self.best = Some(self.best.map_or(value, |best| best.max(value)));
                self.score = Some((name.clone(), value));
            }
        }
    }

    fn show(&mut self, last: bool) {
        self.bar.set_message(self.message());
        let waited = self.last_line.is_none_or(|at| at.elapsed() >= SILENCE);
        if !std::io::stderr().is_terminal() && (waited || last) {
            say(format_args!(
                "{:<10} epoch {}/{}  {}",
                self.stage,
                self.epoch,
                self.epochs,
                self.message()
            ));
            self.last_line = Some(Instant::now());
        }
    }
}

impl TrainingProgressLogger for StageProgress {
    fn start(&mut self, epochs: usize, first: usize, _: Option<usize>, _: Option<&str>) {
        self.epochs = epochs;
        self.epoch = first - 1;
        self.bar.set_length(epochs as u64);
        self.bar.set_position(self.epoch as u64);
        self.bar.reset_eta();
        self.last_line = Some(Instant::now());
    }

    fn start_split(&mut self, split: &str, _: usize) {
        self.validating = split == "valid";
    }

    fn update_split(&mut self, _: usize) {
        self.bar.set_message(self.message());
    }

    fn end_split(&mut self) {}

    fn update_epoch(&mut self, epoch: usize) {
        self.epoch = epoch;
        self.bar.set_position(epoch as u64);
        self.show(epoch == self.epochs);
    }

    fn end(&mut self) {
        self.bar.abandon();
    }

    fn log_event_training(&mut self, _: String) {}
}

impl MetricsRendererTraining for StageProgress {
    fn update_train(&mut self, state: MetricState) {
        self.validating = false;
        self.note(state);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.validating = true;
        self.note(state);
    }
}

impl MetricsRenderer for StageProgress {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names
            .insert(definition.metric_id, definition.name.to_string());
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

/// Tells people `line`, on stderr. One that is closed, or a log on a full disk, is no reason to end a
/// run.
pub(super) fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A bar for work that counts images.
pub(super) fn bar(name: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = "{prefix:<10} [{elapsed_precise}] {bar:30} {pos}/{len}  {per_sec}  (eta {eta})";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is constant"));
    bar.set_prefix(name);
    if !std::io::stderr().is_terminal() {
        say(format_args!("{name} ..."));
    }
    bar
}

/// Moves a bar to `done` of `total`.
pub(super) fn show(bar: &ProgressBar, done: usize, total: usize) {
    bar.set_length(total as u64);
    bar.set_position(done as u64);
}
