//! Sixteen lanes in an array, for the compiler to place.

use super::Vector;

/// Sixteen lanes in an array.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn each(of: impl Fn(usize) -> f32) -> Self {
        Self(std::array::from_fn(of))
    }
}

impl Vector for Portable {
    const ROWS: usize = 2;
    const PAIRS: bool = false;
    const OUTPUTS: usize = 2;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for 16 reads.
        Self(unsafe { from.cast::<[f32; 16]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for 16 writes.
        unsafe { to.cast::<[f32; 16]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        Self([value; 16])
    }

    by_register! {
        add(a, b) = a + b;
        sub(a, b) = a - b;
        mul(a, b) = a * b;
        // Without the instruction, a fused product is a slow call.
        mul_add(a, factor, term) = match cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
            true => a.mul_add(factor, term),
            false => a * factor + term,
        };
        at_least(a, floor) = if a < floor { floor } else { a };
        at_most(a, ceiling) = if a > ceiling { ceiling } else { a };
        scale(a, power) = f32::from_bits(a.to_bits().wrapping_add_signed((power as i32) << 23));
        reciprocal(a) = 1.0 / a;
    }
}
