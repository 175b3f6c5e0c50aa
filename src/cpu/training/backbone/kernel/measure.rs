//! The moments of what a convolution puts out, taken while it is in registers.

use std::ops::Range;

use super::super::norm::Moments;
use crate::cpu::matmul::{Planar, Target};
use crate::cpu::simd::{Kernel, Lanes, Vector};

/// The moments of the values so far.
#[derive(Clone, Copy)]
pub(super) struct Tally<V> {
    pivot: Option<V>,
    sums: [V; 2],
}

impl<V: Vector> Tally<V> {
    /// Of no values.
    #[inline(always)]
    pub fn new(zero: V) -> Self {
        Self {
            pivot: None,
            sums: [zero; 2],
        }
    }

    /// What the sums are about: the first of all values, where `first` is the first of some.
    #[inline(always)]
    pub fn pivot(&mut self, first: V) -> V {
        *self.pivot.get_or_insert(first)
    }

    /// Adds the sums of some values. Those of a tile or a row are summed on their own first: fewer
    /// terms, less rounding.
    #[inline(always)]
    pub fn add(&mut self, [sum, square]: [V; 2]) {
        self.sums = [self.sums[0].add(sum), self.sums[1].add(square)];
    }

    /// The moments, if these were `count` values.
    #[inline(always)]
    pub fn moments(&self, count: usize) -> Moments {
        let [sum, square] = self.sums.map(|sum| Lanes(sum.array()));
        Moments {
            count,
            pivot: Lanes(self.pivot.unwrap_or(self.sums[0]).array()),
            sum,
            square,
        }
    }
}

/// One panel of a 1x1 convolution, with the moments of what it puts out.
pub(in super::super) struct Convolve<'a, 'b> {
    /// The operands.
    pub product: Planar<'a>,
    /// The pixels to make.
    pub pixels: Range<usize>,
    /// For each vector, the pixels.
    pub out: &'a mut [&'b mut [Lanes]],
}

impl Kernel for Convolve<'_, '_> {
    type Output = [Moments; 2];

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) -> [Moments; 2] {
        let count = self.pixels.len();
        let mut target = Measure {
            first: self.pixels.start,
            out: self.out,
            tallies: [Tally::new(zero); 2],
        };
        self.product.run(zero, self.pixels, &mut target);
        target.tallies.map(|tally| tally.moments(count))
    }
}

struct Measure<'a, 'b, V> {
    first: usize,
    out: &'a mut [&'b mut [Lanes]],
    tallies: [Tally<V>; 2],
}

impl<V: Vector> Target<V> for Measure<'_, '_, V> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let tally = &mut self.tallies[vector + col];
            let out = &mut self.out[vector + col][pixel - self.first..][..ROWS];
            let pivot = tally.pivot(sums[0][col]);
            let [mut sum, mut square] = [pivot.splat(0.0); 2];
            for row in 0..ROWS {
                let value = sums[row][col];
                let distance = value.sub(pivot);
                sum = sum.add(distance);
                square = distance.mul_add(distance, square);
                value.write(&mut out[row].0);
            }
            tally.add([sum, square]);
        }
    }
}
