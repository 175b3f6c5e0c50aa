//! Sixteen lanes in one AVX-512 register.

use std::arch::x86_64::*;

use super::Vector;

/// Sixteen lanes in one register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

// SAFETY of every block below: a value of this type, or the caller's contract, is proof that the
// processor has AVX-512 F.
impl Vector for Avx512 {
    const ROWS: usize = 14;
    const PAIRS: bool = true;
    const OUTPUTS: usize = 7;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn prefetch(address: *const f32) {
        // A prefetch of any address is harmless.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    fn neg_mul_add(self, factor: Self, term: Self) -> Self {
        Self(unsafe { _mm512_fnmadd_ps(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        // The instruction gives its second operand where either is not a number.
        Self(unsafe { _mm512_max_ps(floor.0, self.0) })
    }

    #[inline(always)]
    fn at_most(self, ceiling: Self) -> Self {
        Self(unsafe { _mm512_min_ps(ceiling.0, self.0) })
    }

    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        Self(unsafe { _mm512_scalef_ps(self.0, power.0) })
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        // One Newton step doubles the 14 bits of the estimate.
        unsafe {
            let estimate = Self(_mm512_rcp14_ps(self.0));
            let error = self.neg_mul_add(estimate, Self::splat(1.0));
            estimate.mul_add(error, estimate)
        }
    }
}
