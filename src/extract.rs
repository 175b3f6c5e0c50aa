//! Images to a feature cache, as an [`ImageStream`].
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let folder = folder.path();
//! # let image = countenance::data::image::RgbImage::new(20, 16);
//! # image.save(folder.join("face.png")).unwrap();
//! use burn::tensor::Device;
//! use countenance::backbone::{EfficientNetConfig, Variant};
//! use countenance::data::cache::Fingerprint;
//! use countenance::data::folder::ImageFolder;
//! use countenance::extract::Extraction;
//!
//! let config = EfficientNetConfig::new(Variant::Tiny);
//! let device = Device::default();
//! let network = config.init(&device);
//! let images = ImageFolder::list(folder)?;
//! let names = images.names();
//! let extraction = Extraction {
//!     names: &names,
//!     images: &images.images,
//!     mirrored: false,
//!     preprocessing: config.preprocessing(),
//!     batch_size: 32,
//!     width: config.feature_width(),
//!     fingerprint: Fingerprint::builder().rows(&names).build(),
//!     max_unreadable: 0.0,
//! };
//! let out = folder.join("features.safetensors");
//! let run = |images| network.forward_features(images);
//! let extracted = extraction.run(run, &out, &device, &mut |_, _| true)?;
//! assert_eq!((extracted.cache.rows(), extracted.cache.width()), (1, 192));
//! # Ok::<(), countenance::Error>(())
//! ```

mod origin;

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};

use crate::data::cache::{CacheWriter, FeatureCache, Fingerprint, Lookup, is_absent};
use crate::data::image::{self, ImageLimits, ImageStream, Preprocessing};
use crate::finite::NotFiniteScore;
use crate::{Error, Result};

pub use self::origin::{Origin, Recognition};

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

impl Extracted {
    /// A line about the images that could not be read, if there are any.
    pub fn left_out(&self) -> Option<String> {
        summary("left out", self.unreadable.iter().map(|(_, error)| error))
    }
}

/// A line about what happened to images, `done`, for one of `reasons` each: how many they are, and
/// the first three; nothing if there are none.
pub fn summary<R: std::fmt::Display>(
    done: &str,
    reasons: impl ExactSizeIterator<Item = R>,
) -> Option<String> {
    const SHOWN: usize = 3;
    let count = match reasons.len() {
        0 => return None,
        1 => "1 image".to_string(),
        count => format!("{count} images"),
    };
    let link = if reasons.len() > SHOWN {
        ", such as"
    } else {
        ":"
    };
    let first: Vec<String> = reasons.take(SHOWN).map(|one| one.to_string()).collect();
    Some(format!("{done}: {count}{link} {}", first.join("; ")))
}

/// Whether a cached row is a feature, and not the mark of an unreadable image.
pub fn is_readable(row: &[f32]) -> bool {
    !is_absent(row)
}

impl Extraction<'_> {
    /// What [`run`](Self::run) would make anew at `out`, for telling people before it takes its time:
    /// a cache that was made otherwise, and how, or the beginning of one. Nothing if there is none, or
    /// what is there is this one's.
    ///
    /// # Errors
    /// As [`FeatureCache::find`].
    pub fn replaces(&self, out: &Path) -> Result<Option<String>> {
        let found = match FeatureCache::find(out, &self.fingerprint)? {
            Lookup::Fresh(_) => return Ok(None),
            Lookup::Stale(found) => found,
            Lookup::Absent => {
                let other = CacheWriter::discards(out, self.names, self.width, &self.fingerprint)?;
                return Ok(other.then(|| "the beginning of another cache".to_string()));
            }
        };
        let old = FeatureCache::open(out)?;
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        let moved = old
            .names()
            .is_some_and(|old| old != self.names && sorted(old) == sorted(self.names));
        Ok(Some(match moved {
            true => format!("{found}, the same rows in another order"),
            false => found,
        }))
    }

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
    /// images is; [`Error::NotFiniteScore`] that names the image whose feature is not finite;
    /// [`Error::Io`] if the cache cannot be written.
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
                    check_unreadable(
                        unreadable.iter().map(|(_, error)| error),
                        total,
                        self.max_unreadable,
                    )?;
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
        check_unreadable(
            unreadable.iter().map(|(_, error)| error),
            total,
            self.max_unreadable,
        )?;
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
                    Ok(feature) => {
                        let image = || self.images[done].display().to_string();
                        NotFiniteScore::in_feature(feature).map_err(|found| found.of(image()))?;
                        writer.push(feature)?;
                    }
                    Err(error) => {
                        writer.push(&absent)?;
                        unreadable.push((done, error));
                    }
                }
                done += 1;
            }
            check_unreadable(
                unreadable.iter().map(|(_, error)| error),
                total,
                self.max_unreadable,
            )?;
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

