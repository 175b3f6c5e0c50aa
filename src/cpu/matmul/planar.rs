//! The product of a map with packed weights: `[pixels, channels] x [channels, outputs]`.

use std::ops::Range;

use super::tile::Terms;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector, tiles};

/// The operands of a product whose output is one panel: one vector or two.
///
/// The numbers of neighbouring pixels lie `ROW` apart. Those of `RUN` neighbouring terms lie side by
/// side: as a map is made, the sixteen channels of a plane. With a `ROW` and a `RUN` of 1 they are
/// the packed rows of any matrix.
#[derive(Clone, Copy)]
pub(crate) struct Planar<'a, const ROW: usize = LANES, const RUN: usize = LANES> {
    /// The map, run after run.
    pub input: &'a [f32],
    /// From one run of terms to the next.
    pub pitch: usize,
    /// Terms of a sum: the channels of the map.
    pub terms: usize,
    /// The weights, `[terms, vectors]`.
    pub weight: &'a [f32],
    /// From the weights of one term to those of the next.
    pub weight_pitch: usize,
    /// The bias, `[vectors]`; its length is the number of vectors.
    pub bias: &'a [Lanes],
}

/// Terms of a packed matrix that are on their way while one is multiplied.
const AHEAD: usize = 8;

/// Where a product's sums go.
pub(crate) trait Target<V: Vector> {
    /// What the sums of `ROWS` pixels from `pixel` on and of `COLS` vectors from `vector` on start
    /// from, where nothing else is asked for the `bias`.
    #[inline(always)]
    fn start<const ROWS: usize, const COLS: usize>(
        &self,
        _pixel: usize,
        _vector: usize,
        bias: [V; COLS],
    ) -> [[V; COLS]; ROWS] {
        [bias; ROWS]
    }

    /// Takes those sums. Within a vector, pixels come in order.
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    );
}

impl<const ROW: usize, const RUN: usize> Planar<'_, ROW, RUN> {
    /// Sums every output of `pixels`, always in the order of the terms, so that the result does not
    /// depend on how the pixels are divided among calls.
    ///
    /// # Panics
    /// If the map or the weights are too small.
    #[inline(always)]
    pub fn run<V: Vector>(&self, zero: V, pixels: Range<usize>, target: &mut impl Target<V>) {
        let vectors = self.bias.len();
        let last = (self.terms.max(1) - 1) / RUN * self.pitch + pixels.end.max(1) * ROW - ROW;
        assert!(
            (1..=2).contains(&vectors)
                && (RUN == LANES || self.terms.is_multiple_of(RUN))
                && self.input.len() >= last + RUN
                && self.weight_pitch >= vectors * LANES
                && (self.terms == 0
                    || self.weight.len() >= (self.terms - 1) * self.weight_pitch + vectors * LANES),
            "the operands of a product fit together"
        );
        // SAFETY: the lengths were checked just now.
        unsafe {
            if V::PAIRS && vectors == 2 {
                self.columns::<V, 2>(zero, pixels, 0, target);
            } else {
                for vector in 0..vectors {
                    self.columns::<V, 1>(zero, pixels.clone(), vector, target);
                }
            }
        }
    }

    /// # Safety
    /// The lengths are right.
    #[inline(always)]
    unsafe fn columns<V: Vector, const COLS: usize>(
        &self,
        zero: V,
        pixels: Range<usize>,
        vector: usize,
        target: &mut impl Target<V>,
    ) {
        tiles!(pixel in pixels, ROWS in [14 if V::ROWS == 14, 7 if V::ROWS == 14,
            6 if V::ROWS == 6, 4 if V::ROWS >= 4, 2 if true, 1 if true], {
            // SAFETY: the caller's.
            let sums = unsafe { self.tile::<V, ROWS, COLS>(zero, pixel, vector, target) };
            target.put(pixel, vector, sums);
        });
    }

    /// # Safety
    /// The lengths are right; `pixel + ROWS` is inside the map and `vector + COLS` inside the panel.
    #[inline(always)]
    unsafe fn tile<V: Vector, const ROWS: usize, const COLS: usize>(
        &self,
        zero: V,
        pixel: usize,
        vector: usize,
        target: &impl Target<V>,
    ) -> [[V; COLS]; ROWS] {
        let bias: [V; COLS] = std::array::from_fn(|col| zero.read(&self.bias[vector + col].0));
        // SAFETY: `run` has checked that all terms and weights are there, and the caller that the
        // tile is inside them.
        unsafe {
            let mut sums = target.start(pixel, vector, bias);
            let mut next = Terms {
                a: self.input.as_ptr().add(pixel * ROW),
                a_next: 1,
                b: self.weight.as_ptr().add(vector * LANES),
                b_next: self.weight_pitch,
                b_column: LANES,
                count: RUN,
            };
            // A packed matrix's panel does not fit into the first cache, so the terms that follow
            // are asked for; a map's does, and the next panel is.
            let panel = self.terms * self.weight_pitch;
            let ahead = |from: *const f32| match RUN {
                1 => V::prefetch::<true>(from.wrapping_add(AHEAD * COLS * LANES)),
                _ => V::prefetch::<false>(from.wrapping_add(panel)),
            };
            let mut left = self.terms;
            while left > 0 {
                // A short run is known to be whole, so that its loop is unrolled.
                next.count = if RUN < LANES { RUN } else { left.min(RUN) };
                sums = next.add::<V, ROWS, COLS, ROW>(sums, ahead);
                left -= next.count;
                next.a = next.a.wrapping_add(self.pitch);
                next.b = next.b.wrapping_add(next.count * next.b_next);
            }
            sums
        }
    }
}

/// A product whose sums go into a map, to which another is added.
pub(crate) struct Store<'a, 'b> {
    /// The operands.
    pub product: Planar<'a>,
    /// The pixels to make.
    pub pixels: Range<usize>,
    /// For each vector, those pixels of a map to add.
    pub other: Option<[&'a [[f32; LANES]]; 2]>,
    /// For each vector, those pixels.
    pub out: &'a mut [&'b mut [[f32; LANES]]],
}

impl Kernel for Store<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(mut self, zero: V) {
        let (product, pixels) = (self.product, self.pixels.clone());
        product.run(zero, pixels, &mut self);
    }
}

impl<V: Vector> Target<V> for Store<'_, '_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        let first = pixel - self.pixels.start;
        for col in 0..COLS {
            let out = &mut self.out[vector + col][first..][..ROWS];
            match &self.other {
                Some(other) => {
                    let other = &other[vector + col][first..][..ROWS];
                    for row in 0..ROWS {
                        let sum = sums[row][col];
                        sum.add(sum.read(&other[row])).write(&mut out[row]);
                    }
                }
                None => {
                    for row in 0..ROWS {
                        sums[row][col].write(&mut out[row]);
                    }
                }
            }
        }
    }
}
