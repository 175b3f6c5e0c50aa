//! Images to a feature cache, as an [`ImageStream`].

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};

use crate::data::cache::{CacheWriter, FeatureCache, Fingerprint, Lookup};
use crate::data::image::{ImageStream, Preprocessing};
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
    /// Each image that could not be read in this run, with its row and the reason.
    pub unreadable: Vec<(usize, Error)>,
}

/// Whether a cached row is a feature, and not the mark of an unreadable image.
pub fn is_readable(row: &[f32]) -> bool {
    row.first().is_none_or(|value| !value.is_nan())
}

impl Extraction<'_> {
    /// Runs every image through `network` and writes the cache at `out`, or opens the cache that
    /// is already there if it was made from the same things. An interrupted extraction goes on
    /// where its partial file ends.
    ///
    /// `progress` hears how many rows are done, and of how many, before the first image and after
    /// every batch; it stops the extraction by returning false.
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
        if let Lookup::Fresh(cache) = FeatureCache::find(out, &self.fingerprint)? {
            progress(total, total);
            return Ok(Extracted {
                cache,
                unreadable: Vec::new(),
            });
        }
        let mut writer = CacheWriter::open(out, self.names, self.width, &self.fingerprint)?;
        let allowed = (self.max_unreadable * total as f64).floor() as usize;
        let mut done = writer.next_row();
        let mut unreadable = Vec::new();
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
            if unreadable.len() > allowed {
                return Err(too_many(&unreadable, allowed));
            }
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
}

/// The numbers of a matrix, row after row.
fn rows(matrix: Tensor<2>) -> Vec<f32> {
    matrix.into_data().iter().collect()
}

fn too_many(unreadable: &[(usize, Error)], allowed: usize) -> Error {
    let first = &unreadable[0].1;
    Error::Argument {
        what: "the images".into(),
        expected: format!("at most {allowed} that cannot be read"),
        found: format!("{}, the first of them {first}", unreadable.len()),
    }
}
