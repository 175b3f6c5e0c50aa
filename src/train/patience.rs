//! The end of a stage that no longer gets better.

use std::sync::{Arc, Mutex};

use burn::train::EarlyStoppingStrategy;
use burn::train::metric::store::EventStoreClient;

use super::history::{History, locked};

/// Ends a stage after so many epochs in a row without a better one.
///
/// # Deviation
/// burn's own strategy counts within a process, from one metric. This one asks the history on the
/// disk, which also chooses the epoch that is kept: a run that was interrupted ends where one that
/// was not does, and nothing is taken for better here that is not there.
#[derive(Clone)]
pub(super) struct Patience {
    pub(super) stage: &'static str,
    /// None: it goes on to the last epoch.
    pub(super) epochs: Option<usize>,
    pub(super) history: Arc<Mutex<History>>,
}

impl Patience {
    /// Whether the epochs so far are enough.
    pub(super) fn is_over(&self) -> bool {
        locked(&self.history).is_converged(self.stage, self.epochs)
    }
}

impl EarlyStoppingStrategy for Patience {
    /// Asked after each epoch, once it is in the history.
    fn should_stop(&mut self, _: usize, _: &EventStoreClient) -> bool {
        self.is_over()
    }
}
