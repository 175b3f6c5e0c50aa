//! A fully connected layer.

use crate::cpu::matmul::{PANEL, Pointwise, Store};
use crate::cpu::simd::{Kernel, Lanes, Vector, arrays_mut};

/// A product over a single pixel: a fully connected layer.
pub(in super::super) struct Dense<'a> {
    pub layer: &'a Pointwise,
    /// The pixel.
    pub input: &'a [Lanes],
    /// Whether SiLU follows, and not the sigmoid.
    pub silu: bool,
    /// The outputs.
    pub out: &'a mut [Lanes],
}

impl Kernel for Dense<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let mut slots: Vec<_> = arrays_mut(self.out).chunks_mut(1).collect();
        for (panel, out) in slots.chunks_mut(PANEL).enumerate() {
            let product = self.layer.product(panel, self.input, 1);
            let (pixels, other) = (0..1, None);
            Store {
                product,
                pixels,
                other,
                out,
            }
            .run(zero);
        }
        for sum in slots.into_iter().flatten() {
            let value = zero.read(sum);
            match self.silu {
                true => value.silu().write(sum),
                false => value.sigmoid().write(sum),
            }
        }
    }
}
