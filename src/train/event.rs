//! The events that a run reports while it works.

use std::sync::Arc;

use super::history::EpochRecord;

/// What a run reports while it works. A run writes nothing to the terminal itself; see
/// [`Run::told_to`](super::Run::told_to).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A line for people: an image that is left out, a label that no image has.
    Note(&'a str),
    /// Images were rendered or extracted; told from several threads, so in no fixed order.
    Images {
        /// What is done to them: "rendering" or "features".
        work: &'static str,
        /// How many are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// The work of the [`Images`](Self::Images) before is done, or there was none.
    ImagesDone,
    /// A stage has taken a step, in training or in validation.
    Step {
        /// The stage's name, as in `metrics.csv`.
        stage: &'static str,
        /// The epoch that it is in, counted from 1.
        epoch: usize,
        /// Of how many at most.
        epochs: usize,
        /// Rows of the epoch that are done, those of the validation included.
        done: usize,
        /// Of how many.
        total: usize,
        /// The mean training loss of the epoch so far.
        loss: Option<f64>,
    },
    /// An epoch is finished and stays so, whatever comes.
    Epoch {
        /// What it measured.
        record: &'a EpochRecord,
        /// The stage's epochs: at most so many, and this one's number if it has converged with it.
        epochs: usize,
        /// What `record.validation_score` is: "P_AU" and so on, or a sum of those.
        score: &'static str,
        /// The stage's best epoch so far.
        best: &'a EpochRecord,
    },
}

/// The receiver of events.
#[derive(Clone)]
pub(super) struct Listener(Arc<dyn Fn(Event<'_>) + Send + Sync>);

impl Listener {
    pub fn new(listener: impl Fn(Event<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    pub fn tell(&self, event: Event<'_>) {
        (self.0)(event);
    }
}

impl Default for Listener {
    /// Nobody.
    fn default() -> Self {
        Self::new(|_| {})
    }
}
