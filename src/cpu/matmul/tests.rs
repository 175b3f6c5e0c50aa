//! Every layout, set of instructions and edge against sums in double precision.

use std::ops::Range;

use super::task::DEPTH;
use super::*;
use crate::cpu::simd::Isa;
use crate::testing::noise;

fn at(matrix: &Matrix, row: usize, column: usize) -> f64 {
    matrix.values[row * matrix.strides[0] + column * matrix.strides[1]].into()
}

fn assert_product(a: Matrix, b: Matrix, start: &[f64], out: &[f32], what: &str) {
    let [rows, depth] = a.size;
    let columns = b.size[1];
    for row in 0..rows {
        for column in 0..columns {
            let sum: f64 = (0..depth)
                .map(|term| at(&a, row, term) * at(&b, term, column))
                .sum();
            let expected = start[row * columns + column] + sum;
            let error = (f64::from(out[row * columns + column]) - expected).abs();
            assert!(
                error <= 2e-7 * (depth as f64 + 4.0),
                "{what}: row {row}, column {column} is off by {error:e}"
            );
        }
    }
}

/// Sizes around the edges of tiles, vectors, panels and blocks.
const SIZES: [[usize; 3]; 9] = [
    [1, 1, 1],
    [14, 32, 16],
    [15, 33, 17],
    [13, 31, 15],
    [29, 17, 40],
    [5, 449, 3],
    [270, 20, 9],
    [28, 65, DEPTH + 1],
    [9, 30, 2 * DEPTH + 3],
];

#[test]
fn every_layout_set_and_start_is_the_sum_of_products() {
    for isa in Isa::available() {
        for [rows, columns, depth] in SIZES {
            let (a, b) = (noise(rows * depth, 1), noise(depth * columns, 2));
            let (bias, held) = (noise(columns, 3), noise(rows * columns, 4));
            for layout in 0..4 {
                let a = match layout & 1 {
                    0 => Matrix::new(&a, [rows, depth]),
                    _ => Matrix::new(&a, [depth, rows]).transposed(),
                };
                let b = match layout & 2 {
                    0 => Matrix::new(&b, [depth, columns]),
                    _ => Matrix::new(&b, [columns, depth]).transposed(),
                };
                for start in [Start::Zero, Start::Bias(&bias), Start::Output] {
                    let before = |index: usize| match start {
                        Start::Zero => 0.0,
                        Start::Bias(bias) => bias[index % columns].into(),
                        Start::Output => held[index].into(),
                    };
                    let before: Vec<f64> = (0..rows * columns).map(before).collect();
                    let mut out = held.clone();
                    let product = Product::new(a, b, Output::new(&mut out, [rows, columns]));
                    run_with(isa, [product.from(start)]);
                    let what = format!("{isa:?} {rows}x{depth}x{columns} {layout} {start:?}");
                    assert_product(a, b, &before, &out, &what);
                }
            }
        }
    }
}

#[test]
fn strides_of_any_kind_are_read() {
    let values = noise(2000, 5);
    let a = Matrix::strided(&values, [19, 23], [70, 3]);
    let b = Matrix::strided(&values[11..], [23, 37], [0, 2]);
    for isa in Isa::available() {
        let mut out = vec![f32::NAN; 19 * 37];
        run_with(isa, [Product::new(a, b, Output::new(&mut out, [19, 37]))]);
        assert_product(a, b, &[0.0; 19 * 37], &out, &format!("{isa:?}"));
    }
}

#[test]
fn interleaved_outputs_stay_apart() {
    let (a, b) = (noise(20 * 9, 6), noise(3 * 9 * 21, 7));
    let a = Matrix::new(&a, [20, 9]);
    let part = |part: usize| Matrix::new(&b[part * 9 * 21..][..9 * 21], [9, 21]);
    let mut out = vec![f32::NAN; 20 * 3 * 21];
    let outputs = Output::interleaved(&mut out, [20, 3, 21]);
    let products = outputs.enumerate();
    run(products.map(|(index, out)| Product::new(a, part(index), out)));
    for index in 0..3 {
        let part_of = |row: usize| &out[(row * 3 + index) * 21..][..21];
        let alone: Vec<f32> = (0..20).flat_map(part_of).copied().collect();
        assert_product(
            a,
            part(index),
            &[0.0; 420],
            &alone,
            &format!("part {index}"),
        );
    }
}

#[test]
fn a_sum_without_terms_is_its_start() {
    let mut out = vec![7.0; 6];
    let empty = Product::new(
        Matrix::new(&[], [2, 0]),
        Matrix::new(&[], [0, 3]),
        Output::new(&mut out, [2, 3]),
    );
    run([empty.from(Start::Bias(&[1.0, 2.0, 3.0]))]);
    assert_eq!(out, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    let mut wide = vec![7.0; 2 * 70];
    let out = Output::new(&mut wide, [2, 70]);
    run([Product::new(
        Matrix::new(&[], [2, 0]),
        Matrix::new(&[], [0, 70]),
        out,
    )]);
    assert_eq!(wide, [0.0; 140]);
}

#[test]
fn threads_and_divisions_change_nothing() {
    let (rows, columns, depth) = (300, 500, 400);
    let (a, b) = (noise(rows * depth, 8), noise(depth * columns, 9));
    let a = Matrix::new(&a, [rows, depth]);
    let b = Matrix::new(&b, [depth, columns]);
    let product = |threads: usize| {
        let mut out = vec![0.0; rows * columns];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| run([Product::new(a, b, Output::new(&mut out, [rows, columns]))]));
        out
    };
    let expected = product(1);
    assert_eq!(product(3), expected);
    // The last row alone, and a few columns alone.
    let mut row = vec![0.0; columns];
    let last = Matrix::strided(&a.values[(rows - 1) * depth..], [1, depth], [depth, 1]);
    run([Product::new(last, b, Output::new(&mut row, [1, columns]))]);
    assert_eq!(row, expected[(rows - 1) * columns..]);
}

#[test]
fn a_few_rows_alone_are_what_they_are_among_many() {
    let (rows, columns, depth) = (40, 91, DEPTH + 13);
    let (a, b) = (noise(rows * depth, 10), noise(depth * columns, 11));
    let b = Matrix::new(&b, [depth, columns]);
    for isa in Isa::available() {
        let product = |range: Range<usize>| {
            let mut out = vec![0.0; range.len() * columns];
            let size = [range.len(), columns];
            let a = Matrix::new(&a[range.start * depth..], [range.len(), depth]);
            run_with(isa, [Product::new(a, b, Output::new(&mut out, size))]);
            out
        };
        let all = product(0..rows);
        for few in [0..1, 3..5, 10..24, 33..40] {
            let expected = &all[few.start * columns..few.end * columns];
            assert_eq!(product(few), expected, "{isa:?}");
        }
    }
}

#[test]
#[should_panic(expected = "lies outside")]
fn a_matrix_beyond_its_values_is_refused() {
    Matrix::strided(&[0.0; 11], [3, 4], [4, 1]);
}
