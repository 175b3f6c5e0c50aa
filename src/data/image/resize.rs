//! Pillow's antialiased bilinear resize, in the same integer arithmetic.

use image::RgbImage;

use crate::cpu::simd::{Isa, Kernel, Vector};

/// Bits behind the point of a weight: 8 bits of level and 2 for the sum leave 22 of 32.
const PRECISION: u32 = 32 - 8 - 2;
const CHANNELS: usize = 3;

/// Resizes as Pillow's `Image.resize((width, height), BILINEAR)` does: a triangle filter, widened by
/// the scale when shrinking, along the rows and then along the columns, rounded to 8 bits after
/// each. Published weights were trained on images made this way, and another resize costs them
/// points of accuracy.
///
/// The result is Pillow's to the bit, except that Pillow 13 takes the columns first for some sizes
/// with a shrinking height. That moves a value by at most 1 level; the older order, which the
/// published weights have seen, is kept for all sizes.
///
/// # Panics
/// If `image` has no pixels, or `width` or `height` is 0.
pub fn resize(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    assert!(
        image.width() > 0 && image.height() > 0 && width > 0 && height > 0,
        "resize needs at least one pixel on both sides"
    );
    let across = (width != image.width()).then(|| Isa::best().run(HorizontalPass { image, width }));
    let image = across.as_ref().unwrap_or(image);
    match height == image.height() {
        true => image.clone(),
        false => Isa::best().run(VerticalPass { image, height }),
    }
}

/// Every row of an image at the output's width. Kernels only so that the compiler may use the
/// instructions of the processor at hand.
struct HorizontalPass<'a> {
    image: &'a RgbImage,
    width: u32,
}

impl Kernel for HorizontalPass<'_> {
    type Output = RgbImage;

    #[inline(always)]
    fn run<V: Vector>(self, _: V) -> RgbImage {
        let filter = Filter::new(self.image.width(), self.width);
        let mut output = RgbImage::new(self.width, self.image.height());
        let length = self.image.width() as usize * CHANNELS;
        // One number behind the row, so that four can be read of every pixel: a small vector.
        let mut row = vec![0; length + 1];
        let target = output.chunks_exact_mut(self.width as usize * CHANNELS);
        for (source, target) in self.image.as_raw().chunks_exact(length).zip(target) {
            row[..length].copy_from_slice(source);
            let pixels = target.chunks_exact_mut(CHANNELS);
            for (pixel, (start, weights)) in pixels.zip(filter.windows()) {
                let mut sums = [HALF; CHANNELS + 1];
                let window = row[start * CHANNELS..].windows(CHANNELS + 1);
                for (near, weight) in window.step_by(CHANNELS).zip(weights) {
                    for (sum, &level) in sums.iter_mut().zip(near) {
                        *sum += i32::from(level) * weight;
                    }
                }
                for (level, sum) in pixel.iter_mut().zip(sums) {
                    *level = to_level(sum);
                }
            }
        }
        output
    }
}

/// Every column of an image at the output's height.
struct VerticalPass<'a> {
    image: &'a RgbImage,
    height: u32,
}

impl Kernel for VerticalPass<'_> {
    type Output = RgbImage;

    #[inline(always)]
    fn run<V: Vector>(self, _: V) -> RgbImage {
        let filter = Filter::new(self.image.height(), self.height);
        let mut output = RgbImage::new(self.image.width(), self.height);
        let stride = self.image.width() as usize * CHANNELS;
        let mut sums = vec![0; stride];
        let rows = output.chunks_exact_mut(stride);
        for (target, (start, weights)) in rows.zip(filter.windows()) {
            sums.fill(HALF);
            let window = self.image.as_raw()[start * stride..].chunks_exact(stride);
            for (near, &weight) in window.zip(weights) {
                for (sum, &level) in sums.iter_mut().zip(near) {
                    *sum += i32::from(level) * weight;
                }
            }
            for (level, &sum) in target.iter_mut().zip(&sums) {
                *level = to_level(sum);
            }
        }
        output
    }
}

/// One half, to round rather than cut.
const HALF: i32 = 1 << (PRECISION - 1);

fn to_level(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// The weights of the source pixels around each target pixel along one axis.
struct Filter {
    /// First source pixel and number of weights.
    places: Vec<(usize, usize)>,
    weights: Vec<i32>,
}

impl Filter {
    fn new(source: u32, target: u32) -> Self {
        let scale = f64::from(source) / f64::from(target);
        // The triangle reaches one source pixel to each side, or one target pixel if that is more.
        let reach = scale.max(1.0);
        let mut places = Vec::with_capacity(target as usize);
        let mut weights = Vec::new();
        let mut window = Vec::new();
        for pixel in 0..target {
            let centre = (f64::from(pixel) + 0.5) * scale;
            let start = (centre - reach + 0.5).max(0.0) as u32;
            let end = ((centre + reach + 0.5) as u32).min(source);
            window.clear();
            window.extend((start..end).map(|near| {
                let distance = (f64::from(near) - centre + 0.5) * (1.0 / reach);
                (1.0 - distance.abs()).max(0.0)
            }));
            let sum: f64 = window.iter().sum();
            places.push((start as usize, window.len()));
            weights.extend(
                window
                    .iter()
                    .map(|weight| (0.5 + weight / sum * f64::from(1u32 << PRECISION)) as i32),
            );
        }
        Self { places, weights }
    }

    /// For each target pixel the first source pixel and the weights from there on.
    fn windows(&self) -> impl Iterator<Item = (usize, &[i32])> {
        let mut rest = self.weights.as_slice();
        self.places.iter().map(move |&(start, length)| {
            let (weights, behind) = rest.split_at(length);
            rest = behind;
            (start, weights)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_flat_image_stays_flat_at_any_size() {
        for level in [0, 1, 127, 254, 255] {
            let image = RgbImage::from_pixel(37, 11, Rgb([level; 3]));
            for (width, height) in [(1, 1), (5, 50), (37, 12), (200, 3)] {
                let resized = resize(&image, width, height);
                assert_eq!(resized.dimensions(), (width, height));
                assert!(resized.iter().all(|&value| value == level));
            }
        }
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let image = RgbImage::from_fn(9, 5, |x, y| Rgb([x as u8, y as u8, 200]));
        assert_eq!(resize(&image, 9, 5), image);
    }

    #[test]
    fn halving_averages_rather_than_skips() {
        let image = RgbImage::from_fn(64, 64, |x, y| Rgb([((x + y) % 2 * 255) as u8; 3]));
        let resized = resize(&image, 32, 32);
        assert!(resized.iter().all(|value| (120..=136).contains(value)));
    }

    #[test]
    #[should_panic(expected = "at least one pixel")]
    fn an_empty_image_cannot_be_resized() {
        resize(&RgbImage::new(0, 4), 2, 2);
    }
}
