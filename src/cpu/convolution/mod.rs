//! What inference and training share of a convolution: its sizes, and its inner loop over a row.

mod depthwise;
mod shape;

pub(crate) use depthwise::{Outputs, pack, sweep};
pub(crate) use shape::{BlockShape, Geometry, Shape, Window};

/// Makes a type with a [`Geometry`] a kernel by a method that is written for every side and step that
/// [`Shape`] lets through: `by_window!(Type<'_>, method -> Output)`.
macro_rules! by_window {
    ($kernel:ty, $method:ident -> $output:ty) => {
        impl $crate::cpu::simd::Kernel for $kernel {
            type Output = $output;

            #[inline(always)]
            fn run<V: $crate::cpu::simd::Vector>(self, zero: V) -> $output {
                match (self.geometry.kernel, self.geometry.stride) {
                    (3, 1) => self.$method::<V, 3, 1>(zero),
                    (3, 2) => self.$method::<V, 3, 2>(zero),
                    (5, 1) => self.$method::<V, 5, 1>(zero),
                    (5, 2) => self.$method::<V, 5, 2>(zero),
                    other => unreachable!("no network with the convolution {other:?} is taken"),
                }
            }
        }
    };
}
pub(crate) use by_window;
