//! The 1x1 convolutions that end a block and the network.

use std::ops::Range;

use crate::cpu::matmul::{Planar, Target};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// One panel of a linear 1x1 convolution, on some of the pixels.
pub(in super::super) struct Project<'a> {
    /// The operands.
    pub product: Planar<'a>,
    /// A factor on each input channel, `[planes]`, which is multiplied into the weights.
    pub gate: Option<&'a [Lanes]>,
    /// Planes of the panel's own shape, to add.
    pub residual: Option<&'a [Lanes]>,
    /// The pixels to make.
    pub pixels: Range<usize>,
    /// Working memory.
    pub scratch: &'a mut Memory,
    /// For each vector, the pixels.
    pub out: Vec<&'a mut [Lanes]>,
}

impl Kernel for Project<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let mut product = self.product;
        if let Some(gate) = self.gate {
            let vectors = product.bias.len();
            let length = product.weight.len();
            let packed = self.scratch.room(length);
            let rows = product.weight.chunks_exact(vectors);
            let scaled = packed.chunks_exact_mut(vectors);
            for (channel, (row, scaled)) in rows.zip(scaled).enumerate() {
                // SAFETY: the caller vouches for the instructions; each slot is one vector.
                unsafe {
                    let factor = V::splat(gate[channel / LANES].0[channel % LANES]);
                    for (weight, scaled) in row.iter().zip(scaled) {
                        let weight = V::load(weight.0.as_ptr()).mul(factor);
                        weight.store(scaled.0.as_mut_ptr());
                    }
                }
            }
            product.weight = packed;
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
    residual: Option<&'a [Lanes]>,
    first: usize,
    out: &'a mut [&'b mut [Lanes]],
}

impl<V: Vector> Target<V> for Store<'_, '_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let vector = vector + col;
            let out = &mut self.out[vector][pixel - self.first..][..ROWS];
            // SAFETY: every slot is one vector.
            unsafe {
                match self.residual {
                    Some(residual) => {
                        let residual = &residual[vector * self.plane + pixel..][..ROWS];
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
pub(in super::super) struct Mean<'a> {
    /// The operands.
    pub product: Planar<'a>,
    /// `[vectors]`.
    pub out: &'a mut [Lanes],
}

impl Kernel for Mean<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        struct Sums<V>([V; 2]);
        impl<V: Vector> Target<V> for Sums<V> {
            #[inline(always)]
            fn put<const ROWS: usize, const COLS: usize>(
                &mut self,
                _: usize,
                vector: usize,
                sums: [[V; COLS]; ROWS],
            ) {
                for row in sums {
                    for (col, sum) in row.into_iter().enumerate() {
                        self.0[vector + col] = self.0[vector + col].add(sum.silu());
                    }
                }
            }
        }
        // SAFETY: the caller vouches for the instructions; each slot is one vector.
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
    pub map: &'a mut [Lanes],
    /// `[planes]`.
    pub gate: &'a [Lanes],
}

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let plane = self.map.len() / self.gate.len();
        for (plane, gate) in self.map.chunks_exact_mut(plane).zip(self.gate) {
            // SAFETY: the caller vouches for the instructions; each slot is one vector.
            unsafe {
                let factor = V::load(gate.0.as_ptr());
                for vector in plane {
                    let value = V::load(vector.0.as_ptr()).mul(factor);
                    value.store(vector.0.as_mut_ptr());
                }
            }
        }
    }
}
