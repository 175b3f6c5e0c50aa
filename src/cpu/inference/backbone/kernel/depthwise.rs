//! One row of a depthwise convolution, then SiLU.

use crate::cpu::convolution::{Outputs, sweep};
use crate::cpu::simd::{Lanes, Vector};

/// Convolves one row, adds the bias, applies SiLU, and gives the sum of the row's outputs.
///
/// # Safety
/// As [`sweep`], for as many outputs as `out` has vectors.
#[inline(always)]
pub(super) unsafe fn row<V: Vector, const KERNEL: usize, const STRIDE: usize>(
    rows: [*const f32; KERNEL],
    weight: &[Lanes],
    bias: &Lanes,
    out: &mut [Lanes],
) -> Lanes {
    struct Sum<'a, V>(&'a mut [Lanes], V);
    impl<V: Vector> Outputs<V> for Sum<'_, V> {
        #[inline(always)]
        fn put(&mut self, x: usize, sum: V) {
            let value = sum.silu();
            self.1 = self.1.add(value);
            value.write(&mut self.0[x].0);
        }
    }
    let width = out.len();
    // SAFETY: the caller's.
    unsafe {
        let mut total = Sum(out, V::splat(0.0));
        sweep::<V, KERNEL, STRIDE>(rows, weight, bias, width, &mut total);
        Lanes(total.1.array())
    }
}
