//! Image files to network input, batch by batch, read ahead of their use.

use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::{ImageLimits, Preprocessing, read};
use crate::{Error, Result};

/// Image files that are decoded, resized and normalised while the network works on the ones before
/// them.
///
/// Order is kept. Reading shares the threads of the current rayon pool with whatever else runs on
/// them: each core takes up an image where it has nothing else to do. One batch is in use while the
/// next one is made or waits, however many images there are; an image itself stays only until it is
/// resized.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let face = folder.path().join("face.png");
/// # countenance::data::image::RgbImage::new(112, 112).save(&face).unwrap();
/// use burn::tensor::Device;
/// use countenance::data::image::{ImageStream, Preprocessing};
///
/// let images = [face, "no such file.jpg".into()];
/// ImageStream::new(&images, Preprocessing::imagenet(224)).for_each(|mut batch| {
///     let input = batch.take_input(&Device::default()).unwrap();
///     assert_eq!(input.dims(), [1, 3, 224, 224]);
///     let results: Vec<_> = batch.join(["a face"]).collect();
///     assert!(results[0].is_ok() && results[1].is_err());
///     Ok(())
/// })?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageStream<'a> {
    /// The files, in order.
    pub images: &'a [PathBuf],
    /// How an image is brought to what each of the networks reads; at least one way.
    pub preprocessings: Vec<Preprocessing>,
    /// Whether each image is mirrored first. Default: no.
    pub mirrored: bool,
    /// Images in a batch, at least 1; only speed and memory depend on it. Default: 32.
    pub batch_size: usize,
    /// What a file may cost. Default: [`ImageLimits::new`].
    pub limits: ImageLimits,
}

/// The next images of an [`ImageStream`].
#[derive(Debug)]
pub struct DecodedBatch {
    /// Of each readable image its input for each of the networks, one after the other.
    values: Vec<f32>,
    /// The sides of the networks' inputs.
    sizes: Vec<usize>,
    /// For each image, why it cannot be read.
    errors: Vec<Option<Error>>,
}

impl<'a> ImageStream<'a> {
    /// A stream of `images` for one network, with the defaults.
    pub fn new(images: &'a [PathBuf], preprocessing: Preprocessing) -> Self {
        Self::of_several(images, vec![preprocessing])
    }

    /// A stream of `images` for several networks: each image is decoded once.
    pub fn of_several(images: &'a [PathBuf], preprocessings: Vec<Preprocessing>) -> Self {
        Self {
            images,
            preprocessings,
            mirrored: false,
            batch_size: 32,
            limits: ImageLimits::new(),
        }
    }

    /// Calls `work` with one batch after another, until there are no more or it fails.
    ///
    /// # Errors
    /// What `work` returns; an image that cannot be read is no error of the stream.
    ///
    /// # Panics
    /// If there is no preprocessing, or `batch_size` or a preprocessing's size is 0.
    pub fn for_each(&self, mut work: impl FnMut(DecodedBatch) -> Result<()>) -> Result<()> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(0);
            scope.spawn(move || {
                for images in self.images.chunks(self.batch_size) {
                    // The receiver is gone once `work` has failed.
                    if sender.send(self.batch(images)).is_err() {
                        return;
                    }
                }
            });
            receiver.into_iter().try_for_each(&mut work)
        })
    }

    fn batch(&self, images: &[PathBuf]) -> DecodedBatch {
        let sizes: Vec<usize> = self.preprocessings.iter().map(|one| one.size).collect();
        let each = sizes.iter().copied().map(numbers).sum();
        let mut values = vec![0.0; images.len() * each];
        let errors: Vec<_> = values
            .par_chunks_exact_mut(each)
            .with_max_len(1)
            .zip(images)
            .map(|(input, image)| self.input(image, input).err())
            .collect();
        let mut readable = 0;
        for (place, error) in errors.iter().enumerate() {
            if error.is_none() {
                if readable < place {
                    values.copy_within(place * each..(place + 1) * each, readable * each);
                }
                readable += 1;
            }
        }
        values.truncate(readable * each);
        DecodedBatch {
            values,
            sizes,
            errors,
        }
    }

    fn input(&self, path: &Path, input: &mut [f32]) -> Result<()> {
        let mut image = read(path, &self.limits)?;
        if self.mirrored {
            ::image::imageops::flip_horizontal_in_place(&mut image);
        }
        let mut rest = input;
        for preprocessing in &self.preprocessings {
            let (input, others) = rest.split_at_mut(numbers(preprocessing.size));
            preprocessing.apply_into(&image, input);
            rest = others;
        }
        Ok(())
    }
}

/// How many numbers an input with such sides has.
fn numbers(size: usize) -> usize {
    3 * size * size
}

impl DecodedBatch {
    /// Images in the batch, those that cannot be read included.
    #[allow(clippy::len_without_is_empty, reason = "a batch is never empty")]
    pub fn len(&self) -> usize {
        self.errors.len()
    }

    /// The first network's input, for the images that can be read; nothing if there are none, or the
    /// inputs were taken before.
    ///
    /// # Shapes
    /// - output: `[readable, 3, size, size]`
    pub fn take_input(&mut self, device: &Device) -> Option<Tensor<4>> {
        self.take_inputs(device)?.into_iter().next()
    }

