//! Sixteen lanes in one AVX-512 register.

use std::arch::x86_64::*;

use super::Vector;

/// Sixteen lanes in one register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512([__m512; 1]);

impl Avx512 {
    #[inline(always)]
    fn each(of: impl Fn(usize) -> __m512) -> Self {
        Self([of(0)])
    }
}

// SAFETY of every block below: a value of this type, or the caller's contract, is proof that the
// processor has AVX-512 F.
impl Vector for Avx512 {
    const ROWS: usize = 14;
    const PAIRS: bool = true;
    const OUTPUTS: usize = 7;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { [_mm512_loadu_ps(from)] })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0[0]) }
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Self {
        Self(unsafe { [_mm512_set1_ps(value)] })
    }

    #[inline(always)]
    fn prefetch<const NEAR: bool>(address: *const f32) {
        // A prefetch of any address is harmless.
        unsafe {
            match NEAR {
                true => _mm_prefetch::<_MM_HINT_T0>(address.cast()),
                false => _mm_prefetch::<_MM_HINT_T1>(address.cast()),
            }
        }
    }

    by_register! {
        add(a, b) = _mm512_add_ps(a, b);
        sub(a, b) = _mm512_sub_ps(a, b);
        mul(a, b) = _mm512_mul_ps(a, b);
        mul_add(a, factor, term) = _mm512_fmadd_ps(a, factor, term);
        // The instruction gives its second operand where either is not a number.
        at_least(a, floor) = _mm512_max_ps(floor, a);
        at_most(a, ceiling) = _mm512_min_ps(ceiling, a);
        scale(a, power) = _mm512_scalef_ps(a, power);
        // One Newton step doubles the 14 bits of the estimate.
        reciprocal(a) = {
            let estimate = _mm512_rcp14_ps(a);
            let error = _mm512_fnmadd_ps(a, estimate, _mm512_set1_ps(1.0));
            _mm512_fmadd_ps(estimate, error, estimate)
        };
    }

    #[inline(always)]
    fn transpose(rows: [Self; 16]) -> [Self; 16] {
        // Blocks of 4x4 within the quarters of the registers, then the quarters themselves.
        unsafe {
            let zero = _mm512_setzero_ps();
            let mut blocks = [zero; 16];
            for group in 0..4 {
                let row = |row: usize| rows[4 * group + row].0[0];
                let (a, b, c, d) = (row(0), row(1), row(2), row(3));
                let (ab, cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
                let (ef, gh) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
                blocks[4 * group] = _mm512_shuffle_ps::<0b01_00_01_00>(ab, cd);
                blocks[4 * group + 1] = _mm512_shuffle_ps::<0b11_10_11_10>(ab, cd);
                blocks[4 * group + 2] = _mm512_shuffle_ps::<0b01_00_01_00>(ef, gh);
                blocks[4 * group + 3] = _mm512_shuffle_ps::<0b11_10_11_10>(ef, gh);
            }
            let mut columns = [Self([zero]); 16];
            for column in 0..4 {
                let block = |group: usize| blocks[4 * group + column];
                let (a, b, c, d) = (block(0), block(1), block(2), block(3));
                let even = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
                let odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
                let even_2 = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
                let odd_2 = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
                columns[column] = Self([_mm512_shuffle_f32x4::<0b10_00_10_00>(even, even_2)]);
                columns[4 + column] = Self([_mm512_shuffle_f32x4::<0b10_00_10_00>(odd, odd_2)]);
                columns[8 + column] = Self([_mm512_shuffle_f32x4::<0b11_01_11_01>(even, even_2)]);
                columns[12 + column] = Self([_mm512_shuffle_f32x4::<0b11_01_11_01>(odd, odd_2)]);
            }
            columns
        }
    }
}
