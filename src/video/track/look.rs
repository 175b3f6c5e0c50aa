//! What a face looks like, in few numbers.

use image::RgbImage;

use crate::face::{ALIGNED, Detection, Similarity, TEMPLATE};

/// Cells on a side of the face.
const SIDE: usize = 16;
/// Pixels that are read of each cell, on a side.
const READ: usize = 3;
/// How much more of the picture is looked at than is in an aligned crop: hair tells people apart.
const WIDER: f32 = 1.25;
const COLOURS: usize = 3;

/// A face, turned upright and brought to 16 x 16 cells, as levels of its colours around their mean, of
/// length 1: neither how bright the light is nor how strong the contrast matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Look(Vec<f32>);

impl Look {
    /// Of a face in a picture; nothing if its landmarks are those of none, or it is of one level.
    pub fn of(picture: &RgbImage, face: &Detection) -> Option<Self> {
        let back = Similarity::fit(&face.landmarks, &TEMPLATE)?.inverse()?;
        let middle = ALIGNED as f32 / 2.0;
        let step = ALIGNED as f32 * WIDER / (SIDE * READ) as f32;
        let start = middle * (1.0 - WIDER) + step / 2.0;
        let place = |number: usize| start + step * number as f32;
        let mut sums = vec![0.0f32; SIDE * SIDE * COLOURS];
        for row in 0..SIDE * READ {
            for column in 0..SIDE * READ {
                let [x, y] = back.apply([place(column), place(row)]);
                // What lies outside the picture is black.
                if let Some(pixel) = pixel(picture, x, y) {
                    let cell = (row / READ) * SIDE + column / READ;
                    for (sum, &level) in sums[cell * COLOURS..].iter_mut().zip(&pixel.0) {
                        *sum += f32::from(level);
                    }
                }
            }
        }
        Self::normalised(sums)
    }

    /// How alike two faces look, in [-1, 1]: the correlation of their levels.
    pub fn likeness(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// With a `share` in [0, 1] of another look.
    pub(super) fn mixed(&self, other: &Self, share: f32) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        let mixed = pairs.map(|(old, new)| old + share * (new - old)).collect();
        Self::normalised(mixed).unwrap_or_else(|| other.clone())
    }

    fn normalised(mut levels: Vec<f32>) -> Option<Self> {
        let mean = levels.iter().sum::<f32>() / levels.len() as f32;
        levels.iter_mut().for_each(|level| *level -= mean);
        let length = levels.iter().map(|level| level * level).sum::<f32>().sqrt();
        (length > 1e-3).then(|| {
            levels.iter_mut().for_each(|level| *level /= length);
            Self(levels)
        })
    }
}

fn pixel(picture: &RgbImage, x: f32, y: f32) -> Option<&image::Rgb<u8>> {
    let (x, y) = (x.round(), y.round());
    // Also of a place that is not a number.
    (x >= 0.0 && y >= 0.0)
        .then(|| picture.get_pixel_checked(x as u32, y as u32))
        .flatten()
}
