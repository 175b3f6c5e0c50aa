//! What every epoch of every stage measured: `metrics.csv`, and which epoch is the best.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::train::logger::MetricLogger;
use burn::train::metric::store::{EpochSummary, MetricsUpdate, Split};
use burn::train::metric::{MetricDefinition, NumericEntry};
use serde::{Deserialize, Serialize};

use crate::data::file::write_whole;
use crate::{Error, Result};

/// The name of the stage before there are features: it trains the backbone.
pub(super) const BACKBONE: &str = "backbone";
/// The name of the stage behind all heads: it trains a temporal head with them.
pub(super) const TEMPORAL: &str = "temporal";

/// One finished epoch of one stage: a line of `metrics.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The stage's name.
    pub stage: String,
    /// Counted from 1.
    pub epoch: usize,
    /// Mean over the epoch's steps.
    pub train_loss: f64,
    /// Mean over the validation batches; absent where the split has no labels for the stage.
    pub validation_loss: Option<f64>,
    /// The stage's score on the validation split (P_AU, P_EX, P_VA or P_MTL); absent likewise.
    pub validation_score: Option<f64>,
}

/// The epochs of a run so far, mirrored in a file that is always whole.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    records: Vec<EpochRecord>,
}

/// The history that stages share, also after a thread that held it has panicked: a record is added
/// whole or not at all.
pub(super) fn locked(history: &Mutex<History>) -> MutexGuard<'_, History> {
    history.lock().unwrap_or_else(PoisonError::into_inner)
}

impl History {
    /// Opens `path`, or starts an empty history there.
    ///
    /// # Errors
    /// [`Error::File`] if the file is there but is not a history.
    pub fn open(path: &Path) -> Result<Self> {
        let mut records = Vec::new();
        if path.exists() {
            let mut reader = csv::Reader::from_path(path)
                .map_err(|error| Error::file(path, "a metrics table", error.to_string()))?;
            for record in reader.deserialize() {
                records.push(record.map_err(|error: csv::Error| {
                    Error::file(path, "a metrics table", error.to_string())
                })?);
            }
        }
        Ok(Self {
            path: path.to_path_buf(),
            records,
        })
    }

    /// The epochs of `stage`, in order.
    pub fn stage(&self, stage: &str) -> impl Iterator<Item = &EpochRecord> {
        self.records
            .iter()
            .filter(move |record| record.stage == stage)
    }

    /// Whether any epoch of a stage that learns from features is finished.
    pub(super) fn has_trained_heads(&self) -> bool {
        self.records.iter().any(|record| record.stage != BACKBONE)
    }

    /// Adds a finished epoch and writes the file anew.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn push(&mut self, record: EpochRecord) -> Result<()> {
        self.records.push(record);
        self.write()
    }

    /// Writes to `path` from now on.
    pub(super) fn move_to(&mut self, path: &Path) {
        self.path = path.to_path_buf();
    }

    /// Forgets the epochs of `stage` after `epoch`, whose checkpoint is the last one whole.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub fn rewind(&mut self, stage: &str, epoch: usize) -> Result<()> {
        self.records
            .retain(|record| record.stage != stage || record.epoch <= epoch);
        self.write()
    }

    /// Forgets the epochs of all stages but these.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written.
    pub(super) fn keep_stages(&mut self, stages: &[&str]) -> Result<()> {
        self.records
            .retain(|record| stages.contains(&record.stage.as_str()));
        self.write()
    }

    /// The best epoch of `stage`: the highest validation score; without scores the lowest
    /// validation loss; without either the lowest training loss. The first of equals.
    pub fn best(&self, stage: &str) -> Option<usize> {
        self.best_record(stage).map(|record| record.epoch)
    }

    /// What the best epoch of `stage` measured; see [`best`](Self::best).
    pub fn best_record(&self, stage: &str) -> Option<&EpochRecord> {
        best(&self.stage(stage).collect::<Vec<_>>())
    }

    /// Whether the last `patience` epochs of `stage` or more have brought no better one; never without
    /// a patience.
    pub(super) fn is_converged(&self, stage: &str, patience: Option<usize>) -> bool {
        let last = self.stage(stage).last().map(|record| record.epoch);
        match (patience, self.best(stage), last) {
            (Some(patience), Some(best), Some(last)) => last - best >= patience,
            _ => false,
        }
    }

    /// The epochs of `stage` whose checkpoints are worth keeping: the last two, one of which is
    /// whole at any moment, and the best as of each of them.
    pub(super) fn kept(&self, stage: &str) -> BTreeSet<usize> {
        let records: Vec<_> = self.stage(stage).collect();
        let earlier = &records[..records.len().saturating_sub(1)];
        [
            records.last().map(|record| record.epoch),
            earlier.last().map(|record| record.epoch),
            best(&records).map(|record| record.epoch),
            best(earlier).map(|record| record.epoch),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn write(&self) -> Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let encoded = self
            .records
            .iter()
            .try_for_each(|record| writer.serialize(record))
            .map_err(|error| error.to_string())
            .and_then(|()| writer.into_inner().map_err(|error| error.to_string()));
        let bytes = encoded.map_err(|found| Error::file(&self.path, "a writable table", found))?;
        write_whole(&self.path, |file| std::io::Write::write_all(file, &bytes))
    }
}

