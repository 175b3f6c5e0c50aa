//! What a training run tells, as bars on a terminal and lines elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use countenance::train::{EpochRecord, Event};

use super::line::left;
use super::progress::{Line, Progress, SILENCE};
use super::report::say;

/// How many times as long as for an epoch a log waits for a word on one that is not finished.
const PATIENCE: u32 = 12;

/// Shows what a run tells: `run.told_to(shown())`.
pub fn shown() -> impl Fn(Event<'_>) + Send + Sync + 'static {
    let shown = Mutex::new(Shown::default());
    move |event| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.hear(event);
    }
}

#[derive(Default)]
struct Shown {
    images: Option<Progress>,
    stage: Option<Stage>,
}

impl Shown {
    fn hear(&mut self, event: Event<'_>) {
        match event {
            Event::Note(line) => say(line),
            Event::Images { work, done, total } => {
                let progress = self.images.get_or_insert_with(|| Progress::start(work));
                progress.update(done, total);
            }
            Event::ImagesDone => {
                if let Some(progress) = self.images.take() {
                    progress.finish();
                }
            }
            Event::Step {
                stage,
                epoch,
                epochs,
                done,
                total,
                loss,
            } => {
                let share = (epoch - 1) as f64 + done as f64 / total.max(1) as f64;
                let share = share / epochs as f64;
                let shown = self.stage(stage, epochs, share);
                shown.loss = loss.or(shown.loss);
                shown.step(epoch, share);
            }
            Event::Epoch {
                record,
                epochs,
                score,
                best,
            } => {
                let share = record.epoch as f64 / epochs as f64;
                let shown = self.stage(&record.stage, epochs, share);
                shown.epochs = epochs;
                shown.epoch(record, score, best);
                if record.epoch == epochs {
                    self.stage = None;
                }
            }
            _ => {}
        }
    }

    /// What is shown of the stage, which is at this share of its epochs.
    fn stage(&mut self, name: &str, epochs: usize, share: f64) -> &mut Stage {
        if self.stage.as_ref().is_some_and(|stage| stage.name != name) {
            self.stage = None;
        }
        self.stage.get_or_insert_with(|| Stage {
            name: name.to_string(),
            epochs,
            line: Line::start(),
            loss: None,
            score: Vec::new(),
            first: (share, Instant::now()),
            said: Instant::now(),
        })
    }
}

/// A stage on the terminal.
struct Stage {
    name: String,
    /// At most; as many as there were once it has converged.
    epochs: usize,
    line: Line,
    loss: Option<f64>,
    /// The last epoch's score and the best one.
    score: Vec<String>,
    /// The share of the epochs that was done when it was first heard of, and when that was.
    first: (f64, Instant),
    /// When the last line was written where there is no terminal.
    said: Instant,
}

impl Stage {
    fn step(&mut self, epoch: usize, share: f64) {
        let (before, start) = self.first;
        let mut parts = vec![format!("{epoch}/{}", self.epochs)];
        parts.extend(self.loss.map(|loss| format!("loss {loss:.4}")));
        parts.extend_from_slice(&self.score);
        parts.extend(left(start.elapsed(), before, share));
        self.line.set(&self.name, share, &parts);
        if self.line.is_hidden() && self.said.elapsed() >= PATIENCE * SILENCE {
            self.said = Instant::now();
            say(format_args!(
                "{:<10} at work on epoch {}",
                self.name,
                parts.join(", ")
            ));
        }
    }

    fn epoch(&mut self, record: &EpochRecord, name: &str, best: &EpochRecord) {
        self.loss = Some(record.train_loss);
        let scores = record.validation_score.zip(best.validation_score);
        self.score = match scores {
            Some((score, best)) => vec![format!("{name} {score:.3}"), format!("best {best:.3}")],
            None => Vec::new(),
        };
        let is_last = record.epoch == self.epochs;
        if is_last || self.line.is_hidden() && self.said.elapsed() >= SILENCE {
            self.said = Instant::now();
            let score = match scores {
                Some((score, best)) => format!("  {name} {score:.3} (best {best:.3})"),
                None => String::new(),
            };
            say(format_args!(
                "{:<10} epoch {}/{}  loss {:.4}{score}",
                self.name, record.epoch, self.epochs, record.train_loss
            ));
        }
    }
}