/// Whether no more of `images` images are unreadable than the share `allowed`, from 0 to 1;
/// `unreadable` is what each such image was refused for.
///
/// # Errors
/// [`Error::Unreadable`] with the first three of them if there are more.
pub fn check_unreadable<'a>(
    unreadable: impl ExactSizeIterator<Item = &'a Error>,
    images: usize,
    allowed: f64,
) -> Result<()> {
    let allowed = (allowed * images as f64).floor() as usize;
    let count = unreadable.len();
    if count <= allowed {
        return Ok(());
    }
    Err(Error::Unreadable {
        allowed,
        count,
        first: unreadable.take(3).map(ToString::to_string).collect(),
    })
}

#[cfg(test)]
mod tests {
    use ::image::RgbImage;

    use super::*;

    #[test]
    fn a_feature_that_is_not_finite_names_its_image_and_leaves_no_cache() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..5).map(|image| format!("{image}.png")).collect();
        let images: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        for (shade, image) in images.iter().enumerate() {
            let grey = ::image::Rgb([40 * shade as u8; 3]);
            RgbImage::from_pixel(4, 4, grey).save(image).unwrap();
        }
        std::fs::write(&images[1], b"not an image").unwrap();
        let extraction = Extraction {
            names: &names,
            images: &images,
            mirrored: false,
            preprocessing: Preprocessing::imagenet(4),
            batch_size: 2,
            width: 3,
            fingerprint: Fingerprint::builder().build(),
            max_unreadable: 0.5,
        };
        let out = folder.path().join("features.safetensors");
        // The brightest images overflow: of 5 images, the last two.
        let run = |limit: f32| {
            let network = |images: Tensor<4>| {
                let mean = images.mean_dim(3).mean_dim(2).reshape([-1, 3]);
                mean.clone()
                    .mask_fill(mean.greater_equal_scalar(limit), f32::INFINITY)
            };
            extraction.run(network, &out, &Device::default(), &mut |_, _| true)
        };
        for value in [0.1, -0.2] {
            let error = run(value).unwrap_err();
            assert!(matches!(error, Error::NotFiniteScore { .. }), "{error}");
            let error = error.to_string();
            assert!(error.starts_with(&*images[3].to_string_lossy()), "{error}");
            assert!(
                error.contains("feature ") && error.contains("is inf"),
                "{error}"
            );
            assert!(!out.exists());
        }
        let cache = run(f32::MAX).unwrap().cache;
        let readable: Vec<bool> = (0..5).map(|row| is_readable(cache.row(row))).collect();
        assert_eq!(readable, [true, false, true, true, true]);
    }

    #[test]
    fn many_images_are_one_line_with_three_of_them() {
        let line = |count: usize| {
            let names = (0..count).map(|number| format!("{number}.jpg"));
            summary("left out", names)
        };
        assert_eq!(line(0), None);
        assert_eq!(line(1).unwrap(), "left out: 1 image: 0.jpg");
        assert_eq!(line(3).unwrap(), "left out: 3 images: 0.jpg; 1.jpg; 2.jpg");
        assert_eq!(
            line(3000).unwrap(),
            "left out: 3000 images, such as 0.jpg; 1.jpg; 2.jpg"
        );
    }
}
