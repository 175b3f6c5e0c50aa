//! How long each layer takes.

use std::time::{Duration, Instant};

use super::block::{self, Block, Buffers, Opening};
use super::compiled::Compiled;
use super::weight::Depthwise;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::Workers;
use crate::cpu::profile::{LayerTime, Profile};
use crate::cpu::simd::{Isa, Kernel, LANES, Vector};
use crate::cpu::view::Backbone;

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

/// Floating-point operations that one core can do in a second with `isa`, when nothing but arithmetic bounds it.
fn peak(isa: Isa) -> f64 {
    const STEPS: usize = 100_000;
    let best = (0..50).fold(Duration::MAX, |best, _| {
        let start = Instant::now();
        std::hint::black_box(isa.run(Peak(std::hint::black_box(STEPS))));
        best.min(start.elapsed())
    });
    (STEPS * 12 * LANES * 2) as f64 / best.as_secs_f64()
}

fn pointwise(layer: &Pointwise, pixels: usize) -> usize {
    2 * layer.inputs() * layer.outputs() * pixels
}

fn depthwise(layer: &Depthwise, pixels: usize) -> usize {
    2 * layer.channels() * layer.kernel * layer.kernel * pixels
}

/// The two lines of a block: up to the depthwise convolution, and after it.
fn lines(index: usize, block: &Block, size: [usize; 2], inner: [usize; 2]) -> [LayerTime; 2] {
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
    let first = LayerTime {
        name: format!("block {index}, inside, {kernel}x{kernel}, {channels} channels"),
        operations: opening + depthwise(&block.depthwise, to),
        silu: (source + to) * channels,
        bytes: 4 * (opening_weights + kernel * kernel * channels + input + channels * to),
        best: Duration::MAX,
    };
    let (project, reduced) = (&block.project, block.reduce.outputs());
    let second = LayerTime {
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

/// The time of every layer of `network` on one image of a height and a width, on the calling thread;
/// nothing if the network has a layer that no kernel knows.
pub(crate) fn profile(network: &Backbone<'_>, size: [usize; 2], runs: usize) -> Option<Profile> {
    let compiled = Compiled::new(network)?;
    let image: Vec<f32> = (0..3 * size[0] * size[1])
        .map(|i| (i as f32 * 0.37).sin())
        .collect();
    let mut buffers = Buffers::default();
    let mut best: Vec<LayerTime> = Vec::new();
    for _ in 0..runs {
        let layers = compiled.time(&image, size, &mut buffers);
        if best.is_empty() {
            best = layers;
        } else {
            for (best, layer) in best.iter_mut().zip(layers) {
                best.best = best.best.min(layer.best);
            }
        }
    }
    Some(Profile {
        instructions: format!("{:?}", compiled.isa),
        peak: peak(compiled.isa),
        layers: best,
    })
}

impl Compiled {
    fn time(&self, image: &[f32], mut size: [usize; 2], buffers: &mut Buffers) -> Vec<LayerTime> {
        let workers = Workers::new(self.isa, 1);
        let mut layers = Vec::new();
        if let Some(stem) = &self.stem {
            size = stem.run(workers, image, size, buffers);
        }
        for (index, block) in self.blocks.iter().enumerate() {
            let start = Instant::now();
            let inner = block.inner(workers, image, size, buffers);
            let middle = Instant::now();
            let gate = block.gate(workers, inner, buffers);
            block.project(workers, size, inner, &gate, buffers);
            let end = Instant::now();
            let [mut first, mut second] = lines(index, block, size, inner);
            (first.best, second.best) = (middle - start, end - middle);
            layers.extend([first, second]);
            size = inner;
        }
        let start = Instant::now();
        std::hint::black_box(block::pool(workers, &self.head, &buffers.map, size));
        let best = start.elapsed();
        let (head, pixels) = (&self.head, size[0] * size[1]);
        layers.push(LayerTime {
            name: format!("head to {}, pooled", head.outputs()),
            operations: pointwise(head, pixels),
            silu: head.outputs() * pixels,
            bytes: 4 * (head.inputs() * (head.outputs() + pixels)),
            best,
        });
        layers
    }
}
