//! One row of a depthwise convolution, then SiLU.

use crate::cpu::convolution::{Outputs, sweep};
use crate::cpu::simd::{Strip, Vector};

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
