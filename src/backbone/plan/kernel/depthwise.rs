//! One row of a depthwise convolution on one strip of channels.

use std::hint::black_box;

use crate::processor::strip::{LANES, Strip};
use crate::processor::vector::Vector;

/// Convolves one row, adds the bias, applies SiLU, and gives the sum of the row's outputs.
///
/// # Safety
/// As [`sweep`], for as many outputs as `out` has strips.
#[inline(always)]
pub(super) unsafe fn row<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    rows: [*const f32; KERNEL],
    weight: &[Strip],
    bias: &Strip,
    out: &mut [Strip],
) -> Strip {
    struct Sum<'a, V>(&'a mut [Strip], V);
    impl<V: Vector> Outputs<V> for Sum<'_, V> {
        #[inline(always)]
        fn put(&mut self, x: usize, sum: V) {
            let value = sum.silu();
            self.1 = self.1.add(value);
            // SAFETY: the slot is one strip.
            unsafe { value.store(self.0[x].0.as_mut_ptr()) }
        }
    }
    let width = out.len();
    let mut sum = Strip::default();
    // SAFETY: the caller's; `sum` is one strip.
    unsafe {
        let mut total = Sum(out, V::splat(0.0));
        sweep::<V, KERNEL, STRIDE>(rows, weight, bias, width, &mut total);
        total.1.store(sum.0.as_mut_ptr());
    }
    sum
}

/// Where a row's outputs go.
pub(in crate::backbone) trait Outputs<V: Vector> {
    /// Takes the output at `x`. Implementations are `#[inline(always)]`, so that the caller's
    /// instruction set reaches them.
    fn put(&mut self, x: usize, sum: V);
}

/// Convolves one row, adds the bias, and gives each of the `width` outputs to `target`, in order.
///
/// `rows` are the input rows under the kernel, all `(width - 1) * STRIDE + KERNEL` strips long.
///
/// # Safety
/// The processor has the instructions of `V`; the rows are valid for that many reads.
#[inline(always)]
pub(in crate::backbone) unsafe fn sweep<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    rows: [*const f32; KERNEL],
    weight: &[Strip],
    bias: &Strip,
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
