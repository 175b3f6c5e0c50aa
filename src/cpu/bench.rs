//! What the benches call; no part of the interface.

use super::matmul::{Matrix, Output, PANEL, Pointwise, Product, Store, run};
use super::simd::{Isa, LANES, Lanes, numbers_mut, planes};

/// `out = a b` on all cores, where `a` is `[rows, depth]` and `b` `[depth, columns]`, or each of them
/// transposed.
pub fn product(
    [a, b]: [&[f32]; 2],
    transposed: [bool; 2],
    [rows, depth, columns]: [usize; 3],
    out: &mut [f32],
) {
    let matrix = |values, [rows, columns]: [usize; 2], transposed: bool| match transposed {
        false => Matrix::new(values, [rows, columns]),
        true => Matrix::new(values, [columns, rows]).transposed(),
    };
    let a = matrix(a, [rows, depth], transposed[0]);
    let b = matrix(b, [depth, columns], transposed[1]);
    run([Product::new(a, b, Output::new(out, [rows, columns]))]);
}

/// A 1x1 convolution of a map of any numbers with weights `[outputs, inputs]`, on one core. Each
/// call does it once.
pub fn convolution(weight: &[f32], [pixels, inputs, outputs]: [usize; 3]) -> impl FnMut() + use<> {
    let layer = Pointwise::new(weight, &vec![0.0; outputs]);
    let mut map = vec![Lanes::default(); planes(inputs) * pixels];
    for (index, value) in numbers_mut(&mut map).iter_mut().enumerate() {
        *value = (index as f32 * 0.37).sin();
    }
    let mut out = vec![[0.0; LANES]; layer.planes() * pixels];
    move || {
        let mut planes: Vec<_> = out.chunks_mut(pixels).collect();
        for (panel, out) in planes.chunks_mut(PANEL).enumerate() {
            Isa::best().run(Store {
                product: layer.product(panel, &map, pixels),
                pixels: 0..pixels,
                other: None,
                out,
            });
        }
    }
}
