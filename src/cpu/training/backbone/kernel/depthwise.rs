//! A depthwise convolution of one plane of one image.

use super::super::norm::Moments;
use super::measure::Tally;
use super::window::{Geometry, Origin, PaddedRows};
use crate::cpu::convolution::{Outputs, sweep};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, Lanes, Vector};

/// The convolution, with the moments of what it puts out.
pub(in super::super) struct Depthwise<'a> {
    /// The shape.
    pub geometry: Geometry,
    /// What is read.
    pub origin: Origin<'a>,
    /// `[kernel * kernel]`.
    pub weight: &'a [Lanes],
    /// Working memory.
    pub scratch: &'a mut Memory,
    /// The output.
    pub out: &'a mut [Lanes],
}

impl Kernel for Depthwise<'_> {
    type Output = Moments;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Moments {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            match (self.geometry.kernel, self.geometry.stride) {
                (3, 1) => self.convolve::<V, 3, 1>(),
                (3, 2) => self.convolve::<V, 3, 2>(),
                (5, 1) => self.convolve::<V, 5, 1>(),
                (5, 2) => self.convolve::<V, 5, 2>(),
                other => unreachable!("no convolution is compiled to {other:?}"),
            }
        }
    }
}

impl Depthwise<'_> {
    /// # Safety
    /// The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn convolve<V: Vector, const KERNEL: usize, const STRIDE: usize>(self) -> Moments {
        let geometry = self.geometry;
        let pitch = geometry.pitch();
        let width = geometry.output[1];
        let zero = Lanes::default();
        // SAFETY: the caller vouches for the instructions.
        let mut tally = unsafe { Tally::<V>::new() };
        for band in geometry.bands() {
            let top = (band.start * STRIDE) as isize - geometry.pad[0] as isize;
            let count = (band.len() - 1) * STRIDE + KERNEL;
            let mut rows = PaddedRows {
                vectors: self.scratch.room(count * pitch),
                pitch,
                first: top,
            };
            // SAFETY: the caller vouches for the instructions; every row is as long as the sweep
            // reads.
            unsafe {
                self.origin
                    .fill::<V>(&geometry, top..top + count as isize, &mut rows);
                for row in band {
                    let first = (row * STRIDE) as isize - geometry.pad[0] as isize;
                    let from: [*const f32; KERNEL] =
                        std::array::from_fn(|y| rows.row(first + y as isize).as_ptr().cast());
                    let mut target = Row {
                        out: &mut self.out[row * width..][..width],
                        tally: &mut tally,
                        sums: [V::splat(0.0); 2],
                    };
                    sweep::<V, KERNEL, STRIDE>(from, self.weight, &zero, width, &mut target);
                    let sums = target.sums;
                    tally.add(sums);
                }
            }
        }
        tally.moments(self.out.len())
    }
}

/// One row of the output, and its sums.
struct Row<'a, V> {
    out: &'a mut [Lanes],
    tally: &'a mut Tally<V>,
    sums: [V; 2],
}

impl<V: Vector> Outputs<V> for Row<'_, V> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let distance = sum.sub(self.tally.pivot(sum));
        self.sums[0] = self.sums[0].add(distance);
        self.sums[1] = distance.mul_add(distance, self.sums[1]);
        sum.write(&mut self.out[x].0);
    }
}
