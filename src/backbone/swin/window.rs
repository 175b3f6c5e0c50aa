//! Maps of tokens cut into windows, and put together again.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// How a map of some height and width is cut: padded to whole windows at the right and at the bottom,
/// and shifted to the left and to the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Windows {
    size: [usize; 2],
    padded: [usize; 2],
    window: usize,
    shift: [usize; 2],
}

impl Windows {
    /// Windows of `window` by `window` tokens, shifted by `shift` wherever there is more than one.
    pub fn new(size: [usize; 2], window: usize, shift: usize) -> Self {
        let padded = size.map(|side| side.div_ceil(window) * window);
        let shift = padded.map(|side| if window >= side { 0 } else { shift });
        Self {
            size,
            padded,
            window,
            shift,
        }
    }

    fn count(&self) -> [usize; 2] {
        self.padded.map(|side| side / self.window)
    }

    /// # Shapes
    /// - maps: `[batch, height, width, channels]`
    /// - output: `[batch * windows, window * window, channels]`
    pub fn cut(&self, maps: Tensor<4>) -> Tensor<3> {
        let [batch, _, _, channels] = maps.dims();
        let maps = self.pad(maps);
        let maps = rolled(rolled(maps, 1, self.shift[0]), 2, self.shift[1]);
        let ([rows, columns], window) = (self.count(), self.window);
        maps.reshape([batch, rows, window, columns, window, channels])
            .swap_dims(2, 3)
            .reshape([batch * rows * columns, window * window, channels])
    }

    /// The reverse of [`cut`](Self::cut).
    pub fn join(&self, windows: Tensor<3>) -> Tensor<4> {
        let ([rows, columns], window) = (self.count(), self.window);
        let [count, _, channels] = windows.dims();
        let batch = count / (rows * columns);
        let maps = windows
            .reshape([batch, rows, columns, window, window, channels])
            .swap_dims(2, 3)
            .reshape([batch, rows * window, columns * window, channels]);
        let [height, width] = self.padded;
        // What went to the left by the shift comes back by the rest of the way around.
        let maps = rolled(maps, 1, (height - self.shift[0]) % height);
        let maps = rolled(maps, 2, (width - self.shift[1]) % width);
        maps.narrow(1, 0, self.size[0]).narrow(2, 0, self.size[1])
    }

    fn pad(&self, maps: Tensor<4>) -> Tensor<4> {
        let mut maps = maps;
        for axis in 0..2 {
            let more = self.padded[axis] - self.size[axis];
            if more > 0 {
                let mut dims = maps.dims();
                dims[axis + 1] = more;
                let zeros = Tensor::zeros(dims, (&maps.device(), maps.dtype()));
                maps = Tensor::cat(vec![maps, zeros], axis + 1);
            }
        }
        maps
    }

    /// What is added to the attention of one token to another in the same window: -100 where the shift has
    /// brought them together from opposite edges of the map. `None` without a shift.
    ///
    /// # Shapes
    /// - output: `[windows, window * window, window * window]`
    pub fn mask(&self, device: &Device) -> Option<Tensor<3>> {
        if self.shift == [0, 0] {
            return None;
        }
        let ([rows, columns], window) = (self.count(), self.window);
        let tokens = window * window;
        // The part of the shifted map that a place is in, along one axis.
        let part = |axis: usize, place: usize| {
            let (side, shift) = (self.padded[axis], self.shift[axis]);
            match place {
                _ if shift == 0 || place < side - window => 0,
                place if place < side - shift => 1,
                _ => 2,
            }
        };
        let mut values = Vec::with_capacity(rows * columns * tokens * tokens);
        for index in 0..rows * columns {
            let parts: Vec<usize> = (0..tokens)
                .map(|token| {
                    let row = index / columns * window + token / window;
                    let column = index % columns * window + token % window;
                    3 * part(0, row) + part(1, column)
                })
                .collect();
            for from in &parts {
                values.extend(
                    parts
                        .iter()
                        .map(|to| if from == to { 0.0f32 } else { -100.0 }),
                );
            }
        }
        let data = TensorData::new(values, [rows * columns, tokens, tokens]);
        Some(Tensor::from_data(data, device))
    }
}

/// The row of the table of biases that each pair of tokens in a window has, by how far they are apart.
///
/// # Shapes
/// - output: `[window^2 * window^2]`, each below `(2 window - 1)^2`
pub(super) fn relative_positions(window: usize, device: &Device) -> Tensor<1, Int> {
    let tokens = window * window;
    let span = 2 * window - 1;
    let place = |from: usize, to: usize| {
        let rows = from / window + window - 1 - to / window;
        let columns = from % window + window - 1 - to % window;
        (rows * span + columns) as i64
    };
    let pairs = (0..tokens).flat_map(|from| (0..tokens).map(move |to| place(from, to)));
    let pairs: Vec<i64> = pairs.collect();
    Tensor::from_data(TensorData::new(pairs, [tokens * tokens]), device)
}

/// `maps` moved by `places` towards the start of an axis, around its end.
fn rolled(maps: Tensor<4>, axis: usize, places: usize) -> Tensor<4> {
    let side = maps.dims()[axis];
    if places == 0 {
        return maps;
    }
    let front = maps.clone().narrow(axis, 0, places);
    let rest = maps.narrow(axis, places, side - places);
    Tensor::cat(vec![rest, front], axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_and_joined_is_the_map_again() {
        let device = Device::default();
        for (size, window, shift) in [
            ([4, 6], 2, 1),
            ([5, 7], 3, 1),
            ([3, 3], 4, 2),
            ([8, 3], 4, 2),
        ] {
            let windows = Windows::new(size, window, shift);
            let maps = crate::testing::drawn([2, size[0], size[1], 3], 5, &device);
            let cut = windows.cut(maps.clone());
            let count = size[0].div_ceil(window) * size[1].div_ceil(window);
            assert_eq!(cut.dims(), [2 * count, window * window, 3]);
            let joined = windows.join(cut);
            joined.into_data().assert_eq(&maps.into_data(), true);
        }
    }

    #[test]
    fn one_window_is_neither_shifted_nor_masked() {
        let device = Device::default();
        assert!(Windows::new([3, 3], 3, 1).mask(&device).is_none());
        let mask = Windows::new([6, 3], 3, 1).mask(&device).unwrap();
        // Along the one axis with two windows the last one holds tokens of both edges.
        assert_eq!(mask.dims(), [2, 9, 9]);
        let sums: Vec<f32> = mask.sum_dims(&[1, 2]).into_data().iter().collect();
        assert_eq!(sums, [0.0, -100.0 * 2.0 * 18.0]);
    }

    #[test]
    fn pairs_that_are_as_far_apart_share_a_bias() {
        let places = relative_positions(2, &Device::default());
        let places: Vec<i64> = places.into_data().iter().collect();
        let expected = [4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4];
        assert_eq!(places, expected);
    }
}
