//! A data loader whose order is a function of the seed and the epoch alone.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::balance::Chances;

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

    /// The class that `row` is balanced by; none unless the source knows better.
    fn class(&self, _row: usize) -> Option<usize> {
        None
    }

    /// How much `row` counts in the loss of its batch, above 0; 1 unless the source knows better.
    fn weight(&self, _row: usize) -> f64 {
        1.0
    }

    /// How likely `row` is to be drawn among the rows of its class, above 0; 1 unless the source knows
    /// better.
    fn chance(&self, _row: usize) -> f64 {
        1.0
    }
}

/// A batch that may be one device's part of the rows of a step.
pub trait Portion {
    /// The same batch, known to hold this share of what the step's rows count, in (0, 1].
    fn with_share(self, share: f64) -> Self;
}

/// Serves a source's rows in batches, in a fresh order every epoch.
///
/// A [slice](DataLoader::slice) serves its part of every batch, and knows the part's share of the
/// rows: several devices together see the very batches that one would.
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
    /// The part of every batch that is served, in rows of the whole set.
    part: Range<usize>,
    shuffle: Option<u64>,
    /// Of rows that are drawn with replacement.
    chances: Option<Arc<Chances>>,
    next_epoch: AtomicUsize,
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
            part: 0..rows.len(),
            rows,
            batch_size,
            shuffle: None,
            chances: None,
            next_epoch: AtomicUsize::new(1),
            device: device.clone(),
        }
    }

    /// Shuffles every epoch from `seed`, beginning with the epoch numbered `first_epoch`.
    pub fn shuffled(mut self, seed: u64, first_epoch: usize) -> Self {
        self.shuffle = Some(seed);
        self.next_epoch = AtomicUsize::new(first_epoch);
        self
    }

    /// Draws as many rows as there are, with replacement: each [class](Source::class) is as likely
    /// as any other, each row of it by its [chance](Source::chance) among those of it, and the rows without
    /// a class are as likely, all together, as they would be otherwise. Without [`shuffled`](Self::shuffled) it
    /// changes nothing.
    pub fn balanced(mut self) -> Self {
        let rows = self.rows.iter();
        let rows = rows.map(|&row| (self.source.class(row), self.source.chance(row)));
        let chances = Chances::of(&rows.collect::<Vec<_>>());
        self.chances = Some(Arc::new(chances));
        self
    }

    /// Number of batches in an epoch.
    pub fn batches(&self) -> usize {
        self.rows.len().div_ceil(self.batch_size)
    }

    /// Number of rows of an epoch that this part serves.
    fn items(&self) -> usize {
        let starts = (0..self.rows.len()).step_by(self.batch_size);
        starts.map(|start| self.batch(start).1.len()).sum()
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
        let Some(seed) = self.shuffle else {
            return rows;
        };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(epoch as u64);
        match &self.chances {
            None => rows.shuffle(&mut random),
            Some(chances) => rows.fill_with(|| self.rows[chances.draw(&mut random)]),
        }
        rows
    }

    fn with(&self, part: Range<usize>, device: &Device) -> Self {
        Self {
            source: self.source.clone(),
            rows: self.rows.clone(),
            batch_size: self.batch_size,
            part,
            shuffle: self.shuffle,
            chances: self.chances.clone(),
            // Each device counts for itself.
            next_epoch: AtomicUsize::new(self.next_epoch.load(Ordering::Relaxed)),
            device: device.clone(),
        }
    }

    /// The rows of the batch that starts at `start`, and which of them this part serves.
    fn batch(&self, start: usize) -> (Range<usize>, Range<usize>) {
        let total = self.rows.len();
        let batch = start..(start + self.batch_size).min(total);
        let bound = |row: usize| match total {
            0 => 0,
            _ => start + batch.len() * row / total,
        };
        let served = bound(self.part.start)..bound(self.part.end);
        (batch, served)
    }
}

impl<B> Clone for EpochLoader<B> {
    fn clone(&self) -> Self {
        self.with(self.part.clone(), &self.device)
    }
}

impl<B: Portion + Send + 'static> DataLoader<B> for EpochLoader<B> {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<B> + 'a> {
        let epoch = self.next_epoch.fetch_add(1, Ordering::Relaxed);
        if let Some(seed) = self.shuffle {
            self.device.seed(seed.wrapping_add(epoch as u64));
        }
        Box::new(Epoch {
            loader: self,
            rows: self.order(epoch),
            epoch,
            start: 0,
            served: 0,
        })
    }

    fn num_items(&self) -> usize {
        self.items()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<B>> {
        Arc::new(self.with(self.part.clone(), device))
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<B>> {
        let first = self.part.start;
        Arc::new(self.with(first + start..first + end, &self.device))
    }
}

struct Epoch<'a, B> {
    loader: &'a EpochLoader<B>,
    rows: Vec<usize>,
    epoch: usize,
    /// Where the next batch starts.
    start: usize,
    served: usize,
}

impl<B: Portion> Iterator for Epoch<'_, B> {
    type Item = Result<B, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.start < self.rows.len() {
            let (batch, served) = self.loader.batch(self.start);
            self.start = batch.end;
            if served.is_empty() {
                continue;
            }
            let loader = self.loader;
            let count =
                |rows: &[usize]| -> f64 { rows.iter().map(|&row| loader.source.weight(row)).sum() };
            self.served += served.len();
            let rows = &self.rows[served];
            let share = count(rows) / count(&self.rows[batch]);
            let batch = loader.source.batch(rows, self.epoch, &loader.device);
            return Some(
                batch
                    .map(|batch| batch.with_share(share))
                    .map_err(DatasetError::new),
            );
        }
        None
    }
}

