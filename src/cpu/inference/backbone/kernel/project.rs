//! The 1x1 convolutions that end a block and the network.

use std::ops::Range;

use crate::cpu::matmul::{Planar, Target};
use crate::cpu::simd::Kernel;
use crate::cpu::simd::Vector;
use crate::cpu::simd::{LANES, Strip};

/// One panel of a linear 1x1 convolution, on some of the pixels.
pub(in super::super) struct Project<'a> {
    /// The operands.
    pub product: Planar<'a>,
    /// A factor on each input channel, `[planes]`, which is multiplied into the weights.
    pub gate: Option<&'a [Strip]>,
    /// Planes of the panel's own shape, to add.
    pub residual: Option<&'a [Strip]>,
    /// The pixels to make.
    pub pixels: Range<usize>,
    /// Working memory.
    pub scratch: &'a mut Vec<Strip>,
    /// For each strip, the pixels.
    pub out: Vec<&'a mut [Strip]>,
}

impl Kernel for Project<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let mut product = self.product;
        if let Some(gate) = self.gate {
            let strips = product.bias.len();
            let length = product.weight.len();
            if self.scratch.len() < length {
                self.scratch.resize(length, Strip::default());
            }
            let rows = product.weight.chunks_exact(strips);
            let scaled = self.scratch.chunks_exact_mut(strips);
            for (channel, (row, scaled)) in rows.zip(scaled).enumerate() {
                // SAFETY: the caller vouches for the instructions; each slot is one strip.
                unsafe {
                    let factor = V::splat(gate[channel / LANES].0[channel % LANES]);
                    for (weight, scaled) in row.iter().zip(scaled) {
                        let weight = V::load(weight.0.as_ptr()).mul(factor);
                        weight.store(scaled.0.as_mut_ptr());
                    }
                }
            }
            product.weight = self.scratch;
        }
        let mut target = Store {
            plane: product.plane,
            residual: self.residual,
            first: self.pixels.start,
            out: &mut self.out,
        };
        // SAFETY: the caller vouches for the instructions.
        unsafe { product.run::<V>(self.pixels, &mut target) }
    }
}

struct Store<'a, 'b> {
    plane: usize,
    residual: Option<&'a [Strip]>,
    first: usize,
    out: &'a mut [&'b mut [Strip]],
}

impl<V: Vector> Target<V> for Store<'_, '_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        strip: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let strip = strip + col;
            let out = &mut self.out[strip][pixel - self.first..][..ROWS];
            // SAFETY: every slot is one strip.
            unsafe {
                match self.residual {
                    Some(residual) => {
                        let residual = &residual[strip * self.plane + pixel..][..ROWS];
                        for row in 0..ROWS {
                            sums[row][col]
                                .add(V::load(residual[row].0.as_ptr()))
                                .store(out[row].0.as_mut_ptr());
                        }
                    }
                    None => {
                        for row in 0..ROWS {
                            sums[row][col].store(out[row].0.as_mut_ptr());
                        }
                    }
                }
            }
        }
    }
}

/// One panel of a 1x1 convolution, then SiLU, then the mean over all pixels.
pub(in super::super) struct Pool<'a> {
    /// The operands.
    pub product: Planar<'a>,
    /// `[strips]`.
    pub out: &'a mut [Strip],
}

impl Kernel for Pool<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        struct Sums<V>([V; 2]);
        impl<V: Vector> Target<V> for Sums<V> {
            #[inline(always)]
            fn put<const ROWS: usize, const COLS: usize>(
                &mut self,
                _: usize,
                strip: usize,
                sums: [[V; COLS]; ROWS],
            ) {
                for row in sums {
                    for (col, sum) in row.into_iter().enumerate() {
                        self.0[strip + col] = self.0[strip + col].add(sum.silu());
                    }
                }
            }
        }
        // SAFETY: the caller vouches for the instructions; each slot is one strip.
        unsafe {
            let mut sums = Sums([V::splat(0.0); 2]);
            let pixels = self.product.plane;
            self.product.run::<V>(0..pixels, &mut sums);
            let share = V::splat(1.0 / pixels as f32);
            for (sum, out) in sums.0.into_iter().zip(self.out) {
                sum.mul(share).store(out.0.as_mut_ptr());
            }
        }
    }
}

/// Multiplies the planes of a map by one factor per channel, in place.
pub(in super::super) struct Scale<'a> {
    /// The map, plane after plane.
    pub map: &'a mut [Strip],
    /// `[planes]`.
    pub gate: &'a [Strip],
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let plane = self.map.len() / self.gate.len();
        for (plane, gate) in self.map.chunks_exact_mut(plane).zip(self.gate) {
            // SAFETY: the caller vouches for the instructions; each slot is one strip.
            unsafe {
                let factor = V::load(gate.0.as_ptr());
                for strip in plane {
                    let value = V::load(strip.0.as_ptr()).mul(factor);
                    value.store(strip.0.as_mut_ptr());
                }
            }
        }
    }
}