    /// The input of each network, as [`take_input`](Self::take_input).
    pub fn take_inputs(&mut self, device: &Device) -> Option<Vec<Tensor<4>>> {
        let values = std::mem::take(&mut self.values);
        let each: usize = self.sizes.iter().copied().map(numbers).sum();
        let readable = values.len() / each;
        if readable == 0 {
            return None;
        }
        let tensor = |values, size| {
            let shape = [readable, 3, size, size];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        if let [size] = self.sizes[..] {
            return Some(vec![tensor(values, size)]);
        }
        let mut start = 0;
        let inputs = self.sizes.iter().map(|&size| {
            let place = start..start + numbers(size);
            start = place.end;
            let images = values.chunks_exact(each);
            let own = images.flat_map(|image| &image[place.clone()]);
            tensor(own.copied().collect(), size)
        });
        Some(inputs.collect())
    }

    /// Each image's result, in order: the next of `results`, which has one for every image that can
    /// be read, or why the image cannot be read.
    ///
    /// # Panics
    /// If `results` ends early.
    pub fn join<T>(self, results: impl IntoIterator<Item = T>) -> impl Iterator<Item = Result<T>> {
        let mut results = results.into_iter();
        self.errors.into_iter().map(move |error| match error {
            None => Ok(results.next().expect("one result for every image")),
            Some(error) => Err(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    /// A folder of flat images, each of its own level, every fourth one broken.
    fn folder(count: usize) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<_> = (0..count)
            .map(|number| folder.path().join(format!("{number}.png")))
            .collect();
        for (number, path) in paths.iter().enumerate() {
            if number % 4 == 3 {
                std::fs::write(path, b"no image").unwrap();
            } else {
                let image = RgbImage::from_fn(9, 7, |x, _| Rgb([number as u8, x as u8, 7]));
                image.save(path).unwrap();
            }
        }
        (folder, paths)
    }

    /// Every row of a stream: an image's own input, or its error.
    fn rows(stream: &ImageStream<'_>) -> Vec<Result<Vec<f32>>> {
        let mut rows = Vec::new();
        stream
            .for_each(|mut batch| {
                assert!(batch.len() <= stream.batch_size);
                let input = batch.take_input(&Device::default());
                let values: Vec<f32> = input.map_or(vec![], |input| {
                    input.into_data().try_to_vec().expect("float32")
                });
                assert!(batch.take_input(&Device::default()).is_none());
                rows.extend(batch.join(values.chunks_exact(3 * 16).map(<[f32]>::to_vec)));
                Ok(())
            })
            .unwrap();
        rows
    }

    #[test]
    fn every_image_is_in_its_place_whatever_the_batch() {
        let (_folder, paths) = folder(22);
        let preprocessing = Preprocessing::imagenet(4);
        for batch_size in [1, 3, 4, 22, 100] {
            for mirrored in [false, true] {
                let stream = ImageStream {
                    batch_size,
                    mirrored,
                    ..ImageStream::new(&paths, preprocessing.clone())
                };
                let rows = rows(&stream);
                assert_eq!(rows.len(), paths.len());
                for (path, row) in paths.iter().zip(rows) {
                    match (read(path, &ImageLimits::new()), row) {
                        (Ok(mut image), Ok(row)) => {
                            if mirrored {
                                image = image::imageops::flip_horizontal(&image);
                            }
                            assert_eq!(row, preprocessing.apply(&image));
                        }
                        (Err(expected), Err(found)) => {
                            assert_eq!(found.to_string(), expected.to_string());
                        }
                        other => panic!("{}: {other:?}", path.display()),
                    }
                }
            }
        }
    }

    #[test]
    fn each_of_several_networks_has_the_input_that_it_would_have_alone() {
        let (_folder, paths) = folder(9);
        let ways = [
            Preprocessing::imagenet(4),
            Preprocessing::imagenet(6),
            Preprocessing::imagenet(4).with_mean([0.5; 3]),
        ];
        let inputs = |ways: &[Preprocessing]| {
            let mut inputs = vec![Vec::<f32>::new(); ways.len()];
            let stream = ImageStream {
                batch_size: 4,
                ..ImageStream::of_several(&paths, ways.to_vec())
            };
            stream
                .for_each(|mut batch| {
                    let taken = batch.take_inputs(&Device::default()).unwrap();
                    for (all, input) in inputs.iter_mut().zip(taken) {
                        all.extend(input.into_data().try_to_vec::<f32>().unwrap());
                    }
                    Ok(())
                })
                .unwrap();
            inputs
        };
        let together = inputs(&ways);
        for (way, together) in ways.into_iter().zip(together) {
            assert_eq!(inputs(&[way]).concat(), together);
        }
    }

    #[test]
    fn a_batch_without_a_readable_image_has_no_input() {
        let paths = [PathBuf::from("no/such.jpg"), "nor/this.png".into()];
        let rows = rows(&ImageStream::new(&paths, Preprocessing::imagenet(4)));
        assert!(rows.len() == 2 && rows.iter().all(Result::is_err));
    }

    #[test]
    fn a_failure_stops_the_reading() {
        let (_folder, paths) = folder(40);
        let stream = ImageStream {
            batch_size: 1,
            ..ImageStream::new(&paths, Preprocessing::imagenet(4))
        };
        let mut batches = 0;
        let stopped = stream.for_each(|_| {
            batches += 1;
            if batches == 3 {
                return Err(Error::Interrupted);
            }
            Ok(())
        });
        assert!(matches!(stopped, Err(Error::Interrupted)) && batches == 3);
    }
}
