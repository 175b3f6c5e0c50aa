//! One row of a depthwise convolution on one vector of channels, and its weights.

#![allow(
    clippy::needless_range_loop,
    clippy::int_plus_one,
    reason = "tiles are indexed as the formulas are, and have any size, also 1"
)]

use std::hint::black_box;

use crate::cpu::simd::{LANES, Lanes, Vector, planes};

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
/// `rows` are the input rows under the kernel, all `(width - 1) * STRIDE + KERNEL` vectors long.
///
/// # Safety
/// The processor has the instructions of `V`; the rows are valid for that many reads.
#[inline(always)]
pub(crate) unsafe fn sweep<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    rows: [*const f32; KERNEL],
    weight: &[Lanes],
    bias: &Lanes,
    width: usize,
    target: &mut impl Outputs<V>,
) {
    assert!(weight.len() >= KERNEL * KERNEL, "a whole kernel");
    let weight = weight.as_ptr().cast::<f32>();
    let mut x = 0;
    macro_rules! tiles {
        ($($outputs:literal if $compiled:expr),*) => {$(
            if $compiled {
                while x + $outputs <= width {
                    // SAFETY: the tile is inside the row.
                    let sums = unsafe {
                        let from = rows.map(|row| row.add(x * STRIDE * LANES));
                        tile::<V, KERNEL, STRIDE, $outputs>(from, weight, bias)
                    };
                    for (index, sum) in sums.into_iter().enumerate() {
                        target.put(x + index, sum);
                    }
                    x += $outputs;
                }
            }
        )*};
    }
    tiles!(
        7 if V::OUTPUTS == 7,
        4 if V::OUTPUTS >= 4,
        2 if true,
        1 if true
    );
}

/// # Safety
/// As [`sweep`], for `OUTPUTS` outputs from the rows' start.
#[inline(always)]
unsafe fn tile<V: Vector, const KERNEL: usize, const STRIDE: usize, const OUTPUTS: usize>(
    rows: [*const f32; KERNEL],
    weight: *const f32,
    bias: &Lanes,
) -> [V; OUTPUTS] {
    // SAFETY: the caller's.
    unsafe {
        let mut sums = [V::load(bias.0.as_ptr()); OUTPUTS];
        // Unrolling this loop too would take more registers than there are.
        for y in 0..black_box(KERNEL) {
            for x in 0..KERNEL {
                let factor = V::load(weight.add((y * KERNEL + x) * LANES));
                for output in 0..OUTPUTS {
                    let input = V::load(rows[y].add((output * STRIDE + x) * LANES));
                    sums[output] = factor.mul_add(input, sums[output]);
                }
            }
        }
        sums
    }
}
