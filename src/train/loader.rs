//! A data loader whose order is a function of the seed and the epoch alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Where batches come from.
pub trait Source<B>: Send + Sync {
    /// Makes the batch of `rows` for `epoch` on `device`.
    ///
    /// # Errors
    /// Whatever keeps the rows from being read.
    fn batch(&self, rows: &[usize], epoch: usize, device: &Device) -> crate::Result<B>;

    /// What a person knows `row` by; its number unless the source knows better.
    fn name(&self, row: usize) -> String {
        format!("row {row}")
    }
}

/// Serves a source's rows in batches, in a fresh order every epoch.
///
/// # Deviation
/// burn's own loader draws its order from a generator that only a process that ran every earlier
/// epoch has in the right state. Here the order, and the seed of everything random in the epoch
/// (dropout, augmentation), depend on the seed and the epoch's number alone, so that a resumed run
/// continues exactly as an uninterrupted one.
pub struct EpochLoader<B> {
    source: Arc<dyn Source<B>>,
    rows: Vec<usize>,
    batch_size: usize,
    shuffle: Option<u64>,
    next_epoch: Arc<AtomicUsize>,
    device: Device,
}

impl<B> EpochLoader<B> {
    /// Serves `rows` of `source` in their own order.
    ///
    /// # Panics
    /// If `batch_size` is zero.
    pub fn in_order(
        source: Arc<dyn Source<B>>,
        rows: Vec<usize>,
        batch_size: usize,
        device: &Device,
    ) -> Self {
        assert!(batch_size > 0, "the batch size must be at least 1");
        Self {
            source,
            rows,
            batch_size,
            shuffle: None,
            next_epoch: Arc::new(AtomicUsize::new(1)),
            device: device.clone(),
        }
    }

    /// Shuffles every epoch from `seed`, beginning with the epoch numbered `first_epoch`.
    pub fn shuffled(mut self, seed: u64, first_epoch: usize) -> Self {
        self.shuffle = Some(seed);
        self.next_epoch = Arc::new(AtomicUsize::new(first_epoch));
        self
    }

    /// Number of batches in an epoch.
    pub fn batches(&self) -> usize {
        self.rows.len().div_ceil(self.batch_size)
    }

    /// The names of the rows that the step numbered `step`, counted from 1, of `epoch` sees.
    pub(super) fn names(&self, epoch: usize, step: usize) -> Vec<String> {
        let rows = self.order(epoch);
        let batch = rows.chunks(self.batch_size).nth(step.saturating_sub(1));
        let rows = batch.unwrap_or_default();
        rows.iter().map(|&row| self.source.name(row)).collect()
    }

    /// The rows in the order of `epoch`.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let mut rows = self.rows.clone();
        if let Some(seed) = self.shuffle {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(epoch as u64);
            rows.shuffle(&mut random);
        }
        rows
    }

    fn part(&self, rows: Vec<usize>, device: &Device) -> Self {
        Self {
            source: self.source.clone(),
            rows,
            batch_size: self.batch_size,
            shuffle: self.shuffle,
            next_epoch: self.next_epoch.clone(),
            device: device.clone(),
        }
    }
}

impl<B> Clone for EpochLoader<B> {
    fn clone(&self) -> Self {
        self.part(self.rows.clone(), &self.device)
    }
}

impl<B: Send + 'static> DataLoader<B> for EpochLoader<B> {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<B> + 'a> {
        let epoch = self.next_epoch.fetch_add(1, Ordering::Relaxed);
        if let Some(seed) = self.shuffle {
            self.device.seed(seed.wrapping_add(epoch as u64));
        }
        Box::new(Epoch {
            loader: self,
            rows: self.order(epoch),
            epoch,
            served: 0,
        })
    }

    fn num_items(&self) -> usize {
        self.rows.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<B>> {
        Arc::new(self.part(self.rows.clone(), device))
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<B>> {
        Arc::new(self.part(self.rows[start..end].to_vec(), &self.device))
    }
}

struct Epoch<'a, B> {
    loader: &'a EpochLoader<B>,
    rows: Vec<usize>,
    epoch: usize,
    served: usize,
}

impl<B> Iterator for Epoch<'_, B> {
    type Item = Result<B, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = (self.served + self.loader.batch_size).min(self.rows.len());
        let rows = &self.rows[self.served..end];
        if rows.is_empty() {
            return None;
        }
        let batch = self
            .loader
            .source
            .batch(rows, self.epoch, &self.loader.device);
        self.served = end;
        Some(batch.map_err(DatasetError::new))
    }
}

impl<B> DataLoaderIterator<B> for Epoch<'_, B> {
    fn progress(&self) -> Progress {
        Progress::new(self.served, self.rows.len(), Some("rows".to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rows;

    impl Source<Vec<usize>> for Rows {
        fn batch(&self, rows: &[usize], _: usize, _: &Device) -> crate::Result<Vec<usize>> {
            Ok(rows.to_vec())
        }
    }

    fn loader(first_epoch: usize) -> EpochLoader<Vec<usize>> {
        EpochLoader::in_order(Arc::new(Rows), (0..23).collect(), 5, &Device::default())
            .shuffled(7, first_epoch)
    }

    fn epoch(loader: &EpochLoader<Vec<usize>>) -> Vec<Vec<usize>> {
        loader.iter().map(Result::unwrap).collect()
    }

    #[test]
    fn an_epoch_serves_every_row_once() {
        let batches = epoch(&loader(1));
        assert_eq!(
            batches.iter().map(Vec::len).collect::<Vec<_>>(),
            [5, 5, 5, 5, 3]
        );
        let mut rows = batches.concat();
        assert_ne!(rows, (0..23).collect::<Vec<_>>());
        rows.sort_unstable();
        assert_eq!(rows, (0..23).collect::<Vec<_>>());
    }

    #[test]
    fn a_loader_started_at_a_later_epoch_continues_the_same_orders() {
        let first = loader(1);
        epoch(&first);
        let second = epoch(&first);
        let third = epoch(&first);
        let resumed = loader(2);
        assert_eq!(epoch(&resumed), second);
        assert_eq!(epoch(&resumed), third);
        assert_ne!(second, third);
    }
}
