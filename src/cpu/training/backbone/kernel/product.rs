//! 1x1 convolutions and the gradients of their inputs, with what follows done while the sums are
//! still in registers.

use std::ops::Range;

use super::super::norm::{Moments, Sums};
use crate::cpu::matmul::{Planar, Target};
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

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
    unsafe fn run<V: Vector>(self) -> [Moments; 2] {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            let zero = [V::splat(0.0); 2];
            let count = self.pixels.len();
            let mut target = Measure {
                first: self.pixels.start,
                out: self.out,
                pivot: zero,
                sum: zero,
                square: zero,
            };
            self.product.run::<V>(self.pixels, &mut target);
            std::array::from_fn(|vector| {
                let mut moments = Moments {
                    count,
                    ..Moments::default()
                };
                target.pivot[vector].store(moments.pivot.0.as_mut_ptr());
                target.sum[vector].store(moments.sum.0.as_mut_ptr());
                target.square[vector].store(moments.square.0.as_mut_ptr());
                moments
            })
        }
    }
}

struct Measure<'a, 'b, V> {
    first: usize,
    out: &'a mut [&'b mut [Lanes]],
    pivot: [V; 2],
    sum: [V; 2],
    square: [V; 2],
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
            let vector = vector + col;
            if pixel == self.first {
                self.pivot[vector] = sums[0][col];
            }
            let out = &mut self.out[vector][pixel - self.first..][..ROWS];
            // The tile's own sums first: fewer terms, less rounding.
            // SAFETY: the sums prove the instructions; every slot is one vector.
            let mut sum = unsafe { V::splat(0.0) };
            let mut square = sum;
            for row in 0..ROWS {
                let value = sums[row][col];
                let distance = value.sub(self.pivot[vector]);
                sum = sum.add(distance);
                square = distance.mul_add(distance, square);
                // SAFETY: as above.
                unsafe { value.store(out[row].0.as_mut_ptr()) };
            }
            self.sum[vector] = self.sum[vector].add(sum);
            self.square[vector] = self.square[vector].add(square);
        }
    }
}

/// One panel of the gradient of a 1x1 convolution's input, with another gradient of the same input
/// added.
pub(in super::super) struct Add<'a, 'b> {
    /// The operands.
    pub product: Planar<'a>,
    /// For each vector, the numbers to add.
    pub other: Option<&'a [&'a [f32]]>,
    /// For each vector, the numbers of all of the product's pixels.
    pub out: &'a mut [&'b mut [f32]],
}

impl Kernel for Add<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let pixels = 0..self.product.plane;
        let mut target = Adder {
            other: self.other,
            out: self.out,
        };
        // SAFETY: the caller vouches for the instructions.
        unsafe { self.product.run::<V>(pixels, &mut target) }
    }
}

struct Adder<'a, 'b> {
    other: Option<&'a [&'a [f32]]>,
    out: &'a mut [&'b mut [f32]],
}

impl<V: Vector> Target<V> for Adder<'_, '_> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let range = pixel * LANES..(pixel + ROWS) * LANES;
            let out = &mut self.out[vector + col][range.clone()];
            let other = self.other.map(|other| &other[vector + col][range]);
            for row in 0..ROWS {
                let mut value = sums[row][col];
                // SAFETY: the sums prove the instructions; the slices have `ROWS` vectors.
                unsafe {
                    if let Some(other) = other {
                        value = value.add(V::load(other[row * LANES..].as_ptr()));
                    }
                    value.store(out[row * LANES..][..LANES].as_mut_ptr());
                }
            }
        }
    }
}

/// One panel of the gradient of a gated map, taken back through the gate, the mean that the gate
/// comes from, and SiLU, with the sums that the norm before it needs.
pub(in super::super) struct Excite<'a, 'b> {
    /// The operands: a band's pixels.
    pub product: Planar<'a>,
    /// The band's images, and their pixels in it.
    pub pieces: &'a [(usize, Range<usize>)],
    /// The gate and the gradient of the mean over the number of pixels, of every image and plane.
    pub factors: [&'a [Lanes]; 2],
    /// Planes of the map, and the panel's first.
    pub planes: [usize; 2],
    /// The norm's scale, shift and mean, of the panel's vectors.
    pub norm: [&'a [Lanes]; 3],
    /// For each vector, what the norm was given.
    pub value: [&'a [Lanes]; 2],
    /// For each vector, where the gradient of what the norm put out goes.
    pub out: &'a mut [&'b mut [Lanes]],
}

impl Kernel for Excite<'_, '_> {
    type Output = [Sums; 2];

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> [Sums; 2] {
        let vectors = self.out.len();
        let [planes, first] = self.planes;
        // SAFETY: the caller vouches for the instructions; every slot is one vector.
        unsafe {
            let zero = [V::splat(0.0); 2];
            let constants = |from: &[Lanes]| -> [V; 2] {
                std::array::from_fn(|vector| V::load(from[vector.min(vectors - 1)].0.as_ptr()))
            };
            let mut target = Gated {
                norm: self.norm.map(constants),
                factors: [zero; 2],
                value: self.value,
                out: self.out,
                sums: [zero; 2],
            };
            for (image, pixels) in self.pieces {
                let start = image * planes + first;
                target.factors = self.factors.map(|factor| constants(&factor[start..]));
                self.product.run::<V>(pixels.clone(), &mut target);
            }
            std::array::from_fn(|vector| {
                let mut sums = Sums::default();
                target.sums[0][vector].store(sums.gradient.0.as_mut_ptr());
                target.sums[1][vector].store(sums.product.0.as_mut_ptr());
                sums
            })
        }
    }
}

struct Gated<'a, 'b, V> {
    norm: [[V; 2]; 3],
    factors: [[V; 2]; 2],
    value: [&'a [Lanes]; 2],
    out: &'a mut [&'b mut [Lanes]],
    sums: [[V; 2]; 2],
}

impl<V: Vector> Target<V> for Gated<'_, '_, V> {
    #[inline(always)]
    fn put<const ROWS: usize, const COLS: usize>(
        &mut self,
        pixel: usize,
        vector: usize,
        sums: [[V; COLS]; ROWS],
    ) {
        for col in 0..COLS {
            let vector = vector + col;
            let [scale, shift, mean] = self.norm.map(|all| all[vector]);
            let [gate, slope] = self.factors.map(|all| all[vector]);
            let value = &self.value[vector][pixel..][..ROWS];
            let out = &mut self.out[vector][pixel..][..ROWS];
            // SAFETY: the sums prove the instructions; every slot is one vector.
            let mut total = unsafe { [V::splat(0.0); 2] };
            for row in 0..ROWS {
                // SAFETY: as above.
                unsafe {
                    let value = V::load(value[row].0.as_ptr());
                    let gradient = sums[row][col].mul_add(gate, slope);
                    let gradient = gradient.mul(value.mul_add(scale, shift).silu_slope());
                    gradient.store(out[row].0.as_mut_ptr());
                    total[0] = total[0].add(gradient);
                    total[1] = value.sub(mean).mul_add(gradient, total[1]);
                }
            }
            for (sum, total) in self.sums.iter_mut().zip(total) {
                sum[vector] = sum[vector].add(total);
            }
        }
    }
}
