//! Sixteen lanes in an array, for the compiler to place.

use super::Vector;

/// Sixteen lanes in an array.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
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
    unsafe fn splat(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            // Without the instruction, a fused product is a slow call.
            if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
                self.0[lane].mul_add(factor.0[lane], term.0[lane])
            } else {
                self.0[lane] * factor.0[lane] + term.0[lane]
            }
        }))
    }

    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        self.zip(
            floor,
            |value, floor| if value < floor { floor } else { value },
        )
    }

    #[inline(always)]
    fn at_most(self, ceiling: Self) -> Self {
        self.zip(ceiling, |value, top| if value > top { top } else { value })
    }

    #[inline(always)]
    fn scale(self, power: Self) -> Self {
        self.zip(power, |value, power| {
            let bits = (power as i32) << 23;
            f32::from_bits(value.to_bits().wrapping_add_signed(bits))
        })
    }

    #[inline(always)]
    fn reciprocal(self) -> Self {
        Self(self.0.map(|value| 1.0 / value))
    }
}
