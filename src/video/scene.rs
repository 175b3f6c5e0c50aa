//! Whether a frame shows another scene than the one before.

use image::RgbImage;

/// Cells of the picture, across and down.
const CELLS: [usize; 2] = [16, 9];
/// Pixels that are read of each cell, on a side.
const READ: usize = 8;
/// The mean difference of the cells, in levels of 255, above which the scene is another one: people and
/// cameras that move change less from one frame to the next.
const CUT: f32 = 30.0;

/// What the last frame looked like, coarsely.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene(Vec<f32>);

impl Scene {
    /// Takes the next frame, and says whether there was a cut before it; before the first one there was.
    pub fn changes(&mut self, picture: &RgbImage) -> bool {
        let before = std::mem::replace(&mut self.0, cells(picture));
        let pairs = before.iter().zip(&self.0);
        let difference: f32 = pairs.map(|(old, new)| (old - new).abs()).sum();
        before.len() != self.0.len() || difference > CUT * self.0.len() as f32
    }
}

/// The mean level of each cell; none of an empty picture.
fn cells(picture: &RgbImage) -> Vec<f32> {
    let size = [picture.width(), picture.height()].map(|side| side as usize);
    if size.contains(&0) {
        return Vec::new();
    }
    let mut sums = vec![0.0; CELLS[0] * CELLS[1]];
    let place = |number: usize, axis: usize| number * size[axis] / (CELLS[axis] * READ);
    for row in 0..CELLS[1] * READ {
        for column in 0..CELLS[0] * READ {
            let pixel = picture.get_pixel(place(column, 0) as u32, place(row, 1) as u32);
            // Of the three colours, the one in the middle of the spectrum is closest to brightness.
            sums[row / READ * CELLS[0] + column / READ] += f32::from(pixel[1]);
        }
    }
    let count = (READ * READ) as f32;
    sums.iter_mut().for_each(|sum| *sum /= count);
    sums
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    /// Stripes that move and become lighter.
    fn stripes(shift: u32, light: u8) -> RgbImage {
        RgbImage::from_fn(160, 90, |x, y| {
            let level = if ((x + shift) / 40).is_multiple_of(2) {
                60
            } else {
                140
            };
            Rgb([0, level + light + (y % 3) as u8, 0])
        })
    }

    #[test]
    fn what_moves_and_becomes_lighter_is_the_same_scene_and_another_picture_is_not() {
        let mut scene = Scene::default();
        assert!(scene.changes(&stripes(0, 0)));
        for step in 1..20 {
            assert!(!scene.changes(&stripes(5 * step, step as u8)));
        }
        // Dark and light change places.
        assert!(scene.changes(&stripes(95 + 40, 19)));
        assert!(!scene.changes(&stripes(95 + 40, 19)));
    }

    #[test]
    fn any_size_has_cells_and_an_empty_picture_none() {
        let mut scene = Scene::default();
        scene.changes(&stripes(0, 0));
        assert!(scene.changes(&RgbImage::new(0, 5)));
        assert!(!scene.changes(&RgbImage::new(0, 0)));
        assert!(scene.changes(&RgbImage::new(1, 1)));
        assert!(!scene.changes(&RgbImage::new(3, 2000)));
    }
}
