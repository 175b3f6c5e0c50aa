//! Random changes that keep a face's labels.

use burn::config::Config;
use image::{Rgb, RgbImage, imageops};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::resize;
use crate::{Error, Result};

/// Mirroring, a small random crop, and colour jitter (paper, section 4.1).
#[derive(Config, Debug, PartialEq)]
pub struct AugmentationConfig {
    /// Probability of mirroring left and right, in [0, 1].
    #[config(default = 0.5)]
    pub flip: f64,
    /// The image is resized to this multiple of the input size and cropped back at a random place;
    /// from 1 (no crop) to 2.
    #[config(default = 1.02)]
    pub enlarge: f64,
    /// Brightness is multiplied by up to 1 ± this, in [0, 1].
    #[config(default = 0.2)]
    pub brightness: f64,
    /// Contrast is multiplied by up to 1 ± this, in [0, 1].
    #[config(default = 0.2)]
    pub contrast: f64,
    /// Saturation is multiplied by up to 1 ± this, in [0, 1].
    #[config(default = 0.2)]
    pub saturation: f64,
}

impl AugmentationConfig {
    /// Checks a config that came from a file.
    ///
    /// # Errors
    /// [`Error::Argument`] for the first field outside its range.
    pub fn validate(&self) -> Result<()> {
        for (what, value, lowest, highest) in [
            ("flip", self.flip, 0.0, 1.0),
            ("enlarge", self.enlarge, 1.0, 2.0),
            ("brightness", self.brightness, 0.0, 1.0),
            ("contrast", self.contrast, 0.0, 1.0),
            ("saturation", self.saturation, 0.0, 1.0),
        ] {
            if !(lowest..=highest).contains(&value) {
                return Err(Error::argument(
                    what,
                    format!("{lowest} to {highest}"),
                    value,
                ));
            }
        }
        Ok(())
    }

    /// A changed copy of `image`, `size` pixels high and wide.
    ///
    /// What is drawn depends on `seed` and `row` alone, so a run is repeatable whatever the number
    /// of threads and the order of rows. Give every epoch its own seed.
    ///
    /// # Panics
    /// If the image or `size` is empty.
    pub fn apply(&self, image: &RgbImage, size: usize, seed: u64, row: u64) -> RgbImage {
        // Every number is drawn whether it is used or not, so that turning one change off leaves
        // the others as they were.
        let mut draw = Draw::new(seed, row);
        let flip = draw.unit() < self.flip;
        let [left, top] = [draw.unit(), draw.unit()];
        let brightness = draw.around_one(self.brightness);
        let contrast = draw.around_one(self.contrast);
        let saturation = draw.around_one(self.saturation);

        let size = size as u32;
        let enlarged = ((f64::from(size) * self.enlarge).round() as u32).max(size);
        let place = |unit: f64| (unit * f64::from(enlarged - size + 1)) as u32;
        let whole = resize(image, enlarged, enlarged);
        let mut output = imageops::crop_imm(&whole, place(left), place(top), size, size).to_image();
        if flip {
            imageops::flip_horizontal_in_place(&mut output);
        }
        blend(&mut output, brightness, |_| 0.0);
        let mean = mean_luma(&output);
        blend(&mut output, contrast, |_| mean);
        blend(&mut output, saturation, luma);
        output
    }
}

