//! The product of a map, sixteen channels of a pixel side by side, with packed weights:
//! `[pixels, channels] x [channels, outputs]`, tile by tile, every sum in a register.
#![allow(
    clippy::int_plus_one,
    reason = "a tile of one is bounded as all others are"
)]
#![allow(
    clippy::needless_range_loop,
    clippy::int_plus_one,
    reason = "tiles are indexed by row and column as the formulas are, and have any size, also 1"
)]

use std::ops::Range;

use crate::cpu::simd::{LANES, Lanes, Vector, planes};

/// The operands of a product whose output is one panel: one vector or two.
#[derive(Clone, Copy)]
pub(crate) struct Planar<'a> {
    /// The map, plane after plane.
    pub input: &'a [Lanes],
    /// Lanes of a plane: the pixels of the map.
    pub plane: usize,
    /// Channels of the map.
    pub channels: usize,
    /// The weights, `[channels, vectors]`.
    pub weight: &'a [Lanes],
    /// The bias, `[vectors]`; its length is the number of vectors.
    pub bias: &'a [Lanes],
}

/// Where a product's sums go.
pub(crate) trait Target<V: Vector> {
    /// Takes the sums of `ROWS` pixels from `pixel` on and of `COLS` vectors from `vector` on. Within
    /// a vector, pixels come in order.
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    );
}

impl Planar<'_> {
    /// Sums every output of `pixels`, always in the order of the input channels, so that the result
    /// does not depend on how the pixels are divided among calls.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    pub unsafe fn run<V: Vector>(&self, pixels: Range<usize>, target: &mut impl Target<V>) {
        let vectors = self.bias.len();
        assert!(
            (1..=2).contains(&vectors)
                && pixels.end <= self.plane
                && self.input.len() >= planes(self.channels) * self.plane
                && self.weight.len() >= self.channels * vectors,
            "the operands of a product fit together"
        );
        // SAFETY: the lengths were checked just now.
        unsafe {
            if V::PAIRS && vectors == 2 {
                self.sweep::<V, 2>(pixels, 0, target);
            } else {
                for vector in 0..vectors {
                    self.sweep::<V, 1>(pixels.clone(), vector, target);
                }
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run), and the lengths are right.
    #[inline(always)]
    unsafe fn sweep<V: Vector, const COLS: usize>(
        &self,
        pixels: Range<usize>,
        vector: usize,
        target: &mut impl Target<V>,
    ) {
        let Range { start, end } = pixels;
        let mut pixel = start;
        macro_rules! tiles {
            ($($rows:literal if $compiled:expr),*) => {$(
                if $compiled {
                    while pixel + $rows <= end {
                        // SAFETY: the caller's.
                        let sums = unsafe { self.tile::<V, $rows, COLS>(pixel, vector) };
                        target.put(pixel, vector, sums);
                        pixel += $rows;
                    }
                }
            )*};
        }
        tiles!(
            14 if V::ROWS == 14,
            7 if V::ROWS == 14,
            6 if V::ROWS == 6,
            4 if V::ROWS >= 4,
            2 if true,
            1 if true
        );
    }

    /// # Safety
    /// As [`run`](Self::run); `pixel + ROWS` is inside the plane and `vector + COLS` inside the panel.
    #[inline(always)]
    unsafe fn tile<V: Vector, const ROWS: usize, const COLS: usize>(
        &self,
        pixel: usize,
        vector: usize,
    ) -> [[V; COLS]; ROWS] {
        let pitch = self.bias.len() * LANES;
        // SAFETY: `run` has checked that all planes, weights and biases are there, and the caller
        // that the tile is inside them.
        unsafe {
            let bias = self.bias.as_ptr().add(vector).cast::<f32>();
            let start: [V; COLS] = std::array::from_fn(|col| V::load(bias.add(col * LANES)));
            let mut sums = [start; ROWS];
            let mut weight = self.weight.as_ptr().add(vector).cast::<f32>();
            let mut input = self.input.as_ptr().add(pixel).cast::<f32>();
            // Where the same place of the next panel would be.
            let ahead = self.channels * pitch;
            let mut left = self.channels;
            while left > 0 {
                let lanes = left.min(LANES);
                for lane in 0..lanes {
                    let columns: [V; COLS] =
                        std::array::from_fn(|col| V::load(weight.add(col * LANES)));
                    for col in 0..COLS {
                        V::prefetch(weight.wrapping_add(ahead + col * LANES));
                    }
                    for row in 0..ROWS {
                        let value = V::splat(*input.add(row * LANES + lane));
                        for col in 0..COLS {
                            sums[row][col] = columns[col].mul_add(value, sums[row][col]);
                        }
                    }
                    weight = weight.add(pitch);
                }
                left -= lanes;
                input = input.wrapping_add(self.plane * LANES);
            }
            sums
        }
    }
}
