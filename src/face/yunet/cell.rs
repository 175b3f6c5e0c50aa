//! What the network says of a picture, cell by cell.

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::network::YuNet;
use crate::cpu::{self, view::Visit};

impl YuNet {
    /// Calls `visit` with each level's place in [`STRIDES`](super::network::STRIDES), the row and column
    /// of each of its cells and the 16 numbers there: the logits of class and object, a box of four and
    /// ten landmarks' coordinates, as in [`LevelOutput`](super::LevelOutput).
    ///
    /// On burn's CPU backend the network runs fused, and no map is copied.
    pub(crate) fn cells(&self, picture: &RgbImage, device: &Device, visit: &mut Visit<'_>) {
        let size = [picture.height(), picture.width()].map(|side| side as usize);
        let bytes = picture.as_raw();
        if cpu::cells(&self.cache, &self.view(), bytes, size, visit).is_some() {
            return;
        }
        let outputs = self.forward(input(picture, device));
        for (level, output) in outputs.into_iter().enumerate() {
            let parts = vec![output.class, output.object, output.bounds, output.landmarks];
            let numbers = Tensor::cat(parts, 1).permute([0, 2, 3, 1]);
            let [_, _, columns, count] = numbers.dims();
            let numbers: Vec<f32> = numbers.into_data().iter().collect();
            for (cell, numbers) in numbers.chunks_exact(count).enumerate() {
                visit(level, [cell / columns, cell % columns], numbers);
            }
        }
    }
}

/// A picture as the network reads it: blue, green, red; black at the right and below, up to multiples
/// of 32.
fn input(picture: &RgbImage, device: &Device) -> Tensor<4> {
    let (width, height) = picture.dimensions();
    let [columns, rows] = [width, height].map(|side| side.next_multiple_of(32) as usize);
    let mut values = vec![0.0; 3 * rows * columns];
    for (plane, channel) in values.chunks_exact_mut(rows * columns).zip([2, 1, 0]) {
        for (line, pixels) in plane.chunks_exact_mut(columns).zip(picture.rows()) {
            for (value, pixel) in line.iter_mut().zip(pixels) {
                *value = f32::from(pixel[channel]);
            }
        }
    }
    Tensor::from_data(TensorData::new(values, [1, 3, rows, columns]), device)
}
