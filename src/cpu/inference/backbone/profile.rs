//! How long each layer takes.

use std::time::{Duration, Instant};

use super::compile::compile;
use crate::cpu::profile::Profile;
use crate::cpu::simd::{Isa, Kernel, LANES, Vector};
use crate::cpu::view::Backbone;

/// A chain of products for every register: all the arithmetic that there is.
struct Peak(usize);

impl Kernel for Peak {
    type Output = [f32; LANES];

    #[inline(always)]
    fn run<V: Vector>(self, zero: V) -> [f32; LANES] {
        let (factor, term) = (zero.splat(0.999), zero.splat(0.001));
        let mut sums = std::hint::black_box([0.1; 12]).map(|start| zero.splat(start));
        for _ in 0..self.0 {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, term);
            }
        }
        sums.into_iter().fold(zero, V::add).array()
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

/// The time of every part of `network` on one image of a height and a width, on the calling thread;
/// nothing if the network has a layer that no kernel knows.
pub(crate) fn profile(network: &Backbone<'_>, size: [usize; 2], runs: usize) -> Option<Profile> {
    let network = compile(network, Isa::best())?;
    let image = 0..3 * size[0] * size[1];
    let image: Vec<f32> = image.map(|i| (i as f32 * 0.37).sin()).collect();
    let mut feature = vec![0.0; network.head.outputs];
    let mut times = Vec::new();
    for _ in 0..runs {
        let (mut part, mut last) = (0, Instant::now());
        network.run(1, &image, size, &mut feature, || {
            times.resize(times.len().max(part + 1), Duration::MAX);
            times[part] = last.elapsed().min(times[part]);
            (part, last) = (part + 1, Instant::now());
        });
    }
    Some(Profile {
        instructions: format!("{:?}", network.isa),
        peak: peak(network.isa),
        times,
    })
}
