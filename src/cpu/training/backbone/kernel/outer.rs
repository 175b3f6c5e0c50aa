//! The gradient of a 1x1 convolution's weights.

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
                    let gradient = self.gradient.as_ptr().add(output * self.gradient_pitch);
                    let input = self.input.as_ptr().add(first * self.input_pitch);
                    let out = self.out.as_mut_ptr();
                    let out = out.add(output * LANES * self.inputs + first);
                    let operands = Operands {
                        gradient: gradient.cast(),
                        input: input.cast(),
                        input_pitch: self.input_pitch,
                        inputs: self.inputs,
                        pixels: self.pixels,
                        out: out.cast(),
                    };
                    match (V::ROWS, pair) {
                        (14, true) => operands.plane::<V, 8, 2>(),
                        (14, false) => operands.plane::<V, 16, 1>(),
                        (6, _) => operands.plane::<V, 4, 1>(),
                        _ => operands.plane::<V, 2, 1>(),
                    }
                }
            }
            first += 1 + usize::from(pair);
        }
    }
}

/// One plane of outputs by one or two planes of inputs.
#[derive(Clone, Copy)]
struct Operands {
    gradient: *const f32,
    input: *const f32,
    input_pitch: usize,
    inputs: usize,
    pixels: usize,
    out: *mut f32,
}

impl Operands {
    /// # Safety
    /// The processor has the instructions of `V`; all pointers are valid for the plane.
    #[inline(always)]
    unsafe fn plane<V: Vector, const ROWS: usize, const COLS: usize>(self) {
        for first in (0..LANES).step_by(ROWS) {
            // SAFETY: the caller's; `ROWS` divides the lanes.
            unsafe {
                let out = self.out.add(first * self.inputs * LANES);
                let slot = |row: usize, col: usize| out.add((row * self.inputs + col) * LANES);
                let mut sums: [[V; COLS]; ROWS] =
                    std::array::from_fn(|row| std::array::from_fn(|col| V::load(slot(row, col))));
                let mut gradient = self.gradient.add(first);
                let mut input = self.input;
                for _ in 0..self.pixels {
                    let columns: [V; COLS] = std::array::from_fn(|col| {
                        V::load(input.add(col * self.input_pitch * LANES))
                    });
                    for row in 0..ROWS {
                        let value = V::splat(*gradient.add(row));
                        for col in 0..COLS {
                            sums[row][col] = columns[col].mul_add(value, sums[row][col]);
                        }
                    }
                    gradient = gradient.add(LANES);
                    input = input.add(LANES);
                }
                for row in 0..ROWS {
                    for col in 0..COLS {
                        sums[row][col].store(slot(row, col));
                    }
                }
            }
        }
    }
}

/// The share of one image in the gradient of gated weights, and the gradient of its gates.
///
/// With `w` the weights and `o` what [`Outer`] gives for the image without its gate:
/// `dw += o gate`, and each gate's gradient is the sum of `w o` over the outputs.
pub(in super::super) struct Gate<'a> {
    /// `[outputs, planes]`: the image's outer product.
    pub outer: &'a [Lanes],
    /// `[outputs, planes]`: the weights.
    pub weight: &'a [Lanes],
    /// `[planes]`: the gates.
    pub gate: &'a [Lanes],
    /// `[outputs, planes]`: the gradient of the weights, to add to.
    pub sum: &'a mut [Lanes],
    /// `[planes]`: the gradient of the gates.
    pub out: &'a mut [Lanes],
}

impl Kernel for Gate<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let planes = self.gate.len();
        self.out.fill(Lanes::default());
        let outer = self.outer.chunks_exact(planes);
        let weight = self.weight.chunks_exact(planes);
        let sum = self.sum.chunks_exact_mut(planes);
        for ((outer, weight), sum) in outer.zip(weight).zip(sum) {
            for plane in 0..planes {
                // SAFETY: the caller vouches for the instructions; every slot is one vector.
                unsafe {
                    let outer = V::load(outer[plane].0.as_ptr());
                    let gate = V::load(self.gate[plane].0.as_ptr());
                    let total = outer.mul_add(gate, V::load(sum[plane].0.as_ptr()));
                    total.store(sum[plane].0.as_mut_ptr());
                    let weight = V::load(weight[plane].0.as_ptr());
                    let slope = outer.mul_add(weight, V::load(self.out[plane].0.as_ptr()));
                    slope.store(self.out[plane].0.as_mut_ptr());
                }
            }
        }
    }
}
