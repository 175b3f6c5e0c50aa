//! A linear layer and PReLU of some patches at a time.

use crate::cpu::matmul::{PANEL, Planar, Pointwise, Target};
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector, numbers};

/// A layer.
#[derive(Debug)]
pub(super) struct Dense {
    pub product: Pointwise,
    /// What negative sums of each output are multiplied by.
    pub slope: Vec<Lanes>,
}

/// A layer on some patches, of which both input and output have every term of all patches together.
pub(super) struct Run<'a> {
    pub layer: &'a Dense,
    /// `[terms, patches]`.
    pub input: &'a [f32],
    /// `[outputs in whole vectors, patches]`.
    pub output: &'a mut [f32],
    pub patches: usize,
}

impl Kernel for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let Dense { product, slope } = self.layer;
        let panels = self.output.chunks_mut(PANEL * LANES * self.patches);
        for (panel, output) in panels.enumerate() {
            let operands = Planar::<1, 1> {
                input: self.input,
                pitch: self.patches,
                terms: product.inputs,
                weight: numbers(product.weight(panel)),
                weight_pitch: product.bias(panel).len() * LANES,
                bias: product.bias(panel),
            };
            let mut turn = Turn {
                slope: &slope[panel * PANEL..],
                output,
                patches: self.patches,
            };
            operands.run(zero, 0..self.patches, &mut turn);
        }
    }
}

/// Writes the sums of a patch apart, as the next layer reads them.
struct Turn<'a> {
    slope: &'a [Lanes],
    output: &'a mut [f32],
    patches: usize,
}

impl<V: Vector> Target<V> for Turn<'_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let slope = &self.slope[vector + col].0;
            for row in 0..ROWS {
                let sums = sums[row][col].array();
                for lane in 0..LANES {
                    let (sum, place) = (sums[lane], (vector + col) * LANES + lane);
                    self.output[place * self.patches + pixel + row] =
                        sum.max(0.0) + slope[lane] * sum.min(0.0);
                }
            }
        }
    }
}
