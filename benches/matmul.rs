//! The engine's matrix product beside that of the `gemm` crate, on the shapes in use, as a table:
//! `cargo bench --bench matmul`. It takes about a minute.

use std::hint::black_box;
use std::time::{Duration, Instant};

use countenance::cpu::bench::{convolution, product};
use gemm::Parallelism;

/// How long both are timed for one row of the table.
const TIME: Duration = Duration::from_millis(1500);

fn noise(length: usize, seed: u32) -> Vec<f32> {
    let numbers = (0..length).scan(seed | 1, |state, _| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 8) as f32 / (1 << 23) as f32 - 1.0)
    });
    numbers.collect()
}

/// `out = a b` with `gemm`, operands as in [`product`].
fn other(
    [a, b]: [&[f32]; 2],
    [a_transposed, b_transposed]: [bool; 2],
    [rows, depth, columns]: [usize; 3],
    out: &mut [f32],
    parallelism: Parallelism,
) {
    assert!(a.len() >= rows * depth && b.len() >= depth * columns);
    assert!(out.len() >= rows * columns);
    let strides = |transposed: bool, rows: usize, columns: usize| match transposed {
        false => (1, columns as isize),
        true => (rows as isize, 1),
    };
    let (a_column, a_row) = strides(a_transposed, rows, depth);
    let (b_column, b_row) = strides(b_transposed, depth, columns);
    // SAFETY: the operands are as large as the sizes and strides say.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            out.as_mut_ptr(),
            1,
            columns as isize,
            false,
            a.as_ptr(),
            a_column,
            a_row,
            b.as_ptr(),
            b_column,
            b_row,
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The least times of both, which take turns.
fn times(mut ours: impl FnMut(), mut theirs: impl FnMut()) -> [f64; 2] {
    let mut best = [Duration::MAX; 2];
    let start = Instant::now();
    while start.elapsed() < TIME {
        let begin = Instant::now();
        ours();
        let middle = Instant::now();
        theirs();
        best = [best[0].min(middle - begin), best[1].min(middle.elapsed())];
    }
    best.map(|time| time.as_secs_f64())
}

fn row(name: &str, sizes: [usize; 3], [ours, theirs]: [f64; 2], alone: &str) {
    let [rows, depth, columns] = sizes;
    let operations = 2.0 * (rows * depth * columns) as f64;
    println!(
        "| {name} | {rows} x {depth} x {columns} | {:.3} | {:.0} | {:.3} | {:.0} | {:.2} | {alone} |",
        ours * 1e3,
        operations / ours * 1e-9,
        theirs * 1e3,
        operations / theirs * 1e-9,
        theirs / ours,
    );
}

/// Whether the last row of a product is, bit for bit, what it is in a product of its own.
fn is_alone(
    multiply: impl Fn([&[f32]; 2], [usize; 3], &mut [f32]),
    [a, b]: [&[f32]; 2],
    [rows, depth, columns]: [usize; 3],
) -> bool {
    let mut all = vec![0.0; rows * columns];
    multiply([a, b], [rows, depth, columns], &mut all);
    let mut last = vec![0.0; columns];
    let a = &a[(rows - 1) * depth..];
    multiply([a, b], [1, depth, columns], &mut last);
    all[(rows - 1) * columns..] == last
}

fn products() {
    let shapes = [
        (
            "a node's map, many images",
            [256, 1288, 1288],
            [false, false],
        ),
        (
            "the gradient of its input",
            [256, 1288, 1288],
            [false, true],
        ),
        (
            "the gradient of its weights",
            [1288, 256, 1288],
            [true, false],
        ),
        (
            "a map of all nodes, many images",
            [3072, 1288, 1288],
            [false, false],
        ),
        (
            "the gradient of its weights",
            [1288, 3072, 1288],
            [true, false],
        ),
        ("a node's map, one image", [1, 1288, 1288], [false, false]),
        (
            "a map of all nodes, one image",
            [12, 1288, 1288],
            [false, false],
        ),
    ];
    for (name, sizes, transposed) in shapes {
        let [rows, depth, columns] = sizes;
        let (a, b) = (noise(rows * depth, 1), noise(depth * columns, 2));
        let operands = [&a[..], &b[..]];
        let mut outs = [vec![0.0; rows * columns], vec![0.0; rows * columns]];
        let [ours, theirs] = &mut outs;
        let all = Parallelism::Rayon(0);
        let best = times(
            || product(black_box(operands), transposed, sizes, ours),
            || other(black_box(operands), transposed, sizes, theirs, all),
        );
        let scale = (depth as f32).sqrt();
        for (ours, theirs) in outs[0].iter().zip(&outs[1]) {
            assert!(
                (ours - theirs).abs() < 1e-5 * scale * scale,
                "{ours} {theirs}"
            );
        }
        let alone = if transposed == [false, false] && rows > 1 {
            let ours = is_alone(|x, s, out| product(x, transposed, s, out), operands, sizes);
            let theirs = |x: [&[f32]; 2], s, out: &mut [f32]| other(x, transposed, s, out, all);
            let theirs = is_alone(theirs, operands, sizes);
            let word = |is| if is { "yes" } else { "no" };
            format!("{}, {}", word(ours), word(theirs))
        } else {
            String::new()
        };
        row(name, sizes, best, &alone);
    }
}

/// The 1x1 convolutions of a B0 at 224x224 on one core: pixels, inputs and outputs of one in each
/// stage, and the head.
fn convolutions() {
    let expansions = [
        [12544, 16, 96],
        [3136, 24, 144],
        [784, 40, 240],
        [196, 80, 480],
    ];
    let late = [[196, 112, 672], [49, 192, 1152]];
    let projections = [
        [12544, 32, 16],
        [3136, 96, 24],
        [784, 144, 40],
        [196, 240, 80],
    ];
    let last = [
        [196, 480, 112],
        [49, 672, 192],
        [49, 1152, 320],
        [49, 320, 1280],
    ];
    let all = expansions
        .into_iter()
        .chain(late)
        .chain(projections)
        .chain(last);
    for sizes in all {
        let [pixels, inputs, outputs] = sizes;
        let (map, weight) = (noise(pixels * inputs, 3), noise(outputs * inputs, 4));
        let mut out = vec![0.0; pixels * outputs];
        let operands = [&map[..], &weight[..]];
        let one = Parallelism::None;
        let best = times(convolution(&weight, sizes), || {
            other(black_box(operands), [false, true], sizes, &mut out, one);
        });
        row("1x1 convolution, one core", sizes, best, "");
    }
}

fn main() {
    println!(
        "{} threads; least times, taken in turns",
        rayon::current_num_threads()
    );
    println!(
        "| product | rows x terms x columns | ours, ms | GFLOP/s | gemm, ms | GFLOP/s | gemm / ours | \
         last row as alone: ours, gemm |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    products();
    convolutions();
}
