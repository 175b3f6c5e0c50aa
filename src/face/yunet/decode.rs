//! From the numbers of every cell to faces.

use burn::config::Config;
use burn::tensor::Device;
use image::RgbImage;

use super::network::{STRIDES, YuNet};
use crate::face::detection::{Bounds, Detection};
use crate::face::suppression::suppress;

/// What counts as a face.
#[derive(Config, Debug, PartialEq)]
pub struct YuNetThresholds {
    /// The least confidence, in [0, 1]. Default: 0.6, as in OpenCV's own samples.
    #[config(default = 0.6)]
    pub confidence: f32,
    /// The most that two faces may overlap, as intersection over union in [0, 1]. Default: 0.3.
    #[config(default = 0.3)]
    pub overlap: f32,
}

/// Cells that are compared with each other at most, the most certain ones, as in OpenCV: a picture of
/// nothing but faces would take for ever.
const MOST: usize = 5000;

impl YuNet {
    /// The faces that the network sees in a picture as large as it is, the most certain first.
    pub(super) fn faces(
        &self,
        picture: &RgbImage,
        thresholds: &YuNetThresholds,
        device: &Device,
    ) -> Vec<Detection> {
        let least = thresholds.confidence;
        // The confidence is at most the root of either probability. Cells far below, which is nearly all
        // of them, need no exponential; a hair less lets none go that rounding would bring up.
        let share = f64::from(least).powi(2);
        let logit = ((share / (1.0 - share)).ln() - 1e-3).min(10.0) as f32;
        let mut found = Vec::new();
        self.cells(picture, device, &mut |level, place, numbers| {
            if numbers[0] >= logit && numbers[1] >= logit {
                let face = face(place, STRIDES[level], numbers);
                let Bounds {
                    x,
                    y,
                    width,
                    height,
                } = face.bounds;
                // What is not finite is no face.
                let finite = [x, y, width, height]
                    .iter()
                    .all(|number| number.is_finite());
                if face.confidence >= least && finite {
                    found.push(face);
                }
            }
        });
        if found.len() > MOST {
            found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
            found.truncate(MOST);
        }
        let bounds: Vec<Bounds> = found.iter().map(|face| face.bounds).collect();
        let confidence: Vec<f32> = found.iter().map(|face| face.confidence).collect();
        suppress(&bounds, &confidence, thresholds.overlap, Bounds::overlap)
            .into_iter()
            .map(|place| found[place])
            .collect()
    }
}

/// The face at a row and column of cells of `stride` pixels.
fn face([row, column]: [usize; 2], stride: usize, numbers: &[f32]) -> Detection {
    let [row, column, stride] = [row, column, stride].map(|count| count as f32);
    let at = |number: usize| {
        [
            (column + numbers[number]) * stride,
            (row + numbers[number + 1]) * stride,
        ]
    };
    let [class, object] = [0, 1].map(|logit| 1.0 / (1.0 + (-numbers[logit]).exp()));
    let [x, y] = at(2);
    let [width, height] = [4, 5].map(|number| numbers[number].exp() * stride);
    Detection {
        bounds: Bounds {
            x: x - width / 2.0,
            y: y - height / 2.0,
            width,
            height,
        },
        confidence: (class * object).sqrt(),
        landmarks: std::array::from_fn(|point| at(6 + 2 * point)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cells_numbers_are_read_in_cells() {
        let mut numbers = [0.0; 16];
        numbers[0] = 2.0;
        numbers[1] = -1.0;
        numbers[2..6].copy_from_slice(&[0.5, -0.25, 1.0, 0.0]);
        numbers[6..8].copy_from_slice(&[-1.0, 2.0]);
        let found = face([3, 5], 16, &numbers);
        let width = std::f32::consts::E * 16.0;
        let expected = Bounds {
            x: 88.0 - width / 2.0,
            y: 44.0 - 8.0,
            width,
            height: 16.0,
        };
        assert_eq!(found.bounds, expected);
        assert_eq!(found.landmarks[..2], [[64.0, 80.0], [80.0, 48.0]]);
        // sqrt(0.880797 * 0.268941)
        assert!((found.confidence - 0.486_706).abs() < 1e-6);
    }
}
