//! A fully connected layer.

use crate::cpu::matmul::{Planar, Target};
use crate::cpu::simd::{Kernel, Lanes, Vector};

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
    /// The operands; the plane is one pixel.
    pub product: Planar<'a>,
    /// What follows.
    pub activation: Activation,
    /// The panel's outputs.
    pub out: &'a mut [Lanes],
}

impl Kernel for Dense<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        struct Sink<'a>(&'a mut [Lanes], Activation);
        impl<V: Vector> Target<V> for Sink<'_> {
            #[inline(always)]
            fn put<const ROWS: usize, const COLS: usize>(
                &mut self,
                _: usize,
                vector: usize,
                sums: [[V; COLS]; ROWS],
            ) {
                for col in 0..COLS {
                    let value = match self.1 {
                        Activation::Silu => sums[0][col].silu(),
                        Activation::Sigmoid => sums[0][col].sigmoid(),
                    };
                    // SAFETY: the slot is one vector.
                    unsafe { value.store(self.0[vector + col].0.as_mut_ptr()) }
                }
            }
        }
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            self.product
                .run::<V>(0..1, &mut Sink(self.out, self.activation))
        }
    }
}
