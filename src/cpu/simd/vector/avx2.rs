//! Sixteen lanes in two AVX2 registers.

use std::arch::x86_64::*;

use super::Vector;

/// Sixteen lanes in two registers.
#[derive(Clone, Copy)]
pub(crate) struct Avx2([__m256; 2]);

impl Avx2 {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(__m256, __m256) -> __m256) -> Self {
        Self([f(self.0[0], other.0[0]), f(self.0[1], other.0[1])])
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
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { [_mm256_set1_ps(value); 2] })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_add_ps(a, b) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_sub_ps(a, b) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| unsafe { _mm256_mul_ps(a, b) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe {
            Self([
                _mm256_fmadd_ps(self.0[0], factor.0[0], term.0[0]),
                _mm256_fmadd_ps(self.0[1], factor.0[1], term.0[1]),
            ])
        }
    }

    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        // The instruction gives its second operand where either is not a number.
        self.zip(floor, |a, b| unsafe { _mm256_max_ps(b, a) })
    }

    #[inline(always)]
    fn at_most(self, ceiling: Self) -> Self {
        self.zip(ceiling, |a, b| unsafe { _mm256_min_ps(b, a) })
    }

    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        self.zip(power, |value, power| unsafe {
            let bits = _mm256_slli_epi32::<23>(_mm256_cvtps_epi32(power));
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(value), bits))
        })
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        self.zip(self, |value, _| unsafe {
            _mm256_div_ps(_mm256_set1_ps(1.0), value)
        })
    }
}
