//! Faces of any size: a picture searched as it is, and where it may matter in smaller copies too.

use burn::tensor::Device;
use image::RgbImage;

use super::decode::YuNetThresholds;
use super::network::YuNet;
use crate::face::detection::{Bounds, Detection};

/// A picture with a longer side than this is searched in smaller copies too.
pub(super) const LARGE: u32 = 2048;
/// And so is one with a face of a longer side than this, which may be a part of one.
pub(super) const WIDE: f32 = 512.0;
/// The longer side down to which copies are made: a face as large as the picture is then of a size that
/// the network was trained on.
const SMALL: u32 = 400;
/// Where there are copies, the largest face that is believed in all but the smallest: larger ones are
/// seen better in the next smaller copy.
pub(super) const MOST: f32 = 192.0;
/// The least face that is believed in a copy: smaller ones are seen better in the next larger one. Less
/// than half of [`MOST`], so that both see those in between.
const LEAST: f32 = 72.0;
/// Of a box, the part within a face found in a smaller copy above which it is a part of that face.
const INSIDE: f32 = 0.5;

impl YuNet {
    /// The faces in a picture, the most certain first; none in an empty one.
    ///
    /// In cell (row r, column c) of stride s with the outputs `b` and `k`:
    /// confidence = `sqrt(sigmoid(class) * sigmoid(object))`, centre = `((c + b_0) s, (r + b_1) s)`, size =
    /// `(exp(b_2) s, exp(b_3) s)`, landmark i = `((c + k_2i) s, (r + k_2i+1) s)`. Cells below the least
    /// confidence are left out, then of those that overlap the most certain stays.
    ///
    /// # Deviation
    /// The network was trained on faces of up to some 500 pixels; of larger ones it finds parts, as faces
    /// of their own. So a picture with a side of more than 2048 pixels, or with a face found of more than
    /// 512, is also searched in copies of half the size, a quarter, and so on, down to a longer side of at
    /// most 400 pixels. Then a face counts in the copy in which its longer side is 72 to 192 pixels, a
    /// smaller one in the picture itself and a larger one in the smallest copy; what lies by half or more
    /// within a face of a smaller copy is a part of that. In every other picture the faces are those that
    /// the network's own program and OpenCV find.
    pub fn detect(
        &self,
        picture: &RgbImage,
        thresholds: &YuNetThresholds,
        device: &Device,
    ) -> Vec<Detection> {
        if picture.is_empty() {
            return Vec::new();
        }
        let faces = self.faces(picture, thresholds, device);
        let longer = picture.width().max(picture.height());
        let wide = faces.iter().any(|face| side(face) > WIDE);
        if longer <= SMALL || !(longer > LARGE || wide) {
            return faces;
        }
        let mut levels = vec![faces];
        let mut copy = halved(picture);
        loop {
            let mut faces = self.faces(&copy, thresholds, device);
            faces.retain(|face| side(face) >= LEAST);
            levels.push(faces);
            if copy.width().max(copy.height()) <= SMALL {
                return merged(levels);
            }
            copy = halved(&copy);
        }
    }
}

fn side(face: &Detection) -> f32 {
    face.bounds.width.max(face.bounds.height)
}

/// The faces of a picture and of its copies, each of half the size, in pixels of the picture.
fn merged(levels: Vec<Vec<Detection>>) -> Vec<Detection> {
    let smallest = levels.len() - 1;
    let mut all: Vec<Detection> = Vec::new();
    for (level, faces) in levels.into_iter().enumerate().rev() {
        let larger = all.len();
        for face in faces {
            let known = level == smallest || side(&face) <= MOST;
            let face = face.scaled((1u32 << level) as f32);
            let part = all[..larger]
                .iter()
                .any(|larger| inside(&face.bounds, &larger.bounds));
            if known && !part {
                all.push(face);
            }
        }
    }
    all.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    all
}

/// Whether a box lies for the most part within another.
fn inside(bounds: &Bounds, other: &Bounds) -> bool {
    bounds.intersection(other) > INSIDE * bounds.area()
}

/// The picture at half its size, each pixel the mean of four; an odd last row or column is left out.
pub(super) fn halved(picture: &RgbImage) -> RgbImage {
    const CHANNELS: usize = 3;
    let [width, height] = [picture.width(), picture.height()].map(|side| (side / 2).max(1));
    let length = CHANNELS * picture.width() as usize;
    let mut half = RgbImage::new(width, height);
    let lines = half.chunks_exact_mut(CHANNELS * width as usize);
    for (line, rows) in lines.zip(picture.chunks(2 * length)) {
        let (above, below) = rows.split_at(length);
        // Of a picture of a single row.
        let below = if below.is_empty() { above } else { below };
        let pairs = above.chunks(2 * CHANNELS).zip(below.chunks(2 * CHANNELS));
        for (pixel, (above, below)) in line.chunks_exact_mut(CHANNELS).zip(pairs) {
            for (channel, level) in pixel.iter_mut().enumerate() {
                // Of a picture of a single column.
                let right = (channel + CHANNELS).min(above.len() - CHANNELS + channel);
                let four = [above[channel], above[right], below[channel], below[right]];
                let sum: u16 = four.into_iter().map(u16::from).sum();
                *level = ((sum + 2) / 4) as u8;
            }
        }
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32, side: f32, confidence: f32) -> Detection {
        Detection {
            bounds: Bounds {
                x,
                y: 0.0,
                width: side,
                height: side,
            },
            confidence,
            landmarks: [[x, 1.0]; 5],
        }
    }

    #[test]
    fn a_pixel_of_a_half_is_the_mean_of_four() {
        let picture = RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8, 10 * y as u8, 7]));
        let half = halved(&picture);
        assert_eq!(half.dimensions(), (2, 1));
        // The mean of 0 and 1, 0 and 10; of 2 and 3; halves are rounded up.
        assert_eq!(half.get_pixel(0, 0).0, [1, 5, 7]);
        assert_eq!(half.get_pixel(1, 0).0, [3, 5, 7]);
        for (width, height) in [(1, 4), (4, 1), (1, 1)] {
            let half = halved(&RgbImage::from_pixel(width, height, image::Rgb([9, 8, 7])));
            assert_eq!(half.dimensions(), ((width / 2).max(1), (height / 2).max(1)));
            assert!(half.pixels().all(|pixel| pixel.0 == [9, 8, 7]));
        }
    }

    #[test]
    fn large_faces_are_those_of_the_small_copies_and_small_ones_stay() {
        let large = face(0.0, 300.0, 0.95);
        let found = merged(vec![
            // A small face, a part of the large one, and one too large to be believed.
            vec![
                face(5000.0, 100.0, 0.9),
                face(100.0, 190.0, 0.8),
                face(3000.0, 600.0, 0.7),
            ],
            vec![face(10.0, 150.0, 0.65)],
            vec![large],
        ]);
        assert_eq!(found, [large.scaled(4.0), face(5000.0, 100.0, 0.9)]);
    }

    #[test]
    fn the_largest_faces_are_believed_in_the_smallest_copy_alone() {
        let (finer, coarser) = (face(0.0, 200.0, 0.9), face(700.0, 200.0, 0.8));
        let found = merged(vec![vec![finer], vec![coarser]]);
        assert_eq!(found, [coarser.scaled(2.0)]);
    }
}
