//! What a depthwise convolution reads: a plane of one image, with zeros around it, in working memory.

use crate::cpu::convolution::Geometry;
use crate::cpu::simd::{Lanes, Vector};

/// What a depthwise convolution reads.
#[derive(Clone, Copy)]
pub(in super::super) enum Source<'a> {
    /// The map as it is.
    Map(&'a [Lanes]),
    /// `silu(scale value + shift)`, and the norm's mean.
    Norm(&'a [Lanes], &'a [Lanes; 3]),
}

impl Source<'_> {
    /// Makes the padded input in `out`, row after row.
    #[inline(always)]
    pub(super) fn fill<V: Vector>(&self, zero: V, geometry: &Geometry, out: &mut [Lanes]) {
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
                    let [scale, shift] = [scale, shift].map(|vector| zero.read(&vector.0));
                    for (value, out) in values[row * width..][..width].iter().zip(out) {
                        let value = zero.read(&value.0).mul_add(scale, shift);
                        value.silu().write(&mut out.0);
                    }
                }
            }
        }
    }
}
