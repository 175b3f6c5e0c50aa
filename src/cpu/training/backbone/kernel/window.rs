//! What a depthwise convolution reads: a plane of one image, with zeros around it, in working memory.

use crate::cpu::simd::{Lanes, Vector};

/// The shape of the convolution.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Geometry {
    /// Side of the kernel, 3 or 5.
    pub kernel: usize,
    /// Step between outputs, 1 or 2.
    pub stride: usize,
    /// Padding above and left.
    pub pad: [usize; 2],
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
}

/// What a depthwise convolution reads.
#[derive(Clone, Copy)]
pub(in super::super) enum Source<'a> {
    /// The map as it is.
    Map(&'a [Lanes]),
    /// `silu(scale value + shift)`, and the norm's mean.
    Norm(&'a [Lanes], [&'a Lanes; 3]),
}

impl Geometry {
    /// Height and width of the padded input.
    pub fn padded(&self) -> [usize; 2] {
        std::array::from_fn(|side| {
            let covered = (self.output[side] - 1) * self.stride + self.kernel;
            covered.max(self.pad[side] + self.input[side])
        })
    }

    /// Height and width of the gradient of the output, dilated by the stride and padded so that its
    /// convolution is as large as the input.
    pub fn dilated(&self) -> [usize; 2] {
        self.input.map(|side| side + self.kernel - 1)
    }
}

impl Source<'_> {
    /// Makes the padded input in `out`, row after row.
    ///
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    pub(super) unsafe fn fill<V: Vector>(&self, geometry: &Geometry, out: &mut [Lanes]) {
        let [height, width] = geometry.input;
        let [top, left] = geometry.pad;
        let [_, pitch] = geometry.padded();
        for (row, out) in out.chunks_exact_mut(pitch).enumerate() {
            let Some(row) = row.checked_sub(top).filter(|row| *row < height) else {
                out.fill(Lanes::default());
                continue;
            };
            out[..left].fill(Lanes::default());
            out[left + width..].fill(Lanes::default());
            let out = &mut out[left..left + width];
            match self {
                Self::Map(values) => out.copy_from_slice(&values[row * width..][..width]),
                Self::Norm(values, [scale, shift, _]) => {
                    // SAFETY: the caller's.
                    unsafe {
                        let [scale, shift] = [scale, shift].map(|vector| V::of(&vector.0));
                        for (value, out) in values[row * width..][..width].iter().zip(out) {
                            let value = V::of(&value.0).mul_add(scale, shift);
                            value.silu().write(&mut out.0);
                        }
                    }
                }
            }
        }
    }
}
