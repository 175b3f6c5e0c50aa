//! The gradient of a 1x1 convolution's weights.

use crate::cpu::matmul::Terms;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// Adds, for every output and input channel, the sum over some pixels of the output's gradient
/// times the input.
pub(in super::super) struct Outer<'a> {
    /// The gradient of the output, plane after plane.
    pub gradient: &'a [Lanes],
    /// Lanes from one of its planes to the next.
    pub gradient_pitch: usize,
    /// The input, plane after plane.
    pub input: &'a [Lanes],
    /// Lanes from one of its planes to the next.
    pub input_pitch: usize,
    /// Planes of the input.
    pub inputs: usize,
    /// Pixels to sum over, from the start of each plane on.
    pub pixels: usize,
    /// `[output planes * 16, inputs]`.
    pub out: &'a mut [Lanes],
}

impl Kernel for Outer<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let outputs = self.out.len() / (self.inputs * LANES);
        assert!(
            self.pixels > 0
                && self.out.len() == outputs * LANES * self.inputs
                && self.gradient.len() >= (outputs - 1) * self.gradient_pitch + self.pixels
                && self.input.len() >= (self.inputs - 1) * self.input_pitch + self.pixels,
            "the operands of a product fit together"
        );
        let mut first = 0;
        while first < self.inputs {
            let pair = V::PAIRS && first + 2 <= self.inputs;
            for output in 0..outputs {
                // SAFETY: the caller vouches for the instructions; the lengths were checked.
                unsafe {
                    let operands = Terms {
                        a: self
                            .gradient
                            .as_ptr()
                            .add(output * self.gradient_pitch)
                            .cast(),
                        a_next: LANES,
                        b: self.input.as_ptr().add(first * self.input_pitch).cast(),
                        b_next: LANES,
                        b_column: self.input_pitch * LANES,
                        count: self.pixels,
                    };
                    let out = self.out.as_mut_ptr();
                    let out = out.add(output * LANES * self.inputs + first).cast();
                    match (V::ROWS, pair) {
                        (14, true) => plane::<V, 8, 2>(operands, self.inputs, out),
                        (14, false) => plane::<V, 16, 1>(operands, self.inputs, out),
                        (6, _) => plane::<V, 4, 1>(operands, self.inputs, out),
                        _ => plane::<V, 2, 1>(operands, self.inputs, out),
                    }
                }
            }
            first += 1 + usize::from(pair);
        }
    }
}

/// One plane of outputs by one or two of `inputs` planes.
///
/// # Safety
/// The processor has the instructions of `V`; all pointers are valid for the plane, of which `ROWS`
/// is a part.
#[inline(always)]
unsafe fn plane<V: Vector, const ROWS: usize, const COLS: usize>(
    operands: Terms,
    inputs: usize,
    out: *mut f32,
) {
    for first in (0..LANES).step_by(ROWS) {
        let slot = |row: usize, col: usize| ((first + row) * inputs + col) * LANES;
        // SAFETY: the caller's.
        unsafe {
            let mut sums = [[V::splat(0.0); COLS]; ROWS];
            for row in 0..ROWS {
                for col in 0..COLS {
                    sums[row][col] = V::load(out.add(slot(row, col)));
                }
            }
            let a = operands.a.add(first);
            let sums = Terms { a, ..operands }.add::<V, ROWS, COLS, 1>(sums, |_| ());
            for row in 0..ROWS {
                for col in 0..COLS {
                    sums[row][col].store(out.add(slot(row, col)));
                }
            }
        }
    }
}
