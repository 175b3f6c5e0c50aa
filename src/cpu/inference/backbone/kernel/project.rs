//! The 1x1 convolutions that end a block and the network.

use crate::cpu::matmul::{Planar, Store, Target};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector, numbers};

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
    fn run<V: Vector>(mut self, zero: V) {
        let product = &mut self.store.product;
        if let Some(gate) = self.gate {
            let vectors = product.bias.len();
            let (weights, _) = product.weight.as_chunks();
            let packed = self.scratch.room(weights.len());
            let rows = weights.chunks_exact(vectors);
            let scaled = packed.chunks_exact_mut(vectors);
            for (channel, (row, scaled)) in rows.zip(scaled).enumerate() {
                let factor = zero.splat(gate[channel / LANES].0[channel % LANES]);
                for (weight, scaled) in row.iter().zip(scaled) {
                    zero.read(weight).mul(factor).write(&mut scaled.0);
                }
            }
            product.weight = numbers(packed);
        }
        self.store.run(zero);
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
    fn run<V: Vector>(self, zero: V) {
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
        let mut sums = Sums([zero; 2]);
        self.product.run(zero, 0..self.pixels, &mut sums);
        let share = zero.splat(1.0 / self.pixels as f32);
        for (sum, out) in sums.0.into_iter().zip(self.out) {
            sum.mul(share).write(&mut out.0);
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
    fn run<V: Vector>(self, zero: V) {
        let plane = self.map.len() / self.gate.len();
        for (plane, gate) in self.map.chunks_exact_mut(plane).zip(self.gate) {
            let factor = zero.read(&gate.0);
            for vector in plane {
                zero.read(&vector.0).mul(factor).write(&mut vector.0);
            }
        }
    }
}
