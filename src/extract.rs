//! Images to a feature cache: decoding and inference overlap, order is kept, memory is bounded.

use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use ::image::RgbImage;
use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use crate::data::cache::{CacheWriter, FeatureCache, Fingerprint, Lookup};
use crate::data::image::{self, ImageLimits, Preprocessing};
use crate::{Error, Result};

/// Batches that wait decoded while one is in the network.
const AHEAD: usize = 2;

/// What to extract, from where, to where.
#[derive(Debug)]
pub struct Extraction<'a> {
    /// The rows' names, in the cache's order.
    pub names: &'a [String],
    /// The rows' files, in the same order.
    pub images: &'a [PathBuf],
    /// Whether each image is mirrored first.
    pub mirrored: bool,
    /// How an image is brought to what the network reads.
    pub preprocessing: Preprocessing,
    /// Images in a batch; at least 1. Only speed and memory depend on it.
    pub batch_size: usize,
    /// Width of a feature.
    pub width: usize,
    /// What the cache is made from.
    pub fingerprint: Fingerprint,
    /// The largest share of images that may be unreadable, in [0, 1].
    pub max_unreadable: f64,
}

/// What an extraction left.
#[derive(Debug)]
pub struct Extracted {
    /// The finished cache. The row of an unreadable image holds NaN throughout.
    pub cache: FeatureCache,
    /// Each image that could not be read, with its row and the reason.
    pub unreadable: Vec<(usize, Error)>,
}

/// Whether a cached row is a feature, and not the mark of an unreadable image.
pub fn is_readable(row: &[f32]) -> bool {
    row.first().is_none_or(|value| !value.is_nan())
}

impl Extraction<'_> {
    /// Runs every image through `network` and writes the cache at `out`, or opens the cache that
    /// is already there if it was made from the same things. An interrupted extraction goes on
    /// where its partial file ends. Images that could not be read then are tried again, and the
    /// rows are made again from the first one that now can.
    ///
    /// `progress` hears how many rows are done, and of how many; it stops the extraction by
    /// returning false.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if stopped; [`Error::Argument`] if more than the allowed share of
    /// images is unreadable; [`Error::Io`] if the cache cannot be written.
    pub fn run(
        &self,
        network: impl Fn(Tensor<4>) -> Tensor<2>,
        out: &Path,
        device: &Device,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Extracted> {
        let total = self.images.len();
        match FeatureCache::find(out, &self.fingerprint)? {
            Lookup::Fresh(cache) if (cache.rows(), cache.width()) == (total, self.width) => {
                let marked = (0..total).filter(|&row| !is_readable(cache.row(row)));
                if let Ok(unreadable) = self.still_unreadable(marked) {
                    check_unreadable(&unreadable, total, self.max_unreadable)?;
                    return match progress(total, total) {
                        true => Ok(Extracted { cache, unreadable }),
                        false => Err(Error::Interrupted),
                    };
                }
            }
            Lookup::Fresh(_) | Lookup::Stale(_) | Lookup::Absent => {}
        }
        let mut writer = CacheWriter::open(out, self.names, self.width, &self.fingerprint)?;
        let mut unreadable = loop {
            let marked = writer.saved_rows(|row| !is_readable(row))?;
            match self.still_unreadable(marked) {
                Ok(unreadable) => break unreadable,
                Err(row) => writer.rewind(row)?,
            }
        };
        check_unreadable(&unreadable, total, self.max_unreadable)?;
        let mut done = writer.next_row();
        let limits = ImageLimits::default();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            let remaining = &self.images[done..];
            scope.spawn(move || {
                for paths in remaining.chunks(self.batch_size) {
                    let images: Vec<_> = paths
                        .par_iter()
                        .map(|path| self.decode(path, &limits))
                        .collect();
                    // The receiver is gone once the extraction has stopped.
                    if sender.send(images).is_err() {
                        return;
                    }
                }
            });
            for batch in receiver {
                let features = self.features(&network, &batch, device);
                writer.push(&features)?;
                for (row, image) in batch.into_iter().enumerate() {
                    if let Err(error) = image {
                        unreadable.push((done + row, error));
                    }
                }
                done += features.len() / self.width;
                check_unreadable(&unreadable, total, self.max_unreadable)?;
                if !progress(done, total) {
                    return Err(Error::Interrupted);
                }
            }
            Ok(())
        })?;
        Ok(Extracted {
            cache: writer.finish()?,
            unreadable,
        })
    }

    /// Why each of `rows`, unreadable before, still is; or the first one that no longer is.
    fn still_unreadable(
        &self,
        rows: impl IntoIterator<Item = usize>,
    ) -> Result<Vec<(usize, Error)>, usize> {
        let limits = ImageLimits::default();
        rows.into_iter()
            .map(|row| match image::read(&self.images[row], &limits) {
                Ok(_) => Err(row),
                Err(error) => Ok((row, error)),
            })
            .collect()
    }

    fn decode(&self, path: &Path, limits: &ImageLimits) -> Result<RgbImage> {
        let mut image = image::read(path, limits)?;
        if self.mirrored {
            ::image::imageops::flip_horizontal_in_place(&mut image);
        }
        Ok(image)
    }

    fn features(
        &self,
        network: impl Fn(Tensor<4>) -> Tensor<2>,
        batch: &[Result<RgbImage>],
        device: &Device,
    ) -> Vec<f32> {
        let readable: Vec<_> = batch.iter().flatten().cloned().collect();
        let computed: Vec<f32> = match readable.is_empty() {
            true => Vec::new(),
            false => network(self.preprocessing.batch(&readable, device))
                .into_data()
                .iter()
                .collect(),
        };
        let mut computed = computed.chunks_exact(self.width);
        let unreadable = vec![f32::NAN; self.width];
        batch
            .iter()
            .flat_map(|image| match image {
                Ok(_) => computed.next().expect("the network returns a row an image"),
                Err(_) => &unreadable[..],
            })
            .copied()
            .collect()
    }
}

/// Whether no more of `images` images are unreadable than the share `allowed`.
pub(crate) fn check_unreadable(
    unreadable: &[(usize, Error)],
    images: usize,
    allowed: f64,
) -> Result<()> {
    let allowed = (allowed * images as f64).floor() as usize;
    match unreadable {
        [(_, first), ..] if unreadable.len() > allowed => Err(Error::Argument {
            what: "the images".into(),
            expected: format!("at most {allowed} that cannot be read"),
            found: format!("{}, the first of them {first}", unreadable.len()),
        }),
        _ => Ok(()),
    }
}
