//! Prints what bounds each layer: `cargo test --release --lib profile -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::super::{EfficientNetConfig, Variant};
use super::block::{self, Block, Buffers, Opening};
use super::weight::{Depthwise, Pointwise};
use super::{Plan, compile};
use crate::processor::isa::{Isa, Kernel};
use crate::processor::strip::LANES;
use crate::processor::team::{Pool, Team};
use crate::processor::vector::Vector;

const RUNS: usize = 100;
const SIZE: [usize; 2] = [224, 224];

/// A chain of products for every register: all the arithmetic that there is.
struct Peak(usize);

impl Kernel for Peak {
    type Output = [f32; LANES];

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> [f32; LANES] {
        // SAFETY: the caller vouches for the instructions; the array holds 16 numbers.
        unsafe {
            let (factor, term) = (V::splat(0.999), V::splat(0.001));
            let mut sums = [V::splat(0.0); 12];
            for (sum, start) in sums.iter_mut().zip(std::hint::black_box([0.1f32; 12])) {
                *sum = V::splat(start);
            }
            for _ in 0..self.0 {
                for sum in &mut sums {
                    *sum = sum.mul_add(factor, term);
                }
            }
            let mut total = V::splat(0.0);
            for sum in sums {
                total = total.add(sum);
            }
            let mut out = [0.0; LANES];
            total.store(out.as_mut_ptr());
            out
        }
    }
}

/// Floating-point operations a second of one core, in units of 10^9.
fn peak(isa: Isa) -> f64 {
    const STEPS: usize = 100_000;
    let best = (0..50)
        .map(|_| {
            let start = Instant::now();
            // SAFETY: the set is available.
            std::hint::black_box(unsafe { isa.run(Peak(std::hint::black_box(STEPS))) });
            start.elapsed()
        })
        .min()
        .unwrap();
    (STEPS * 12 * LANES * 2) as f64 / best.as_secs_f64() / 1e9
}

/// One line of the table.
#[derive(Clone)]
struct Line {
    name: String,
    /// Products and sums, two for a multiply-add.
    operations: usize,
    /// Evaluations of SiLU.
    silu: usize,
    /// Weights, and maps read and written, in bytes.
    bytes: usize,
    best: Duration,
}

fn pointwise(layer: &Pointwise, pixels: usize) -> usize {
    2 * layer.inputs() * layer.outputs() * pixels
}

fn depthwise(layer: &Depthwise, pixels: usize) -> usize {
    2 * layer.channels() * layer.kernel * layer.kernel * pixels
}

/// The two lines of a block: up to the depthwise convolution, and after it.
fn lines(index: usize, block: &Block, size: [usize; 2], inner: [usize; 2]) -> [Line; 2] {
    let (pixels, to) = (size[0] * size[1], inner[0] * inner[1]);
    let channels = block.depthwise.channels();
    let (source, opening, opening_weights, input) = match &block.opening {
        Opening::Stem(stem) => {
            let source = stem.padding.around(size, 3, 2)[0];
            let source = source[0] * source[1];
            let weights = stem.layer.inputs() * stem.layer.outputs();
            (source, pointwise(&stem.layer, source), weights, 3 * pixels)
        }
        Opening::Expand(expand) => {
            let weights = expand.inputs() * expand.outputs();
            let input = expand.inputs() * pixels;
            (pixels, pointwise(expand, pixels), weights, input)
        }
        Opening::Map => (0, 0, 0, channels * pixels),
    };
    let kernel = block.depthwise.kernel;
    let first = Line {
        name: format!("block {index}, inside, {kernel}x{kernel}, {channels} channels"),
        operations: opening + depthwise(&block.depthwise, to),
        silu: (source + to) * channels,
        bytes: 4 * (opening_weights + kernel * kernel * channels + input + channels * to),
        best: Duration::MAX,
    };
    let (project, reduced) = (&block.project, block.reduce.outputs());
    let second = Line {
        name: format!(
            "block {index}, gate and projection to {}",
            project.outputs()
        ),
        operations: pointwise(project, to) + 4 * channels * reduced,
        silu: reduced,
        bytes: 4
            * (project.inputs() * project.outputs()
                + 2 * channels * reduced
                + (channels + project.outputs()) * to),
        best: Duration::MAX,
    };
    [first, second]
}

