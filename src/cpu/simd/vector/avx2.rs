//! Sixteen lanes in two AVX2 registers.

use std::arch::x86_64::*;

use super::Vector;

/// Sixteen lanes in two registers.
#[derive(Clone, Copy)]
pub(crate) struct Avx2([__m256; 2]);

impl Avx2 {
    #[inline(always)]
    fn each(of: impl Fn(usize) -> __m256) -> Self {
        Self([of(0), of(1)])
    }
}

// SAFETY of every block below: a value of this type, or the caller's contract, is proof that the
// processor has AVX2 and FMA.
impl Vector for Avx2 {
    const ROWS: usize = 6;
    const PAIRS: bool = false;
    const OUTPUTS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe {
            _mm256_storeu_ps(to, self.0[0]);
            _mm256_storeu_ps(to.add(8), self.0[1]);
        }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        Self(unsafe { [_mm256_set1_ps(value); 2] })
    }

    by_register! {
        add(a, b) = _mm256_add_ps(a, b);
        sub(a, b) = _mm256_sub_ps(a, b);
        mul(a, b) = _mm256_mul_ps(a, b);
        mul_add(a, factor, term) = _mm256_fmadd_ps(a, factor, term);
        // The instruction gives its second operand where either is not a number.
        at_least(a, floor) = _mm256_max_ps(floor, a);
        at_most(a, ceiling) = _mm256_min_ps(ceiling, a);
        scale(a, power) = {
            let bits = _mm256_slli_epi32::<23>(_mm256_cvtps_epi32(power));
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), bits))
        };
        reciprocal(a) = _mm256_div_ps(_mm256_set1_ps(1.0), a);
    }
}
