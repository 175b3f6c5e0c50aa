//! A depthwise convolution of one plane of one image.

use super::super::norm::Moments;
use super::measure::Tally;
use super::window::Source;
use crate::cpu::convolution::{Geometry, Outputs, by_window, sweep};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Lanes, Vector};

/// The convolution, with the moments of what it puts out.
pub(in super::super) struct Depthwise<'a> {
    /// The shape.
    pub geometry: Geometry,
    /// What is read.
    pub source: Source<'a>,
    /// `[kernel * kernel]`.
    pub weight: &'a [Lanes],
    /// Working memory.
    pub scratch: &'a mut Memory,
    /// The output.
    pub out: &'a mut [Lanes],
}

by_window!(Depthwise<'_>, convolve -> Moments);

impl Depthwise<'_> {
    #[inline(always)]
    fn convolve<V: Vector, const KERNEL: usize, const STRIDE: usize>(self, zero: V) -> Moments {
        let geometry = self.geometry;
        let ([height, pitch], width) = (geometry.padded(), geometry.output[1]);
        let padded = self.scratch.room(height * pitch);
        self.source.fill(zero, &geometry, padded);
        let mut tally = Tally::new(zero);
        for (row, out) in self.out.chunks_exact_mut(width).enumerate() {
            let from: [&[Lanes]; KERNEL] =
                std::array::from_fn(|y| &padded[(row * STRIDE + y) * pitch..][..pitch]);
            let mut target = Row {
                out,
                tally: &mut tally,
                sums: [zero; 2],
            };
            sweep::<V, KERNEL, STRIDE>(from, self.weight, zero, width, &mut target);
            let sums = target.sums;
            tally.add(sums);
        }
        tally.moments(self.out.len())
    }
}

/// One row of the output, and its sums.
struct Row<'a, V> {
    out: &'a mut [Lanes],
    tally: &'a mut Tally<V>,
    sums: [V; 2],
}

impl<V: Vector> Outputs<V> for Row<'_, V> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let distance = sum.sub(self.tally.pivot(sum));
        self.sums[0] = self.sums[0].add(distance);
        self.sums[1] = distance.mul_add(distance, self.sums[1]);
        sum.write(&mut self.out[x].0);
    }
}
