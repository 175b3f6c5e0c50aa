//! A depthwise convolution of one plane of one image.

use super::super::norm::Moments;
use super::window::{Origin, PaddedRows, Window};
use crate::cpu::convolution::{Outputs, sweep};
use crate::cpu::memory::Memory;
use crate::cpu::simd::{Kernel, Lanes, Vector};

/// The convolution, with the moments of what it puts out.
pub(in super::super) struct Depthwise<'a> {
    /// The shape.
    pub window: Window,
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
            match (self.window.kernel, self.window.stride) {
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
        let window = self.window;
        let pitch = window.pitch();
        let width = window.output[1];
        let zero = Lanes::default();
        let mut total: Option<[V; 3]> = None;
        for band in window.bands() {
            let top = (band.start * STRIDE) as isize - window.pad[0] as isize;
            let count = (band.len() - 1) * STRIDE + KERNEL;
            let mut rows = PaddedRows {
                vectors: self.scratch.room(count * pitch),
                pitch,
                first: top,
            };
            // SAFETY: the caller vouches for the instructions; every row is as long as the sweep
            // reads, and every slot is one vector.
            unsafe {
                self.origin
                    .fill::<V>(&window, top..top + count as isize, &mut rows);
                for row in band {
                    let first = (row * STRIDE) as isize - window.pad[0] as isize;
                    let from: [*const f32; KERNEL] =
                        std::array::from_fn(|y| rows.row(first + y as isize).as_ptr().cast());
                    let zeros = [V::splat(0.0); 2];
                    let mut target = Measure {
                        out: &mut self.out[row * width..][..width],
                        pivot: total.map(|[pivot, ..]| pivot),
                        sums: zeros,
                    };
                    sweep::<V, KERNEL, STRIDE>(from, self.weight, &zero, width, &mut target);
                    let pivot = target.pivot.unwrap_or(zeros[0]);
                    let [_, sum, square] = total.unwrap_or([pivot, zeros[0], zeros[1]]);
                    let sums = target.sums;
                    total = Some([pivot, sum.add(sums[0]), square.add(sums[1])]);
                }
            }
        }
        let mut moments = Moments {
            count: self.out.len(),
            ..Moments::default()
        };
        if let Some([pivot, sum, square]) = total {
            // SAFETY: every slot is one vector.
            unsafe {
                pivot.store(moments.pivot.0.as_mut_ptr());
                sum.store(moments.sum.0.as_mut_ptr());
                square.store(moments.square.0.as_mut_ptr());
            }
        }
        moments
    }
}

/// One row of the output, and its moments.
struct Measure<'a, V> {
    out: &'a mut [Lanes],
    pivot: Option<V>,
    sums: [V; 2],
}

impl<V: Vector> Outputs<V> for Measure<'_, V> {
    #[inline(always)]
    fn put(&mut self, x: usize, sum: V) {
        let pivot = match self.pivot {
            Some(pivot) => pivot,
            None => {
                self.pivot = Some(sum);
                sum
            }
        };
        let distance = sum.sub(pivot);
        self.sums[0] = self.sums[0].add(distance);
        self.sums[1] = distance.mul_add(distance, self.sums[1]);
        // SAFETY: the slot is one vector.
        unsafe { sum.store(self.out[x].0.as_mut_ptr()) }
    }
}