#[test]
#[ignore = "prints timings; run alone"]
fn profile() {
    let network = EfficientNetConfig::new(Variant::B0).init(&Device::default());
    let isa = Isa::available()[0];
    let image: Vec<f32> = (0..3 * SIZE[0] * SIZE[1])
        .map(|i| (i as f32 * 0.37).sin())
        .collect();
    let compile::Layers { blocks, head, .. } = compile::layers(&network).unwrap();
    let scratch = Pool::default();
    // SAFETY: the set is available.
    let team = unsafe { Team::new(isa, 1, &scratch) };
    let mut table: Vec<Line> = Vec::new();
    let mut buffers = Buffers::default();
    for run in 0..RUNS {
        let mut size = SIZE;
        let mut place = 0;
        let mut record = |new: Line, time: Duration, place: &mut usize| {
            if run == 0 {
                table.push(new);
            }
            table[*place].best = table[*place].best.min(time);
            *place += 1;
        };
        for (index, block) in blocks.iter().enumerate() {
            let start = Instant::now();
            let inner = block.inner(team, &image, size, &mut buffers);
            let middle = Instant::now();
            let gate = block.gate(team, inner, &buffers);
            block.project(team, size, inner, &gate, &mut buffers);
            let end = Instant::now();
            let [first, second] = lines(index, block, size, inner);
            record(first, middle - start, &mut place);
            record(second, end - middle, &mut place);
            size = inner;
        }
        let start = Instant::now();
        std::hint::black_box(block::pool(team, &head, &buffers.map, size));
        let pixels = size[0] * size[1];
        let line = Line {
            name: format!("head to {}, pooled", head.outputs()),
            operations: pointwise(&head, pixels),
            silu: head.outputs() * pixels,
            bytes: 4 * (head.inputs() * (head.outputs() + pixels)),
            best: Duration::MAX,
        };
        record(line, start.elapsed(), &mut place);
    }
    let peak = peak(isa);
    println!("{isa:?}, one core: {peak:.0} GFLOP/s at most");
    println!("| layer | MFLOP | SiLU, 10^3 | MB | us | GFLOP/s | of the peak |");
    println!("|---|---|---|---|---|---|---|");
    let total = Line {
        name: "all".to_string(),
        operations: table.iter().map(|line| line.operations).sum(),
        silu: table.iter().map(|line| line.silu).sum(),
        bytes: table.iter().map(|line| line.bytes).sum(),
        best: table.iter().map(|line| line.best).sum(),
    };
    for line in table.iter().chain([&total]) {
        let rate = line.operations as f64 / line.best.as_secs_f64() / 1e9;
        println!(
            "| {} | {:.1} | {:.0} | {:.2} | {:.0} | {rate:.0} | {:.0} % |",
            line.name,
            line.operations as f64 / 1e6,
            line.silu as f64 / 1e3,
            line.bytes as f64 / 1e6,
            line.best.as_secs_f64() * 1e6,
            100.0 * rate / peak
        );
    }
    // The same through the front door, with every thread.
    println!("{} threads", rayon::current_num_threads());
    let plan = Plan::new(&network).unwrap();
    for batch in [1, 32] {
        let images = image.repeat(batch);
        let best = (0..if batch == 1 { RUNS } else { 5 })
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(plan.features(&images, SIZE));
                start.elapsed()
            })
            .min()
            .unwrap();
        println!(
            "batch {batch}: {:.2} ms an image",
            best.as_secs_f64() * 1e3 / batch as f64
        );
    }
}