fn best<'a>(records: &[&'a EpochRecord]) -> Option<&'a EpochRecord> {
    let key = |record: &EpochRecord| {
        record
            .validation_score
            .or(record.validation_loss.map(|loss| -loss))
            .unwrap_or(-record.train_loss)
    };
    let mut best: Option<&EpochRecord> = None;
    for &record in records {
        if best.is_none_or(|best| key(record) > key(best)) {
            best = Some(record);
        }
    }
    best
}

/// Every value of a metric, named, in an epoch of a split.
type Values = HashMap<(String, usize, Split), Vec<NumericEntry>>;

/// The metric values of the running process, by name, epoch and split.
///
/// # Deviation
/// burn's in-memory logger counts epochs from the start of the process; this one goes by their
/// numbers, so that it also serves a resumed run.
#[derive(Clone, Default)]
pub(super) struct EpochLog {
    names: HashMap<burn::train::metric::MetricId, String>,
    values: Arc<Mutex<Values>>,
}

impl MetricLogger for EpochLog {
    fn log(&mut self, update: MetricsUpdate, epoch: usize, split: &Split) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        for update in update.entries_numeric {
            let (Some(entry), Some(name)) = (
                update.numeric_entry,
                self.names.get(&update.entry.metric_id),
            ) else {
                continue;
            };
            // A score without labels to stand on is not a number.
            if !entry.current().is_nan() || name == LOSS {
                values
                    .entry((name.clone(), epoch, split.clone()))
                    .or_default()
                    .push(entry);
            }
        }
    }

    fn read_numeric(
        &mut self,
        name: &str,
        epoch: usize,
        split: &Split,
    ) -> std::result::Result<Vec<NumericEntry>, String> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(values
            .get(&(name.to_string(), epoch, split.clone()))
            .cloned()
            .unwrap_or_default())
    }

    fn log_metric_definition(&mut self, definition: MetricDefinition) {
        self.names
            .insert(definition.metric_id, definition.name.to_string());
    }

    fn log_epoch_summary(&mut self, _: EpochSummary) {}
}

/// The name of burn's loss metric.
pub(super) const LOSS: &str = "Loss";

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: usize, train_loss: f64, validation_score: Option<f64>) -> EpochRecord {
        EpochRecord {
            stage: "au".to_string(),
            epoch,
            train_loss,
            validation_loss: None,
            validation_score,
        }
    }

    #[test]
    fn a_history_reads_back_what_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        let mut history = History::open(&path).unwrap();
        history.push(record(1, 0.5, Some(0.25))).unwrap();
        history.push(record(2, 0.4, None)).unwrap();
        assert_eq!(History::open(&path).unwrap().records, history.records);
        history.rewind("au", 1).unwrap();
        assert_eq!(History::open(&path).unwrap().stage("au").count(), 1);
    }

    #[test]
    fn the_best_epoch_is_the_first_with_the_highest_score() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(&folder.path().join("metrics.csv")).unwrap();
        for (epoch, score) in [(1, 0.1), (2, 0.4), (3, 0.3), (4, 0.4), (5, 0.2)] {
            history.push(record(epoch, 1.0, Some(score))).unwrap();
        }
        assert_eq!(history.best("au"), Some(2));
        assert_eq!(history.kept("au"), BTreeSet::from([2, 4, 5]));
        assert_eq!(history.best("ex"), None);
    }

    #[test]
    fn a_stage_has_converged_when_its_patience_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(&folder.path().join("metrics.csv")).unwrap();
        assert!(!history.is_converged("au", Some(1)));
        let mut seen = Vec::new();
        for (epoch, score) in [(1, 0.1), (2, 0.4), (3, 0.3), (4, 0.5), (5, 0.5), (6, 0.2)] {
            history.push(record(epoch, 1.0, Some(score))).unwrap();
            seen.push([Some(1), Some(2), None].map(|of| history.is_converged("au", of)));
        }
        // An equal score is no better one.
        let [one, two, none]: [Vec<bool>; 3] =
            std::array::from_fn(|place| seen.iter().map(|seen| seen[place]).collect());
        assert_eq!(one, [false, false, true, false, true, true]);
        assert_eq!(two, [false, false, false, false, false, true]);
        assert_eq!(none, [false; 6]);
    }

    #[test]
    fn without_scores_the_lowest_loss_wins() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = History::open(&folder.path().join("metrics.csv")).unwrap();
        for (epoch, loss) in [(1, 0.9), (2, 0.3), (3, 0.5)] {
            history.push(record(epoch, loss, None)).unwrap();
        }
        assert_eq!(history.best("au"), Some(2));
    }
}
