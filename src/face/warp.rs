//! A picture seen through a similarity transform.

use image::{Rgb, RgbImage};
use rayon::prelude::*;

use super::similarity::Similarity;

/// `side` x `side` pixels of a picture; `back` brings their places to places of the picture, where the
/// middle of a pixel has whole numbers. What lies outside the picture is black.
///
/// A pixel is the mean of those around its place, weighed by a triangle along each axis of the picture:
/// it reaches one pixel, or as many as become one where the picture becomes smaller. Enlarged, that is
/// bilinear interpolation; made smaller, fine patterns become grey and not coarse ones.
pub(super) fn warped(picture: &RgbImage, back: &Similarity, side: u32) -> RgbImage {
    let reach = back.scale().max(1.0);
    let mut result = RgbImage::new(side, side);
    let row = 3 * side as usize;
    result
        .par_chunks_exact_mut(row)
        .enumerate()
        .for_each(|(row, line)| {
            let (mut across, mut down) = (Window::default(), Window::default());
            for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
                let [x, y] = back.apply([column as f32, row as f32]);
                across.set(x, reach, picture.width());
                down.set(y, reach, picture.height());
                pixel.copy_from_slice(&mean(picture, &across, &down).0);
            }
        });
    result
}

/// The pixels around a place along one axis, with their weights; those outside count as black.
#[derive(Default)]
struct Window {
    start: u32,
    weights: Vec<f32>,
}

impl Window {
    fn set(&mut self, place: f32, reach: f32, side: u32) {
        self.weights.clear();
        let first = (place - reach).ceil();
        let last = (place + reach).floor();
        let weight = |pixel: f32| (1.0 - (pixel - place).abs() / reach).max(0.0);
        // Also of what is outside: a face at the border darkens there.
        let mut sum = 0.0;
        let count = (last - first) as usize;
        for step in 0..=count {
            sum += weight(first + step as f32);
        }
        self.start = first.max(0.0) as u32;
        for pixel in self.start..side {
            if pixel as f32 > last {
                break;
            }
            self.weights.push(weight(pixel as f32) / sum);
        }
    }
}

fn mean(picture: &RgbImage, across: &Window, down: &Window) -> Rgb<u8> {
    if across.weights.is_empty() {
        // Where it would begin is outside the rows.
        return Rgb([0; 3]);
    }
    let mut sums = [0.0; 3];
    for (row, weight) in (down.start..).zip(&down.weights) {
        let start = 3 * (row as usize * picture.width() as usize + across.start as usize);
        let pixels = &picture.as_raw()[start..start + 3 * across.weights.len()];
        let mut line = [0.0; 3];
        for (pixel, weight) in pixels.chunks_exact(3).zip(&across.weights) {
            for (sum, &level) in line.iter_mut().zip(pixel) {
                *sum += f32::from(level) * weight;
            }
        }
        for (sum, line) in sums.iter_mut().zip(line) {
            *sum += line * weight;
        }
    }
    Rgb(sums.map(|sum| (sum + 0.5) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: Similarity = Similarity {
        a: 1.0,
        b: 0.0,
        shift: [0.0; 2],
    };

    fn pattern() -> RgbImage {
        RgbImage::from_fn(20, 20, |x, y| {
            Rgb([x as u8 * 12, y as u8 * 12, (x * y % 256) as u8])
        })
    }

    #[test]
    fn without_a_change_the_picture_stays() {
        assert_eq!(warped(&pattern(), &SAME, 20), pattern());
    }

    #[test]
    fn a_quarter_turn_exchanges_rows_and_columns() {
        let turn = Similarity {
            a: 0.0,
            b: 1.0,
            shift: [19.0, 0.0],
        };
        let turned = warped(&pattern(), &turn.inverse().unwrap(), 20);
        assert_eq!(turned, image::imageops::rotate90(&pattern()));
    }

    #[test]
    fn what_is_outside_is_black_and_a_border_is_half() {
        let white = RgbImage::from_pixel(4, 4, Rgb([255; 3]));
        let moved = Similarity {
            shift: [1.5, 10.0],
            ..SAME
        };
        let result = warped(&white, &moved.inverse().unwrap(), 16);
        let row: Vec<u8> = (0..8).map(|x| result.get_pixel(x, 11)[0]).collect();
        assert_eq!(row, [0, 128, 255, 255, 255, 128, 0, 0]);
        assert_eq!(*result.get_pixel(3, 3), Rgb([0; 3]));
    }

    #[test]
    fn a_fine_pattern_becomes_grey_when_it_becomes_smaller() {
        let stripes = RgbImage::from_fn(80, 80, |x, _| Rgb([(x % 2 * 255) as u8; 3]));
        let smaller = Similarity { a: 0.25, ..SAME };
        let result = warped(&stripes, &smaller.inverse().unwrap(), 20);
        for x in 2..18 {
            assert!((118..=138).contains(&result.get_pixel(x, 10)[0]));
        }
    }
}
