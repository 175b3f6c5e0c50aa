//! How long each layer takes.

use std::time::{Duration, Instant};

use super::block::{Depthwise, Opening};
use super::compiled::Compiled;
use crate::cpu::matmul::Pointwise;
use crate::cpu::profile::{LayerTime, Profile};
use crate::cpu::simd::{Isa, Kernel, LANES, Vector};
use crate::cpu::view::Backbone;

/// A chain of products for every register: all the arithmetic that there is.
struct Peak(usize);

impl Kernel for Peak {
    type Output = [f32; LANES];

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> [f32; LANES] {
        // SAFETY: the caller vouches for the instructions.
        unsafe {
            let (factor, term) = (V::splat(0.999), V::splat(0.001));
            let mut sums = std::hint::black_box([0.1; 12]).map(|start| V::splat(start));
            for _ in 0..self.0 {
                for sum in &mut sums {
                    *sum = sum.mul_add(factor, term);
                }
            }
            let total = sums.into_iter().fold(V::splat(0.0), V::add);
            total.array()
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

/// What every part of a network has to do for an image of `size`, in the order of
/// [`run`](Compiled::run).
fn work(network: &Compiled, mut size: [usize; 2]) -> Vec<LayerTime> {
    let layer = |name: String, operations: usize, silu: usize, numbers: usize| LayerTime {
        name,
        operations,
        silu,
        bytes: size_of::<f32>() * numbers,
        best: Duration::MAX,
    };
    let pixels = |[height, width]: [usize; 2]| height * width;
    let weights = |layer: &Pointwise| layer.inputs() * layer.outputs();
    let mut layers = Vec::new();
    for (index, block) in network.blocks.iter().enumerate() {
        let Depthwise {
            window, channels, ..
        } = block.depthwise;
        let source = block.source(size);
        let (opening, read) = match &block.opening {
            Opening::Stem(stem) => (weights(&stem.layer), 3 * pixels(size)),
            Opening::Expand(expand) => (weights(expand), expand.inputs() * pixels(size)),
            Opening::Map => (0, channels * pixels(size)),
        };
        let activated = if opening == 0 { 0 } else { pixels(source) };
        size = window.over(source)[0];
        let (kernel, to) = (window.kernel, pixels(size));
        let taps = kernel * kernel * channels;
        layers.push(layer(
            format!("block {index}, inside, {kernel}x{kernel}, {channels} channels"),
            2 * (opening * pixels(source) + taps * to),
            (activated + to) * channels,
            opening + taps + read + channels * to,
        ));
        let (project, reduced) = (&block.project, block.reduce.outputs());
        let outputs = project.outputs();
        layers.push(layer(
            format!("block {index}, gate and projection to {outputs}"),
            2 * weights(project) * to + 4 * channels * reduced,
            reduced,
            weights(project) + 2 * channels * reduced + (channels + outputs) * to,
        ));
    }
    let (head, to) = (&network.head, pixels(size));
    layers.push(layer(
        format!("head to {}, pooled", head.outputs()),
        2 * weights(head) * to,
        head.outputs() * to,
        weights(head) + head.inputs() * to,
    ));
    layers
}

/// The time of every layer of `network` on one image of a height and a width, on the calling thread;
/// nothing if the network has a layer that no kernel knows.
pub(crate) fn profile(network: &Backbone<'_>, size: [usize; 2], runs: usize) -> Option<Profile> {
    let network = Compiled::new(network, Isa::best())?;
    let image = 0..3 * size[0] * size[1];
    let image: Vec<f32> = image.map(|i| (i as f32 * 0.37).sin()).collect();
    let mut feature = vec![0.0; network.head.outputs()];
    let mut layers = work(&network, size);
    for _ in 0..runs {
        let mut rest = layers.iter_mut();
        let mut last = Instant::now();
        network.run(1, &image, size, &mut feature, || {
            let time = last.elapsed();
            if let Some(layer) = rest.next() {
                layer.best = layer.best.min(time);
            }
            last = Instant::now();
        });
    }
    Some(Profile {
        instructions: format!("{:?}", network.isa),
        peak: peak(network.isa),
        layers,
    })
}
