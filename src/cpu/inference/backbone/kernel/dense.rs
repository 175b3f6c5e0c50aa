//! A fully connected layer.

use crate::cpu::matmul::{PANEL, Pointwise, Store};
use crate::cpu::simd::{Kernel, Lanes, Vector, arrays_mut};

/// What a [`Dense`] layer does to its sums.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Activation {
    /// `x * sigmoid(x)`.
    Silu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

/// A product over a single pixel: a fully connected layer.
pub(in super::super) struct Dense<'a> {
    pub layer: &'a Pointwise,
    /// The pixel.
    pub input: &'a [Lanes],
    /// What follows.
    pub activation: Activation,
    /// The outputs.
    pub out: &'a mut [Lanes],
}

impl Kernel for Dense<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let mut slots: Vec<_> = arrays_mut(self.out).chunks_mut(1).collect();
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            for (panel, out) in slots.chunks_mut(PANEL).enumerate() {
                let product = self.layer.product(panel, self.input, 1);
                let (pixels, other) = (0..1, None);
                Store {
                    product,
                    pixels,
                    other,
                    out,
                }
                .run::<V>();
            }
            for sum in slots.into_iter().flatten() {
                let value = V::of(sum);
                match self.activation {
                    Activation::Silu => value.silu().write(sum),
                    Activation::Sigmoid => value.sigmoid().write(sum),
                }
            }
        }
    }
}
