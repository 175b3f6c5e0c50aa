//! Batches from cached features and from image files.

use std::path::PathBuf;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::batch::{FeatureBatch, ImageBatch, LabelBatch};
use super::loader::Source;
use super::mixup::Mixup;
use super::weighting::Weighting;
use crate::data::cache::FeatureCache;
use crate::data::image::{self, AugmentationConfig, ImageLimits, Preprocessing};
use crate::extract::check_unreadable;
use crate::label::Vocabulary;
use crate::{Error, Labels, Result};

/// A split's features in one or two variants (as is, mirrored), with the labels of its rows.
pub struct FeatureSource {
    /// The variants; an epoch shows each row in one of them.
    pub(super) variants: Vec<Arc<FeatureCache>>,
    /// Per variant, the frozen action-unit branch's scores, row after row.
    pub(super) action_units: Option<Vec<Vec<f32>>>,
    pub(super) labels: Arc<Vec<Labels>>,
    pub(super) weighting: Weighting,
    /// Of the labels' vocabulary.
    pub(super) units: usize,
    /// The channels of maps of which a batch has the mean of their tokens.
    pub(super) pool: Option<usize>,
    pub(super) seed: u64,
}

impl FeatureSource {
    /// Rows of `variants`, which hold the same rows each, with the labels of each row, which are in
    /// the order of `vocabulary`. `seed`
    /// decides which epoch shows a row in which variant.
    ///
    /// # Panics
    /// If there is no variant, or one has another number of rows than there are labels.
    pub fn new(
        variants: Vec<Arc<FeatureCache>>,
        labels: Arc<Vec<Labels>>,
        vocabulary: &Vocabulary,
        seed: u64,
    ) -> Self {
        assert!(!variants.is_empty(), "at least one variant");
        let rows = |cache: &Arc<FeatureCache>| cache.rows() == labels.len();
        assert!(variants.iter().all(rows), "as many rows as labels");
        Self {
            variants,
            action_units: None,
            labels,
            weighting: Weighting::default(),
            units: vocabulary.action_units.len(),
            pool: None,
            seed,
        }
    }

    /// The variant that `epoch` shows of `row`: drawn anew each epoch, from the seed alone.
    fn variant(&self, row: usize, epoch: usize) -> usize {
        if self.variants.len() == 1 {
            return 0;
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(epoch as u64);
        // One block of the stream a row.
        random.set_word_pos(row as u128 * 16);
        (random.next_u32() as usize) % self.variants.len()
    }
}

impl Source<FeatureBatch> for FeatureSource {
    fn batch(&self, rows: &[usize], epoch: usize, device: &Device) -> Result<FeatureBatch> {
        let width = self.pool.unwrap_or(self.variants[0].width());
        let mut features = Vec::with_capacity(rows.len() * width);
        let mut action_units = Vec::with_capacity(rows.len() * self.units);
        for &row in rows {
            let variant = self.variant(row, epoch);
            let feature = self.variants[variant].row(row);
            match self.pool {
                None => features.extend_from_slice(feature),
                Some(channels) => features.extend(mean(feature, channels)),
            }
            if let Some(scores) = &self.action_units {
                let start = row * self.units;
                action_units.extend_from_slice(&scores[variant][start..start + self.units]);
            }
        }
        let labels: Vec<_> = rows.iter().map(|&row| self.labels[row].clone()).collect();
        Ok(FeatureBatch {
            features: Tensor::from_data(TensorData::new(features, [rows.len(), width]), device),
            action_units: self.action_units.as_ref().map(|_| {
                Tensor::from_data(
                    TensorData::new(action_units, [rows.len(), self.units]),
                    device,
                )
            }),
            targets: LabelBatch::new(&labels, self.units, device)
                .with_weights(self.weighting.of(rows).as_deref()),
            labels,
            share: 1.0,
        })
    }

    fn weight(&self, row: usize) -> f64 {
        self.weighting.weight(row)
    }

    fn chance(&self, row: usize) -> f64 {
        self.weighting.chance(row)
    }

    fn name(&self, row: usize) -> String {
        match self.variants[0].names() {
            Some(names) => names[row].clone(),
            None => format!("row {row}"),
        }
    }

