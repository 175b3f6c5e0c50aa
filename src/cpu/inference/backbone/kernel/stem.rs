//! The stem: a 3x3 convolution of stride 2 on a planar image of 3 channels.

use crate::cpu::matmul::Target;
use crate::cpu::simd::{LANES, Lanes, Vector};

/// Side of the kernel.
pub(in super::super) const KERNEL: usize = 3;
/// Step between outputs.
pub(in super::super) const STRIDE: usize = 2;
/// Colours of the image.
pub(in super::super) const COLOURS: usize = 3;
/// Products in one output.
pub(in super::super) const TAPS: usize = COLOURS * KERNEL * KERNEL;

/// Sums one row of outputs; `lines` holds the padded input rows, `[colour, y]`, each `pitch` long.
///
/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
pub(super) unsafe fn row<V: Vector>(
    lines: &[f32],
    pitch: usize,
    weight: &[Lanes],
    bias: &[Lanes],
    width: usize,
    target: &mut impl Target<V>,
) {
    let vectors = bias.len();
    assert!(
        (1..=2).contains(&vectors)
            && weight.len() >= TAPS * vectors
            && lines.len() >= COLOURS * KERNEL * pitch
            && pitch >= (width - 1) * STRIDE + KERNEL,
        "the operands of the stem fit together"
    );
    // SAFETY: the lengths were checked just now.
    unsafe {
        if V::PAIRS && vectors == 2 {
            sweep::<V, 2>(lines, pitch, weight, bias, 0, width, target);
        } else {
            for vector in 0..vectors {
                sweep::<V, 1>(lines, pitch, weight, bias, vector, width, target);
            }
        }
    }
}

/// # Safety
/// As [`row`], and the lengths are right.
#[inline(always)]
unsafe fn sweep<V: Vector, const COLS: usize>(
    lines: &[f32],
    pitch: usize,
    weight: &[Lanes],
    bias: &[Lanes],
    vector: usize,
    width: usize,
    target: &mut impl Target<V>,
) {
    let mut x = 0;
    macro_rules! tiles {
        ($($rows:literal if $compiled:expr),*) => {$(
            if $compiled {
                while x + $rows <= width {
                    // SAFETY: the tile is inside the row.
                    let sums = unsafe {
                        let from = lines.as_ptr().add(x * STRIDE);
                        tile::<V, $rows, COLS>(from, pitch, weight, bias, vector)
                    };
                    target.put(x, vector, sums);
                    x += $rows;
                }
            }
        )*};
    }
    tiles!(
        14 if V::ROWS == 14,
        6 if V::ROWS == 6,
        4 if V::ROWS >= 4,
        1 if true
    );
}

/// # Safety
/// As [`row`], for `ROWS` outputs from the lines' start.
#[inline(always)]
unsafe fn tile<V: Vector, const ROWS: usize, const COLS: usize>(
    lines: *const f32,
    pitch: usize,
    weight: &[Lanes],
    bias: &[Lanes],
    vector: usize,
) -> [[V; COLS]; ROWS] {
    // SAFETY: the caller's.
    unsafe {
        let start: [V; COLS] =
            std::array::from_fn(|col| V::load(bias.as_ptr().add(vector + col).cast()));
        let mut sums = [start; ROWS];
        let mut weight = weight.as_ptr().add(vector).cast::<f32>();
        for line in 0..COLOURS * KERNEL {
            for x in 0..KERNEL {
                let columns: [V; COLS] =
                    std::array::from_fn(|col| V::load(weight.add(col * LANES)));
                for row in 0..ROWS {
                    let value = V::splat(*lines.add(line * pitch + row * STRIDE + x));
                    for col in 0..COLS {
                        sums[row][col] = columns[col].mul_add(value, sums[row][col]);
                    }
                }
                weight = weight.add(bias.len() * LANES);
            }
        }
        sums
    }
}
