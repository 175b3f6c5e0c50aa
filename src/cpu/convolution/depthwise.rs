//! One row of a depthwise convolution on one vector of channels, and its weights.

use std::hint::black_box;

use crate::cpu::simd::{LANES, Lanes, Vector, planes, tiles};

/// A depthwise convolution's weights, `[channels, taps]`, as `[planes, taps]`.
pub(crate) fn pack(weight: &[f32], channels: usize, taps: usize) -> Vec<Lanes> {
    (0..planes(channels) * taps)
        .map(|index| {
            let (plane, tap) = (index / taps, index % taps);
            Lanes(std::array::from_fn(|lane| {
                let channel = plane * LANES + lane;
                weight.get(channel * taps + tap).copied().unwrap_or(0.0)
            }))
        })
        .collect()
}

/// Where a row's outputs go.
pub(crate) trait Outputs<V: Vector> {
    /// Takes the output at `x`. Implementations are `#[inline(always)]`, so that the caller's
    /// instruction set reaches them.
    fn put(&mut self, x: usize, sum: V);
}

/// Convolves one row, adds the bias, and gives each of the `width` outputs to `target`, in order.
///
/// # Panics
/// If one of the input `rows` under the kernel has fewer than `(width - 1) * STRIDE + KERNEL` vectors.
#[inline(always)]
pub(crate) fn sweep<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    rows: [&[Lanes]; KERNEL],
    weight: &[Lanes],
    bias: V,
    width: usize,
    target: &mut impl Outputs<V>,
) {
    let read = (width.max(1) - 1) * STRIDE + KERNEL;
    assert!(
        weight.len() >= KERNEL * KERNEL && rows.iter().all(|row| row.len() >= read),
        "a whole kernel, and rows that it fits on"
    );
    let weight = weight.as_ptr().cast::<f32>();
    let rows = rows.map(|row| row.as_ptr().cast::<f32>());
    tiles!(x in 0..width, OUTPUTS in [7 if V::OUTPUTS == 7, 4 if V::OUTPUTS >= 4,
        2 if true, 1 if true], {
        // SAFETY: the rows and the weights are as long as was checked, and the tile is inside the
        // outputs.
        let sums = unsafe {
            let from = rows.map(|row| row.add(x * STRIDE * LANES));
            tile::<V, KERNEL, STRIDE, OUTPUTS>(from, weight, bias)
        };
        for (index, sum) in sums.into_iter().enumerate() {
            target.put(x + index, sum);
        }
    });
}

/// # Safety
/// The rows are valid for `(OUTPUTS - 1) * STRIDE + KERNEL` vectors, the weights for a whole kernel.
#[inline(always)]
unsafe fn tile<V: Vector, const KERNEL: usize, const STRIDE: usize, const OUTPUTS: usize>(
    rows: [*const f32; KERNEL],
    weight: *const f32,
    bias: V,
) -> [V; OUTPUTS] {
    let mut sums = [bias; OUTPUTS];
    // Unrolling this loop too would take more registers than there are.
    for y in 0..black_box(KERNEL) {
        for x in 0..KERNEL {
            // SAFETY: the caller's; the bias is proof of the instructions.
            unsafe {
                let factor = V::load(weight.add((y * KERNEL + x) * LANES));
                for output in 0..OUTPUTS {
                    let input = V::load(rows[y].add((output * STRIDE + x) * LANES));
                    sums[output] = factor.mul_add(input, sums[output]);
                }
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::simd::{Isa, Kernel};

    /// Rows of so many vectors, and how many outputs they are swept for.
    struct Swept(usize, usize);

    impl<V: Vector> Outputs<V> for Vec<f32> {
        fn put(&mut self, x: usize, sum: V) {
            assert_eq!(x, self.len(), "in order");
            self.push(sum.array()[0]);
        }
    }

    impl Kernel for Swept {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<V: Vector>(self, zero: V) -> Vec<f32> {
            let row: Vec<Lanes> = (0..self.0).map(|x| Lanes([x as f32; LANES])).collect();
            let mut target = Vec::new();
            let one = Lanes([1.0; LANES]);
            sweep::<V, 3, 2>([&row; 3], &[one; 9], zero.read(&one.0), self.1, &mut target);
            target
        }
    }

    #[test]
    fn rows_of_just_the_right_length_are_swept_in_tiles_of_every_size() {
        for isa in Isa::available() {
            for width in 1..20 {
                let expected = (0..width).map(|x| 1.0 + 9.0 * (2 * x + 1) as f32);
                let found = isa.run(Swept(2 * width + 1, width));
                assert!(found.iter().copied().eq(expected), "{isa:?} {found:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "rows that it fits on")]
    fn rows_that_end_under_the_kernel_are_refused() {
        Isa::PORTABLE.run(Swept(8, 4));
    }
}