    fn class(&self, row: usize) -> Option<usize> {
        self.labels[row].expression
    }
}

/// The mean of the tokens of a map.
fn mean(map: &[f32], channels: usize) -> Vec<f32> {
    let mut sums = vec![0.0; channels];
    for token in map.chunks_exact(channels) {
        for (sum, value) in sums.iter_mut().zip(token) {
            *sum += value;
        }
    }
    let count = (map.len() / channels) as f32;
    sums.iter_mut().for_each(|sum| *sum /= count);
    sums
}

/// A split's image files, augmented when training, with the labels of its rows.
pub(super) struct ImageSource {
    pub(super) images: Arc<Vec<PathBuf>>,
    pub(super) labels: Arc<Vec<Labels>>,
    pub(super) weighting: Weighting,
    /// Of the labels' vocabulary.
    pub(super) units: usize,
    pub(super) preprocessing: Preprocessing,
    pub(super) augmentation: Option<AugmentationConfig>,
    pub(super) mixup: Option<Mixup>,
    pub(super) seed: u64,
}

impl Source<ImageBatch> for ImageSource {
    fn batch(&self, rows: &[usize], epoch: usize, device: &Device) -> Result<ImageBatch> {
        let limits = ImageLimits::default();
        let decoded: Vec<Result<_>> = rows
            .par_iter()
            .map(|&row| {
                let image = image::read(&self.images[row], &limits)?;
                Ok(match &self.augmentation {
                    Some(augmentation) => {
                        let seed = self.seed.wrapping_add(epoch as u64);
                        augmentation.apply(&image, self.preprocessing.size, seed, row as u64)
                    }
                    None => image,
                })
            })
            .collect();
        // An unreadable image leaves the batch; the extraction that follows reports and counts it.
        let mut images = Vec::with_capacity(rows.len());
        let mut kept = Vec::with_capacity(rows.len());
        let mut failure = None;
        for (&row, image) in rows.iter().zip(decoded) {
            match image {
                Ok(image) => {
                    images.push(image);
                    kept.push(row);
                }
                Err(error) => failure = Some(error),
            }
        }
        if let (true, Some(failure)) = (images.is_empty(), failure) {
            return Err(failure);
        }
        let labels: Vec<_> = kept.iter().map(|&row| self.labels[row].clone()).collect();
        let weights = self.weighting.of(&kept);
        let weights = weights.as_deref();
        let images = self.preprocessing.batch(&images, device);
        let (images, mixture) = match (&self.mixup, rows.first()) {
            (Some(mixup), Some(&first)) => {
                let place = (epoch, first);
                let (images, mixture) = mixup.mix(images, &labels, weights, self.units, place);
                (images, Some(mixture))
            }
            _ => (images, None),
        };
        Ok(ImageBatch {
            images,
            mixture,
            targets: LabelBatch::new(&labels, self.units, device).with_weights(weights),
            labels,
            share: 1.0,
        })
    }

    fn weight(&self, row: usize) -> f64 {
        self.weighting.weight(row)
    }

    fn chance(&self, row: usize) -> f64 {
        self.weighting.chance(row)
    }

    fn name(&self, row: usize) -> String {
        self.images[row].display().to_string()
    }

    fn class(&self, row: usize) -> Option<usize> {
        self.labels[row].expression
    }
}

/// Whether each image can be read. Those that cannot are counted before a long training; the
/// extraction behind it names each.
///
/// # Errors
/// [`Error::Unreadable`] if more than the share `allowed` cannot.
pub(super) fn readable(images: &[PathBuf], allowed: f64) -> Result<Vec<bool>> {
    let limits = ImageLimits::default();
    let unreadable: Vec<(usize, Error)> = images
        .par_iter()
        .enumerate()
        .filter_map(|(row, path)| Some((row, image::read(path, &limits).err()?)))
        .collect();
    check_unreadable(
        unreadable.iter().map(|(_, error)| error),
        images.len(),
        allowed,
    )?;
    let mut readable = vec![true; images.len()];
    for (row, _) in unreadable {
        readable[row] = false;
    }
    Ok(readable)
}
