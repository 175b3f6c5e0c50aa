//! Checkpoints that are whole or absent, and the rule for which of them stay.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::optim::lr_scheduler::LrSchedulerRecord;
use burn::store::ModuleRecord;
use burn::train::Interrupter;
use burn::train::checkpoint::{
    Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy,
};
use burn::train::metric::store::{Aggregate, EventStoreClient, Split};

use super::event::{Event, Listener};
use super::history::{EpochRecord, History, LOSS, locked};
use super::record::reproducible;
use crate::data::file::write_whole;
use crate::{Error, Result};

const MODEL: &str = "model";
const OPTIMIZER: &str = "optimizer";
const SCHEDULER: &str = "scheduler";

/// One kind of record, one file per epoch: `<folder>/<kind>-<epoch>.bpk`.
///
/// # Deviation
/// burn's own file checkpointer writes in place; a file that this one leaves is always whole, and
/// its bytes are the same in every process.
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
        let bytes = reproducible(bytes).map_err(|error| CheckpointerError::Record(error.into()))?;
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

/// Removes the files of all epochs but `kept`: a run that was killed between saving and deleting
/// leaves some.
pub(super) fn keep_only(folder: &Path, kept: &BTreeSet<usize>) -> Result<()> {
    for entry in folder.read_dir().map_err(Error::io("list", folder))? {
        let file = entry.map_err(Error::io("list", folder))?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let epoch = name
            .rsplit_once('-')
            .and_then(|(_, epoch)| epoch.parse().ok());
        if epoch.is_some_and(|epoch| !kept.contains(&epoch)) {
            std::fs::remove_file(&file).map_err(Error::io("remove", &file))?;
        }
    }
    Ok(())
}

/// Where the weights at the end of `epoch` are.
pub(super) fn weights_path(folder: &Path, epoch: usize) -> PathBuf {
    path(folder, MODEL, epoch)
}

/// `module` with the weights that it had at the end of `epoch`.
///
/// # Errors
/// [`Error::File`] if the checkpoint is missing or damaged.
pub(super) fn restore<M: Module>(module: M, folder: &Path, epoch: usize) -> Result<M> {
    let path = path(folder, MODEL, epoch);
    let record = ModuleRecord::load(&path)
        .map_err(|error| Error::file(&path, "a whole checkpoint", error.to_string()))?;
    module
        .try_load_record(record)
        .map_err(|error| Error::file(&path, "a checkpoint of this stage", error.to_string()))
}

/// Saves every epoch, keeps the last two and the best, and writes the history.
pub(super) struct KeepBest {
    pub(super) stage: &'static str,
    pub(super) score: &'static str,
    /// How many epochs the stage has at most.
    pub(super) epochs: usize,
    pub(super) patience: Option<usize>,
    pub(super) history: Arc<Mutex<History>>,
    pub(super) interrupter: Interrupter,
    /// Who is told that an epoch is kept.
    pub(super) listener: Listener,
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
        let record = EpochRecord {
            stage: self.stage.to_string(),
            epoch,
            train_loss,
            validation_loss: find(LOSS, Split::Valid),
            validation_score: find(self.score, Split::Valid),
        };
        let mut history = locked(&self.history);
        let before = history.kept(self.stage);
        let pushed = history.push(record.clone());
        let after = history.kept(self.stage);
        let best = history.best_record(self.stage).cloned();
        let epochs = match history.is_converged(self.stage, self.patience) {
            true => epoch,
            false => self.epochs,
        };
        drop(history);
        if let Err(error) = pushed {
            self.fail(error.to_string());
            return Vec::new();
        }
        self.listener.tell(Event::Epoch {
            record: &record,
            epochs,
            score: self.score,
            best: best.as_ref().unwrap_or(&record),
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epochs_that_a_killed_run_had_not_deleted_go_and_no_other_file_does() {
        let folder = tempfile::tempdir().unwrap();
        for epoch in [1, 2, 10, 11] {
            for kind in [MODEL, OPTIMIZER, SCHEDULER] {
                std::fs::write(path(folder.path(), kind, epoch), b"").unwrap();
            }
        }
        std::fs::write(folder.path().join("notes.txt"), b"mine").unwrap();
        keep_only(folder.path(), &BTreeSet::from([2, 11])).unwrap();
        for epoch in [1, 2, 10, 11] {
            for kind in [MODEL, OPTIMIZER, SCHEDULER] {
                let kept = path(folder.path(), kind, epoch).exists();
                assert_eq!(kept, epoch == 2 || epoch == 11, "{kind} of epoch {epoch}");
            }
        }
        assert!(folder.path().join("notes.txt").exists());
    }
}
