//! Checkpoints that are whole or absent, and the rule for which of them stay.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::optim::lr_scheduler::LrSchedulerRecord;
use burn::store::ModuleRecord;
use burn::train::Interrupter;
use burn::train::checkpoint::{
    Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy,
};
use burn::train::metric::store::{Aggregate, EventStoreClient, Split};

use super::history::{EpochRecord, History, LOSS};
use crate::data::file::write_whole;
use crate::{Error, Result};

const MODEL: &str = "model";
const OPTIMIZER: &str = "optimizer";
const SCHEDULER: &str = "scheduler";

/// One kind of record, one file per epoch: `<folder>/<kind>-<epoch>.bpk`.
///
/// # Deviation
/// burn's own file checkpointer writes in place; a file that this one leaves is always whole.
pub(super) struct WholeCheckpointer {
    folder: PathBuf,
    kind: &'static str,
}

impl WholeCheckpointer {
    /// The three checkpointers that burn's training wants, in its order.
    pub(super) fn all(folder: &Path) -> (Self, Self, Self) {
        let of = |kind| Self {
            folder: folder.to_path_buf(),
            kind,
        };
        (of(MODEL), of(OPTIMIZER), of(SCHEDULER))
    }

    fn path(&self, epoch: usize) -> PathBuf {
        path(&self.folder, self.kind, epoch)
    }
}

fn path(folder: &Path, kind: &str, epoch: usize) -> PathBuf {
    folder.join(format!("{kind}-{epoch}.bpk"))
}

impl<R: Checkpoint> Checkpointer<R> for WholeCheckpointer {
    fn save(&self, epoch: usize, record: R) -> std::result::Result<(), CheckpointerError> {
        let bytes = record
            .checkpoint_into_bytes()
            .map_err(CheckpointerError::Record)?;
        write_whole(&self.path(epoch), |file| file.write_all(&bytes))
            .map_err(|error| CheckpointerError::Unknown(error.to_string()))
    }

    fn restore(&self, epoch: usize) -> std::result::Result<R, CheckpointerError> {
        R::load(self.path(epoch))
    }

    fn delete(&self, epoch: usize) -> std::result::Result<(), CheckpointerError> {
        match std::fs::remove_file(self.path(epoch)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(CheckpointerError::IOError(error))
            }
            _ => Ok(()),
        }
    }
}

/// The last epoch up to `newest` whose three files are all whole.
pub(super) fn last_whole(folder: &Path, newest: usize) -> Option<usize> {
    (1..=newest).rev().find(|&epoch| {
        ModuleRecord::load(path(folder, MODEL, epoch)).is_ok()
            && OptimizerRecord::load(path(folder, OPTIMIZER, epoch)).is_ok()
            && LrSchedulerRecord::load(path(folder, SCHEDULER, epoch)).is_ok()
    })
}

/// `module` with the weights that it had at the end of `epoch`.
///
/// # Errors
/// [`Error::File`] if the checkpoint is missing or damaged.
pub(super) fn restore<M: Module>(module: M, folder: &Path, epoch: usize) -> Result<M> {
    let path = path(folder, MODEL, epoch);
    let record = ModuleRecord::load(&path)
        .map_err(|error| Error::file(&path, "a whole checkpoint", error.to_string()))?;
    Ok(module.load_record(record))
}

/// Saves every epoch, keeps the last two and the best, and writes the history.
pub(super) struct KeepBest {
    pub(super) stage: &'static str,
    pub(super) score: &'static str,
    pub(super) history: Arc<Mutex<History>>,
    pub(super) interrupter: Interrupter,
}

impl CheckpointingStrategy for KeepBest {
    fn checkpointing(
        &mut self,
        epoch: usize,
        store: &EventStoreClient,
    ) -> Vec<CheckpointingAction> {
        let find = |name: &str, split: Split| {
            store
                .find_metric(name, epoch, Aggregate::Mean, &split)
                .filter(|value| !value.is_nan())
        };
        let train_loss = find(LOSS, Split::Train).unwrap_or(f64::NAN);
        if !train_loss.is_finite() {
            self.fail(format!(
                "stage {}: the loss of epoch {epoch} is not finite; the last good checkpoint \
                 is epoch {}",
                self.stage,
                epoch - 1
            ));
            return Vec::new();
        }
        let record = EpochRecord {
            stage: self.stage.to_string(),
            epoch,
            train_loss,
            validation_loss: find(LOSS, Split::Valid),
            validation_score: find(self.score, Split::Valid),
        };
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let before = history.kept(self.stage);
        let pushed = history.push(record);
        let after = history.kept(self.stage);
        drop(history);
        if let Err(error) = pushed {
            self.fail(error.to_string());
            return Vec::new();
        }
        let mut actions = vec![CheckpointingAction::Save];
        actions.extend(
            before
                .difference(&after)
                .map(|&old| CheckpointingAction::Delete(old)),
        );
        actions
    }
}

impl KeepBest {
    fn fail(&self, reason: String) {
        self.interrupter.fail(CheckpointerError::Unknown(reason));
    }
}