/// Moves every value to `factor * value + (1 - factor) * anchor`.
fn blend(image: &mut RgbImage, factor: f64, anchor: impl Fn(Rgb<u8>) -> f64) {
    if factor == 1.0 {
        return;
    }
    for pixel in image.pixels_mut() {
        let anchor = anchor(*pixel);
        for value in &mut pixel.0 {
            let moved = factor * f64::from(*value) + (1.0 - factor) * anchor;
            *value = moved.round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// Perceived brightness (ITU-R BT.601).
fn luma(pixel: Rgb<u8>) -> f64 {
    let [red, green, blue] = pixel.0.map(f64::from);
    0.299 * red + 0.587 * green + 0.114 * blue
}

fn mean_luma(image: &RgbImage) -> f64 {
    let pixels = f64::from(image.width()) * f64::from(image.height());
    image.pixels().map(|&pixel| luma(pixel)).sum::<f64>() / pixels
}

/// Numbers that depend on a seed and a row alone: one stream of the generator for each row.
struct Draw(ChaCha8Rng);

impl Draw {
    fn new(seed: u64, row: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(row);
        Self(generator)
    }

    /// Uniform in [0, 1).
    fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Uniform in [1 - spread, 1 + spread).
    fn around_one(&mut self, spread: f64) -> f64 {
        1.0 + spread * (2.0 * self.unit() - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face() -> RgbImage {
        RgbImage::from_fn(112, 112, |x, y| {
            Rgb([x as u8 * 2, y as u8 * 2, (x ^ y) as u8])
        })
    }

    fn still() -> AugmentationConfig {
        AugmentationConfig {
            flip: 0.0,
            enlarge: 1.0,
            brightness: 0.0,
            contrast: 0.0,
            saturation: 0.0,
        }
    }

    #[test]
    fn the_same_seed_and_row_give_the_same_image_in_any_order() {
        let config = AugmentationConfig::new();
        let forward: Vec<_> = (0..6)
            .map(|row| config.apply(&face(), 64, 7, row))
            .collect();
        let backward: Vec<_> = (0..6)
            .rev()
            .map(|row| config.apply(&face(), 64, 7, row))
            .collect();
        assert!(forward.iter().eq(backward.iter().rev()));
        assert_ne!(forward[0], forward[1]);
        assert_ne!(forward[0], config.apply(&face(), 64, 8, 0));
    }

    #[test]
    fn with_everything_off_only_the_resize_is_left() {
        assert_eq!(still().apply(&face(), 224, 1, 2), resize(&face(), 224, 224));
    }

    #[test]
    fn a_certain_flip_mirrors_and_half_of_all_rows_flip_by_default() {
        let mut mirrored = resize(&face(), 64, 64);
        imageops::flip_horizontal_in_place(&mut mirrored);
        let config = still().with_flip(1.0);
        assert_eq!(config.apply(&face(), 64, 1, 2), mirrored);
        let half = still().with_flip(0.5);
        let flipped = (0..400)
            .filter(|&row| half.apply(&face(), 64, 3, row) == mirrored)
            .count();
        assert!((160..=240).contains(&flipped), "{flipped}");
    }

    #[test]
    fn crops_reach_every_place_and_nothing_else() {
        let config = still().with_enlarge(1.02);
        let whole = resize(&face(), 102, 102);
        let mut seen = std::collections::BTreeSet::new();
        for row in 0..200 {
            let crop = config.apply(&face(), 100, 5, row);
            let place = (0..9).find(|place| {
                imageops::crop_imm(&whole, place % 3, place / 3, 100, 100).to_image() == crop
            });
            seen.insert(place.expect("a crop is a window of the enlarged image"));
        }
        assert_eq!(seen.len(), 9);
    }

    #[test]
    fn full_jitter_stays_in_range_and_no_saturation_is_grey() {
        let mut grey = face();
        blend(&mut grey, 0.0, luma);
        assert!(
            grey.pixels()
                .all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2])
        );
        let wild = AugmentationConfig::new()
            .with_brightness(1.0)
            .with_contrast(1.0)
            .with_saturation(1.0);
        for row in 0..20 {
            assert_eq!(wild.apply(&face(), 32, 9, row).dimensions(), (32, 32));
        }
    }

    #[test]
    fn a_config_outside_its_range_is_refused() {
        assert!(AugmentationConfig::new().validate().is_ok());
        for (config, what) in [
            (still().with_flip(1.5), "flip"),
            (still().with_enlarge(0.9), "enlarge"),
            (still().with_contrast(f64::NAN), "contrast"),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
    }
}
