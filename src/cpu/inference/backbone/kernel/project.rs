//! The 1x1 convolutions that end a block and the network.

use crate::cpu::matmul::{Planar, Store, Target};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// One panel of a linear 1x1 convolution, on some of the pixels.
pub(in super::super) struct Project<'a, 'b> {
    /// The convolution.
    pub store: Store<'a, 'b>,
    /// A factor on each input channel, `[planes]`, which is multiplied into the weights.
    pub gate: Option<&'a [Lanes]>,
    /// Working memory.
    pub scratch: &'a mut Memory,
}

impl Kernel for Project<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let product = &mut self.store.product;
        if let Some(gate) = self.gate {
            let vectors = product.bias.len();
            let packed = self.scratch.room(product.weight.len());
            let rows = product.weight.chunks_exact(vectors);
            let scaled = packed.chunks_exact_mut(vectors);
            for (channel, (row, scaled)) in rows.zip(scaled).enumerate() {
                // SAFETY: the caller vouches for the instructions.
                unsafe {
                    let factor = V::splat(gate[channel / LANES].0[channel % LANES]);
                    for (weight, scaled) in row.iter().zip(scaled) {
                        V::of(&weight.0).mul(factor).write(&mut scaled.0);
                    }
                }
            }
            product.weight = packed;
        }
        // SAFETY: the caller vouches for the instructions.
        unsafe { self.store.run::<V>() }
    }
}

/// One panel of a 1x1 convolution, then SiLU, then the mean over all pixels.
pub(in super::super) struct Mean<'a> {
    /// The operands.
    pub product: Planar<'a>,
    /// How many pixels there are.
    pub pixels: usize,
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
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            let mut sums = Sums([V::splat(0.0); 2]);
            self.product.run::<V>(0..self.pixels, &mut sums);
            let share = V::splat(1.0 / self.pixels as f32);
            for (sum, out) in sums.0.into_iter().zip(self.out) {
                sum.mul(share).write(&mut out.0);
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
            // SAFETY: the caller vouches for the instructions.
            unsafe {
                let factor = V::of(&gate.0);
                for vector in plane {
                    V::of(&vector.0).mul(factor).write(&mut vector.0);
                }
            }
        }
    }
}
