//! How long each operation of a step takes, forward and backward.

use std::time::Instant;

use burn::tensor::Device;

use super::super::{EfficientNetConfig, Variant};
use super::block::Block;
use super::compile::operations;
use super::tests::inputs;
use crate::processor::isa::Isa;
use crate::processor::operation::{Array, Operation};
use crate::testing::noise;

const BATCH: usize = 16;
const SIZE: usize = 224;
const RUNS: usize = 5;

fn array(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    Array::new(noise(count, 1), shape.to_vec())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Milliseconds forward and backward.
fn time<const N: usize>(operation: &impl Operation<N>, inputs: &[Array; N]) -> [f64; 2] {
    let (mut there, mut back) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        let (out, saved) = operation.forward(inputs);
        there.push(start.elapsed().as_secs_f64() * 1e3);
        let gradient = array(&out.shape());
        let start = Instant::now();
        operation.backward(saved, gradient, [true; N]);
        back.push(start.elapsed().as_secs_f64() * 1e3);
    }
    [median(there), median(back)]
}

fn block(block: &Block) -> ([f64; 2], f64) {
    let (channels, kernel) = (block.input.channels, block.window.kernel);
    let (inner, outputs) = (block.inner, block.outputs);
    let expands = block.norms.len() == 3;
    let inputs = inputs(block);
    let wide = if expands {
        channels * inner * block.input.plane()
    } else {
        0
    };
    let narrow = inner * (outputs + kernel * kernel) * block.output().plane();
    let work = 2e-9 * (wide + narrow) as f64;
    let times = match expands {
        true => time::<14>(block, &inputs.try_into().unwrap()),
        false => time::<11>(block, &inputs.try_into().unwrap()),
    };
    (times, work)
}

#[test]
#[ignore = "a measurement"]
fn profile() {
    let device = Device::flex().autodiff();
    let network = EfficientNetConfig::new(Variant::B0).init(&device);
    let isa = Isa::available()[0];
    let images = [BATCH, 3, SIZE, SIZE];
    let all = operations(&network, isa, images, &device).unwrap();
    let mut total = [0.0; 2];
    let mut row = |name: String, [there, back]: [f64; 2], work: f64| {
        total = [total[0] + there, total[1] + back];
        println!(
            "| {name} | {work:.2} | {there:.1} | {:.0} | {back:.1} | {:.0} |",
            work / there * 1e3,
            2.0 * work / back * 1e3
        );
    };
    println!("| operation | GFLOP | forward, ms | GFLOP/s | backward, ms | GFLOP/s |");
    println!("|---|---|---|---|---|---|");
    let outputs = all.stem.output.channels;
    let shapes = [&images[..], &[outputs, 3, 3, 3], &[outputs], &[outputs]];
    let work = 2e-9 * (27 * outputs * all.stem.output.plane()) as f64;
    row("stem".into(), time(&all.stem, &shapes.map(array)), work);
    for (index, operation) in all.blocks.iter().enumerate() {
        let (times, work) = block(operation);
        row(format!("block {index}"), times, work);
    }
    let (input, outputs) = (all.head.input, all.head.outputs);
    let inputs = [
        array(&input.shape()),
        array(&[outputs, input.channels, 1, 1]),
        array(&[outputs]),
        array(&[outputs]),
    ];
    let work = 2e-9 * (outputs * input.channels * input.plane()) as f64;
    row("head".into(), time(&all.head, &inputs), work);
    println!("| sum | | {:.1} | | {:.1} | |", total[0], total[1]);
}
