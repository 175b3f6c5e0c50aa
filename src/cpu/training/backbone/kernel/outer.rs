//! The gradient of a 1x1 convolution's weights.

use crate::cpu::matmul::Terms;
use crate::cpu::simd::{Kernel, LANES, Lanes, Vector};

/// Adds, for every output and input channel, the sum over some pixels of the output's gradient
/// times the input.
pub(in super::super) struct Outer<'a> {
    /// The gradient of the output, plane after plane.
    pub gradient: &'a [Lanes],
    /// The input, plane after plane.
    pub input: &'a [Lanes],
    /// Lanes from one of its planes to the next.
    pub input_pitch: usize,
    /// Planes of the input.
    pub inputs: usize,
    /// Pixels of the gradient's planes, and to sum over from the start of each of the input's.
    pub pixels: usize,
    /// `[output planes * 16, inputs]`.
    pub out: &'a mut [Lanes],
}

impl Kernel for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let outputs = self.out.len() / (self.inputs * LANES);
        assert!(
            self.pixels > 0
                && self.out.len() == outputs * LANES * self.inputs
                && self.gradient.len() >= outputs * self.pixels
                && self.input.len() >= (self.inputs - 1) * self.input_pitch + self.pixels,
            "the operands of a product fit together"
        );
        let mut first = 0;
        while first < self.inputs {
            let pair = V::PAIRS && first + 2 <= self.inputs;
            for output in 0..outputs {
                let operands = Terms {
                    a: self.gradient[output * self.pixels..].as_ptr().cast(),
                    a_next: LANES,
                    b: self.input[first * self.input_pitch..].as_ptr().cast(),
                    b_next: LANES,
                    b_column: self.input_pitch * LANES,
                    count: self.pixels,
                };
                let out = &mut self.out[output * LANES * self.inputs + first..];
                // SAFETY: the lengths were checked: both planes of the input, if there are two, and
                // that of the gradient are as long as the pixels.
                unsafe {
                    match (V::ROWS, pair) {
                        (14, true) => plane::<V, 8, 2>(zero, operands, self.inputs, out),
                        (14, false) => plane::<V, 16, 1>(zero, operands, self.inputs, out),
                        (6, _) => plane::<V, 4, 1>(zero, operands, self.inputs, out),
                        _ => plane::<V, 2, 1>(zero, operands, self.inputs, out),
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
/// The operands can be read for a plane of outputs, of which `ROWS` is a part.
#[inline(always)]
unsafe fn plane<V: Vector, const ROWS: usize, const COLS: usize>(
    zero: V,
    operands: Terms,
    inputs: usize,
    out: &mut [Lanes],
) {
    for first in (0..LANES).step_by(ROWS) {
        let slot = |row: usize, col: usize| (first + row) * inputs + col;
        let mut sums = [[zero; COLS]; ROWS];
        for row in 0..ROWS {
            for col in 0..COLS {
                sums[row][col] = zero.read(&out[slot(row, col)].0);
            }
        }
        // SAFETY: the caller's.
        let sums = unsafe {
            let a = operands.a.add(first);
            Terms { a, ..operands }.add::<V, ROWS, COLS, 1>(sums, |_| ())
        };
        for row in 0..ROWS {
            for col in 0..COLS {
                sums[row][col].write(&mut out[slot(row, col)].0);
            }
        }
    }
}
