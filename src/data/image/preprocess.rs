//! RGB images to network input.

use std::borrow::Borrow;

use burn::config::Config;
use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use rayon::prelude::*;

use super::resize;
use crate::{Error, Result};

/// Resizing and normalisation: `(value / 255 - mean) / std` for each channel.
///
/// # Example
/// ```
/// use countenance::data::image::{Preprocessing, RgbImage};
///
/// let image = RgbImage::new(112, 112);
/// let input = Preprocessing::imagenet(224).apply(&image);
/// assert_eq!(input.len(), 3 * 224 * 224);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct Preprocessing {
    /// Height and width of the network's input in pixels, from 1 to 4096.
    pub size: usize,
    /// Mean of red, green and blue, each in [0, 1]; ImageNet's by default.
    #[config(default = "[0.485, 0.456, 0.406]")]
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue, each above 0; ImageNet's by default.
    #[config(default = "[0.229, 0.224, 0.225]")]
    pub std: [f32; 3],
}

impl Preprocessing {
    /// ImageNet's mean and standard deviation at `size`: 224 for B0, 260 for B2.
    pub fn imagenet(size: usize) -> Self {
        Self::new(size)
    }

    /// Checks a config that came from a file.
    ///
    /// # Errors
    /// [`Error::Argument`] for the first field outside its range.
    pub fn validate(&self) -> Result<()> {
        if !(1..=4096).contains(&self.size) {
            return Err(Error::argument("size", "1 to 4096", self.size));
        }
        if !self.mean.iter().all(|mean| (0.0..=1.0).contains(mean)) {
            let found = format!("{:?}", self.mean);
            return Err(Error::argument("mean", "three numbers in [0, 1]", found));
        }
        if !self.std.iter().all(|&std| std > 0.0 && std.is_finite()) {
            let found = format!("{:?}", self.std);
            return Err(Error::argument("std", "three numbers above 0", found));
        }
        Ok(())
    }

    /// Resizes as Pillow does and normalises.
    ///
    /// # Shapes
    /// - output: `[3, size, size]`, row-major
    ///
    /// # Panics
    /// If the image or `size` is empty.
    pub fn apply(&self, image: &RgbImage) -> Vec<f32> {
        let mut output = vec![0.0; 3 * self.size * self.size];
        self.apply_into(image, &mut output);
        output
    }

    /// Resizes and normalises several images at once, on all cores.
    ///
    /// # Shapes
    /// - output: `[images, 3, size, size]`
    ///
    /// # Panics
    /// If there is no image, or one is empty.
    pub fn batch<I: Borrow<RgbImage> + Sync>(&self, images: &[I], device: &Device) -> Tensor<4> {
        assert!(!images.is_empty(), "a batch holds at least one image");
        let each = 3 * self.size * self.size;
        let mut values = vec![0.0; images.len() * each];
        values
            .par_chunks_exact_mut(each)
            .zip(images)
            .for_each(|(output, image)| self.apply_into(image.borrow(), output));
        let shape = [images.len(), 3, self.size, self.size];
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// As [`apply`](Self::apply), into memory of `3 * size * size` numbers.
    pub(super) fn apply_into(&self, image: &RgbImage, output: &mut [f32]) {
        let resized = resize(image, self.size as u32, self.size as u32);
        let plane = self.size * self.size;
        for (channel, output) in output.chunks_exact_mut(plane).enumerate() {
            let levels = self.levels(channel);
            for (value, pixel) in output.iter_mut().zip(resized.as_raw().chunks_exact(3)) {
                *value = levels[usize::from(pixel[channel])];
            }
        }
    }

    /// The input value of each of the 256 levels.
    fn levels(&self, channel: usize) -> [f32; 256] {
        std::array::from_fn(|level| (level as f32 / 255.0 - self.mean[channel]) / self.std[channel])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn channels_become_planes_with_their_own_normalisation() {
        let image = RgbImage::from_pixel(112, 112, Rgb([255, 0, 51]));
        let input = Preprocessing::imagenet(224).apply(&image);
        let planes: Vec<_> = input.chunks_exact(224 * 224).collect();
        let expected = [
            (1.0 - 0.485) / 0.229,
            (0.0 - 0.456) / 0.224,
            (0.2 - 0.406) / 0.225,
        ];
        for (plane, expected) in planes.iter().zip(expected) {
            assert!(
                plane
                    .iter()
                    .all(|value: &f32| (value - expected).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn a_batch_holds_each_image_as_it_is_alone() {
        let images: Vec<_> = (0..5u8)
            .map(|seed| RgbImage::from_fn(20, 14, |x, y| Rgb([x as u8 * seed, y as u8, seed])))
            .collect();
        let preprocessing = Preprocessing::imagenet(16);
        let batch = preprocessing.batch(&images, &Device::default());
        assert_eq!(batch.dims(), [5, 3, 16, 16]);
        let together = batch.into_data().try_to_vec::<f32>().unwrap();
        let alone: Vec<_> = images
            .iter()
            .flat_map(|image| preprocessing.apply(image))
            .collect();
        assert_eq!(together, alone);
    }

    #[test]
    fn rows_run_from_the_top() {
        let image = RgbImage::from_fn(8, 8, |_, y| Rgb([if y < 4 { 255 } else { 0 }; 3]));
        let input = Preprocessing::imagenet(8).apply(&image);
        assert!(input[..8].iter().all(|&value| value > 0.0));
        assert!(input[56..64].iter().all(|&value| value < 0.0));
    }

    #[test]
    fn a_config_outside_its_range_is_refused() {
        let good = Preprocessing::imagenet(224);
        assert!(good.validate().is_ok());
        assert!(Preprocessing::imagenet(0).validate().is_err());
        assert!(good.clone().with_std([0.2, 0.0, 0.2]).validate().is_err());
        let error = good.with_mean([0.4, f32::NAN, 0.4]).validate().unwrap_err();
        assert!(error.to_string().starts_with("mean: expected"), "{error}");
    }
}
