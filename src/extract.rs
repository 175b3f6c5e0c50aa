//! Images to a feature cache, as an [`ImageStream`].

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};

use crate::data::cache::{CacheWriter, FeatureCache, Fingerprint, Lookup};
use crate::data::image::{self, ImageLimits, ImageStream, Preprocessing};
use crate::{Error, Result};

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
    /// `progress` hears how many rows are done, and of how many, before the first image and after
    /// every batch; it stops the extraction by returning false.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if stopped; [`Error::Unreadable`] if more than the allowed share of
    /// images is; [`Error::Io`] if the cache cannot be written.
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
                    CacheWriter::tidy(out, self.names, self.width, &self.fingerprint)?;
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
        let absent = vec![f32::NAN; self.width];
        if !progress(done, total) {
            return Err(Error::Interrupted);
        }
        let stream = ImageStream {
            mirrored: self.mirrored,
            batch_size: self.batch_size,
            ..ImageStream::new(&self.images[done..], self.preprocessing.clone())
        };
        stream.for_each(|mut batch| {
            let features = match batch.take_input(device) {
                Some(input) => rows(network(input)),
                None => Vec::new(),
            };
            for feature in batch.join(features.chunks_exact(self.width)) {
                match feature {
                    Ok(feature) => writer.push(feature)?,
                    Err(error) => {
                        writer.push(&absent)?;
                        unreadable.push((done, error));
                    }
                }
                done += 1;
            }
            check_unreadable(&unreadable, total, self.max_unreadable)?;
            match progress(done, total) {
                true => Ok(()),
                false => Err(Error::Interrupted),
            }
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
}

/// The numbers of a matrix, row after row.
fn rows(matrix: Tensor<2>) -> Vec<f32> {
    matrix.into_data().iter().collect()
}

/// Whether no more of `images` images are unreadable than the share `allowed`.
pub(crate) fn check_unreadable(
    unreadable: &[(usize, Error)],
    images: usize,
    allowed: f64,
) -> Result<()> {
    let allowed = (allowed * images as f64).floor() as usize;
    if unreadable.len() <= allowed {
        return Ok(());
    }
    let first = unreadable.iter().take(3);
    Err(Error::Unreadable {
        allowed,
        count: unreadable.len(),
        first: first.map(|(_, error)| error.to_string()).collect(),
    })
}
