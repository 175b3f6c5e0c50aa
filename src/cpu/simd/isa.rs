//! The choice of an instruction set at run time.

use super::vector::{Portable, Vector};

/// An instruction set that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 F, with FMA.
    Avx512,
    /// AVX2 with FMA.
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
    /// # Safety
    /// The processor has the instructions of `V`.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

impl Isa {
    /// All sets that this processor has, best first.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }

    /// The best set that this processor has.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("fma") {
                if is_x86_feature_detected!("avx512f") {
                    return Self::Avx512;
                }
                if is_x86_feature_detected!("avx2") {
                    return Self::Avx2;
                }
            }
        }
        Self::Portable
    }

    /// Runs `kernel` with the best set that this processor has.
    pub(crate) fn run_best<K: Kernel>(kernel: K) -> K::Output {
        // SAFETY: the best set is an available one.
        unsafe { Self::best().run(kernel) }
    }

    /// Runs `kernel` with this set.
    ///
    /// # Safety
    /// The set is one of [`Isa::available`].
    pub(crate) unsafe fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => avx512(kernel),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => avx2(kernel),
                #[cfg(not(target_arch = "x86_64"))]
                Self::Avx512 | Self::Avx2 => kernel.run::<Portable>(),
                Self::Portable => kernel.run::<Portable>(),
            }
        }
    }
}

/// # Safety
/// The processor has AVX-512 F and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as this function's own contract.
    unsafe { kernel.run::<super::vector::Avx512>() }
}

/// # Safety
/// The processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: as this function's own contract.
    unsafe { kernel.run::<super::vector::Avx2>() }
}
