//! One row of a depthwise convolution on one strip of channels.

use std::hint::black_box;

use crate::processor::strip::{LANES, Strip};
use crate::processor::vector::Vector;

/// Convolves one row, adds the bias, applies SiLU, and gives the sum of the row's outputs.
///
/// `rows` are the input rows under the kernel, all `(out.len() - 1) * STRIDE + KERNEL` strips long.
///
/// # Safety
/// The processor has the instructions of `V`; the rows are valid for that many reads; `weight` has
/// `KERNEL * KERNEL` strips.
#[inline(always)]
pub(super) unsafe fn row<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    rows: [*const f32; KERNEL],
    weight: &[Strip],
    bias: &Strip,
    out: &mut [Strip],
) -> Strip {
    assert!(weight.len() >= KERNEL * KERNEL, "a whole kernel");
    let weight = weight.as_ptr().cast::<f32>();
    // SAFETY: the caller's.
    let mut total = unsafe { V::splat(0.0) };
    let mut x = 0;
    macro_rules! tiles {
        ($($outputs:literal if $compiled:expr),*) => {$(
            if $compiled {
                while x + $outputs <= out.len() {
                    // SAFETY: the tile is inside the row.
                    unsafe {
                        let from = rows.map(|row| row.add(x * STRIDE * LANES));
                        let sums = tile::<V, KERNEL, STRIDE, $outputs>(from, weight, bias);
                        for (sum, slot) in sums.into_iter().zip(&mut out[x..]) {
                            let value = sum.silu();
                            total = total.add(value);
                            value.store(slot.0.as_mut_ptr());
                        }
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
    let mut sum = Strip::default();
    // SAFETY: `sum` is one strip.
    unsafe { total.store(sum.0.as_mut_ptr()) };
    sum
}

/// # Safety
/// As [`row`], for `OUTPUTS` outputs from the rows' start.
#[inline(always)]
unsafe fn tile<V: Vector, const KERNEL: usize, const STRIDE: usize, const OUTPUTS: usize>(
    rows: [*const f32; KERNEL],
    weight: *const f32,
    bias: &Strip,
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
