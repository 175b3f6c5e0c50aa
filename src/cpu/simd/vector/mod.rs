//! Sixteen float lanes, as each instruction set holds them.

/// Operations that are done register by register, given what they make of one: the bodies of a
/// [`Vector`] whose `each` calls a function for every register.
macro_rules! by_register {
    ($($name:ident($this:ident $(, $other:ident)*) = $result:expr;)*) => {$(
        #[inline(always)]
        #[allow(unused_unsafe, reason = "the portable set has no instructions of its own")]
        fn $name(self $(, $other: Self)*) -> Self {
            Self::each(|register| {
                let ($this, $($other,)*) = (self.0[register], $($other.0[register],)*);
                // SAFETY: a value is proof that the processor has the instructions.
                unsafe { $result }
            })
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

/// One [`Lanes`](super::lanes::Lanes) in registers.
///
/// A value exists only where the processor has the instructions, because [`load`](Self::load) is the
/// only way to a first one; so the other operations are safe, and a function that is given a value
/// needs no promise of its caller.
pub(crate) trait Vector: Copy {
    /// Rows of the largest tile of a matrix product whose sums stay in registers.
    const ROWS: usize;
    /// Whether a tile may be two vectors wide.
    const PAIRS: bool;
    /// Neighbouring outputs that a depthwise convolution sums at a time.
    const OUTPUTS: usize;

    /// Reads 16 numbers.
    ///
    /// # Safety
    /// The processor has the instructions, and `from` is valid for 16 reads.
    unsafe fn load(from: *const f32) -> Self;

    /// Writes 16 numbers.
    ///
    /// # Safety
    /// `to` is valid for 16 writes.
    unsafe fn store(self, to: *mut f32);

    /// One number in every lane.
    fn splat(self, value: f32) -> Self;

    /// The numbers of an array.
    #[inline(always)]
    fn read(self, from: &[f32; 16]) -> Self {
        // SAFETY: `self` is proof of the instructions; an array holds 16 numbers.
        unsafe { Self::load(from.as_ptr()) }
    }

    /// Writes the numbers into an array.
    #[inline(always)]
    fn write(self, to: &mut [f32; 16]) {
        // SAFETY: `self` is proof of the instructions; an array holds 16 numbers.
        unsafe { self.store(to.as_mut_ptr()) }
    }

    /// The numbers as an array.
    #[inline(always)]
    fn array(self) -> [f32; 16] {
        let mut numbers = [0.0; 16];
        self.write(&mut numbers);
        numbers
    }

    /// Asks for the cache line at an address, which need not be valid, to be brought into the first
    /// cache if it is `NEAR`, else into the second.
    fn prefetch<const NEAR: bool>(_: *const f32) {}

    /// `self + other`.
    fn add(self, other: Self) -> Self;

    /// `self - other`.
    fn sub(self, other: Self) -> Self;

    /// `self * other`.
    fn mul(self, other: Self) -> Self;

    /// `self * factor + term`.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// The larger of the two; `self` where it is not a number.
    fn at_least(self, floor: Self) -> Self;

    /// The smaller of the two; `self` where it is not a number.
    fn at_most(self, ceiling: Self) -> Self;

    /// `self * 2^power` for whole powers in -126 to 126.
    fn scale(self, power: Self) -> Self;

    /// `1 / self`, within 2 units in the last place, for a `self` from 1 to 2^126.
    fn reciprocal(self) -> Self;

    /// Sixteen vectors as the rows of a matrix; its columns.
    #[inline(always)]
    fn transpose(rows: [Self; 16]) -> [Self; 16] {
        let numbers = rows.map(Self::array);
        std::array::from_fn(|column| rows[0].read(&numbers.map(|row| row[column])))
    }

    /// `1 / (1 + exp(-self))`.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        self.one_plus_exp_neg().reciprocal()
    }

    /// `self / (1 + exp(-self))`.
    #[inline(always)]
    fn silu(self) -> Self {
        self.mul(self.one_plus_exp_neg().reciprocal())
    }

    /// The derivative of [`silu`](Self::silu): `s (1 + self (1 - s))` with `s = sigmoid(self)`.
    #[inline(always)]
    fn silu_slope(self) -> Self {
        let one = self.splat(1.0);
        let sigmoid = self.sigmoid();
        self.mul_add(one.sub(sigmoid), one).mul(sigmoid)
    }

    /// `1 + exp(-self)`, `self` taken no further out than ±87.
    #[inline(always)]
    fn one_plus_exp_neg(self) -> Self {
        let bounded = self.at_least(self.splat(-87.0)).at_most(self.splat(87.0));
        let factor = self.splat(-std::f32::consts::LOG2_E);
        // Adding 1.5 * 2^23 rounds to a whole number.
        let round = self.splat(12_582_912.0);
        let power = bounded.mul_add(factor, round).sub(round);
        let rest = bounded.mul_add(factor, self.splat(-0.0).sub(power));
        // 2^rest on [-1/2, 1/2], largest relative error 8e-8.
        let mut sum = self.splat(0.001_327_647_1);
        for coefficient in [
            0.009_675_541,
            0.055_507_13,
            0.240_221_2,
            0.693_146_94,
            1.000_000_1,
        ] {
            sum = sum.mul_add(rest, self.splat(coefficient));
        }
        sum.scale(power).add(self.splat(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::isa::{Isa, Kernel};
    use super::*;

    struct Functions<'a>(&'a mut [[f32; 16]], bool);

    impl Kernel for Functions<'_> {
        type Output = ();

        #[inline(always)]
        fn run<V: Vector>(self, zero: V) {
            for values in self.0 {
                let value = zero.read(values);
                let value = if self.1 {
                    value.silu()
                } else {
                    value.sigmoid()
                };
                value.write(values);
            }
        }
    }

    fn apply(isa: Isa, values: &[f32], silu: bool) -> Vec<f32> {
        let mut all: Vec<[f32; 16]> = values
            .chunks(16)
            .map(|chunk| std::array::from_fn(|lane| chunk.get(lane).copied().unwrap_or(0.0)))
            .collect();
        isa.run(Functions(&mut all, silu));
        all.as_flattened()[..values.len()].to_vec()
    }

    #[test]
    fn silu_and_sigmoid_are_within_a_millionth() {
        // Further out the rounding of log2(e) shows, in values below 1e-6.
        let values: Vec<f32> = (-32_000..=32_000).map(|i| i as f32 * 5e-4).collect();
        for isa in Isa::available() {
            let silu = apply(isa, &values, true);
            let sigmoid = apply(isa, &values, false);
            for ((value, silu), sigmoid) in values.iter().zip(silu).zip(sigmoid) {
                let expected = 1.0 / (1.0 + (-f64::from(*value)).exp());
                let error = (f64::from(sigmoid) / expected - 1.0).abs();
                assert!(
                    error < 1e-6,
                    "{isa:?}: sigmoid({value}) is off by {error:e}"
                );
                let expected = f64::from(*value) * expected;
                let error = (f64::from(silu) - expected).abs();
                let allowed = 1e-6 * expected.abs();
                assert!(
                    error <= allowed,
                    "{isa:?}: silu({value}) is off by {error:e}"
                );
            }
        }
    }

    #[test]
    fn far_values_saturate_and_what_is_not_a_number_stays_so() {
        for isa in Isa::available() {
            let far = [100.0, 1e30, f32::INFINITY, -100.0, -1e5, f32::NAN];
            let silu = apply(isa, &far, true);
            assert_eq!(silu[..3], far[..3], "{isa:?}");
            assert!(
                silu[3..5].iter().all(|value| value.abs() < 1e-30),
                "{silu:?}"
            );
            assert!(silu[5].is_nan(), "{isa:?}");
            let sigmoid = apply(isa, &far, false);
            assert_eq!(sigmoid[..3], [1.0; 3], "{isa:?}");
            assert!(
                sigmoid[3..5]
                    .iter()
                    .all(|value| (0.0..1e-30).contains(value))
            );
        }
    }
}