impl<B: Portion> DataLoaderIterator<B> for Epoch<'_, B> {
    fn progress(&self) -> Progress {
        Progress::new(self.served, self.loader.items(), Some("rows".to_string()))
    }
}

#[cfg(test)]
mod tests {
    use burn::data::dataloader::split::split_dataloader;

    use super::*;

    struct Rows;

    /// The rows of a batch, and its share of a step.
    #[derive(Clone, Debug, PartialEq)]
    struct Batch(Vec<usize>, f64);

    impl Portion for Batch {
        fn with_share(self, share: f64) -> Self {
            Self(self.0, share)
        }
    }

    impl Source<Batch> for Rows {
        fn batch(&self, rows: &[usize], _: usize, _: &Device) -> crate::Result<Batch> {
            Ok(Batch(rows.to_vec(), f64::NAN))
        }

        /// Every fourth row has none; of the others three have class 7, the rest class 2.
        fn class(&self, row: usize) -> Option<usize> {
            match row % 4 {
                0 => None,
                _ if row < 4 => Some(7),
                _ => Some(2),
            }
        }
    }

    fn loader(first_epoch: usize) -> EpochLoader<Batch> {
        EpochLoader::in_order(Arc::new(Rows), (0..23).collect(), 5, &Device::default())
            .shuffled(7, first_epoch)
    }

    fn epoch(loader: &EpochLoader<Batch>) -> Vec<Vec<usize>> {
        let batches = loader.iter().map(Result::unwrap);
        batches.map(|Batch(rows, _)| rows).collect()
    }

    #[test]
    fn devices_share_the_very_batches_of_one() {
        let expected = [1, 2].map(|first| epoch(&loader(first)));
        for devices in 1..=7 {
            let whole: Arc<dyn DataLoader<Batch>> = Arc::new(loader(1));
            let parts = split_dataloader(whole, &vec![Device::default(); devices]);
            let items: usize = parts.iter().map(|part| part.num_items()).sum();
            assert_eq!(items, 23);
            for expected in &expected {
                // Small parts may have no row of a small batch, so batches are told by their rows.
                let mut batches = vec![(Vec::new(), 0.0); expected.len()];
                for part in &parts {
                    let mut iterator = part.iter();
                    for batch in iterator.by_ref() {
                        let Batch(rows, share) = batch.unwrap();
                        let number = expected
                            .iter()
                            .position(|whole| whole.contains(&rows[0]))
                            .unwrap();
                        assert_eq!(share, rows.len() as f64 / expected[number].len() as f64);
                        batches[number].0.extend(rows);
                        batches[number].1 += share;
                    }
                    assert!(iterator.progress().is_completed());
                }
                for ((rows, share), expected) in batches.iter().zip(expected) {
                    assert_eq!(rows, expected, "{devices} devices");
                    assert!((share - 1.0).abs() < 1e-12);
                }
            }
        }
    }

    /// The same rows, of which every third counts as four others.
    struct Weighed;

    impl Source<Batch> for Weighed {
        fn batch(&self, rows: &[usize], epoch: usize, device: &Device) -> crate::Result<Batch> {
            Rows.batch(rows, epoch, device)
        }

        fn weight(&self, row: usize) -> f64 {
            if row.is_multiple_of(3) { 4.0 } else { 1.0 }
        }
    }

    #[test]
    fn a_devices_share_is_what_its_rows_count() {
        let rows: Vec<usize> = (0..23).collect();
        let count = |rows: &[usize]| rows.iter().map(|&row| Weighed.weight(row)).sum::<f64>();
        let device = Device::default();
        let whole: EpochLoader<Batch> =
            EpochLoader::in_order(Arc::new(Weighed), rows.clone(), 5, &device);
        let part = whole.slice(0, 12);
        let batches: Vec<Batch> = part.iter().map(Result::unwrap).collect();
        assert_eq!(batches[0], Batch(vec![0, 1], 5.0 / 11.0));
        for (Batch(served, share), whole) in batches.iter().zip(rows.chunks(5)) {
            assert_eq!(*share, count(served) / count(whole));
        }
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
    fn balanced_rows_come_as_often_as_their_class_says() {
        let loader = |first| loader(first).balanced();
        let (epochs, rows) = (4_000, 23);
        let first = loader(1);
        let drawn: Vec<Vec<usize>> = (1..=epochs).map(|epoch| first.order(epoch)).collect();
        assert!(drawn.iter().all(|order| order.len() == rows));
        // Six rows without a class, three of class 7, fourteen of class 2.
        let total = (epochs * rows) as f64;
        for row in 0..rows {
            let expected = match Rows.class(row) {
                None => 1.0 / 23.0,
                Some(7) => 17.0 / 2.0 / 3.0 / 23.0,
                Some(_) => 17.0 / 2.0 / 14.0 / 23.0,
            };
            let found = drawn
                .iter()
                .flatten()
                .filter(|&&drawn| drawn == row)
                .count() as f64;
            // Five standard deviations.
            let bound = 5.0 * (total * expected * (1.0 - expected)).sqrt();
            let expected = total * expected;
            assert!(
                (found - expected).abs() < bound,
                "row {row}: {found} not {expected}"
            );
        }
        assert_eq!(first.order(3), loader(2).order(3));
        assert_ne!(first.order(3), first.order(4));
        // Devices share the rows that one would see.
        let (one, part) = (epoch(&loader(5)), loader(5));
        let part = part
            .slice(0, 12)
            .iter()
            .map(Result::unwrap)
            .collect::<Vec<_>>();
        assert!(
            part.iter()
                .zip(&one)
                .all(|(part, one)| one.starts_with(&part.0))
        );
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
