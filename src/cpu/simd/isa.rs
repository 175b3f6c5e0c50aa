//! The choice of an instruction set at run time.

use std::fmt;

use super::lanes::LANES;
use super::vector::{Portable, Vector};

/// An instruction set that the kernels are compiled for, and that this processor has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Isa(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// AVX-512 F, with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of the target has.
    Portable,
}

/// A piece of work that is written once and compiled for every [`Isa`].
pub(crate) trait Kernel {
    /// What the work gives back.
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`, so that the caller's instruction
    /// set reaches them.
    ///
    /// `zero` is 16 zeros, and proof that the processor has the instructions of `V`.
    fn run<V: Vector>(self, zero: V) -> Self::Output;
}

impl Isa {
    /// The set that every processor has.
    pub const PORTABLE: Self = Self(Set::Portable);

    /// All sets that this processor has, best first.
    pub fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let avx2 = is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2");
        let sets = [
            #[cfg(target_arch = "x86_64")]
            (Set::Avx512, avx2 && is_x86_feature_detected!("avx512f")),
            #[cfg(target_arch = "x86_64")]
            (Set::Avx2, avx2),
            (Set::Portable, true),
        ];
        let here = sets.into_iter().filter(|(_, here)| *here);
        here.map(|(set, _)| Self(set))
    }

    /// The best set that this processor has.
    pub fn best() -> Self {
        Self::available().next().unwrap_or(Self::PORTABLE)
    }

    /// Runs `kernel` with this set.
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: an `Isa` is made only of a set that this processor has.
        unsafe {
            match self.0 {
                #[cfg(target_arch = "x86_64")]
                Set::Avx512 => avx512(kernel),
                #[cfg(target_arch = "x86_64")]
                Set::Avx2 => avx2(kernel),
                Set::Portable => start::<Portable, K>(kernel),
            }
        }
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn start<V: Vector, K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's; there are 16 numbers to read.
    kernel.run(unsafe { V::load([0.0; LANES].as_ptr()) })
}

/// # Safety
/// The processor has AVX-512 F, AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as this function's own contract.
    unsafe { start::<super::vector::Avx512, K>(kernel) }
}

/// # Safety
/// The processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as this function's own contract.
    unsafe { start::<super::vector::Avx2, K>(kernel) }
}
