//! What the parts of the network share: norms, passes over all planes and images.

use std::ops::Range;

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use super::excite::Trace;
use super::grid::{Grid, pieces};
use super::kernel::{Activate, InputGradient, Linear, Silu, Total};
use super::norm::{Moments, Norm, Slopes, Sums, statistics};
use crate::cpu::autograd::MeanAndVariance;
use crate::cpu::memory::{Buffer, Lease, Workers};
use crate::cpu::simd::{LANES, Lanes, numbers_mut};

/// What a norm normalises with.
#[derive(Clone, Debug)]
pub(super) struct NormKind {
    /// What is added to the variance.
    epsilon: f64,
    /// Mean and variance, where the norm does not take part in training.
    given: Option<MeanAndVariance>,
}

impl NormKind {
    /// Nothing if its statistics are not 32-bit floats.
    pub fn of(norm: &BatchNorm) -> Option<Self> {
        let values = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().ok();
        let given = if norm.training.is_enabled() {
            None
        } else {
            let mean = values(norm.running_mean.value())?;
            Some([mean, values(norm.running_var.value())?])
        };
        Some(Self {
            epsilon: norm.epsilon,
            given,
        })
    }

    /// The norm after a convolution that puts out `value`, and the statistics of that, whose moments
    /// are given; or the norm by its own statistics.
    pub fn after(
        &self,
        grid: Grid,
        (value, moments): (Lease, Vec<Moments>),
        parameters: [&[f32]; 2],
    ) -> (Normed, Option<MeanAndVariance>) {
        let new = |mean: &[f64], variance: &[f64], count| {
            Norm::new(parameters, self.epsilon, mean, variance, count)
        };
        let (norm, found) = match &self.given {
            Some(given) => {
                let wide = |values: &Vec<f32>| values.iter().map(|&v| v.into()).collect();
                let [mean, variance]: [Vec<f64>; 2] = given.each_ref().map(wide);
                (new(&mean, &variance, None), None)
            }
            None => {
                let (mean, variance, count) = statistics(grid.channels, &moments);
                let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
                let found = [narrow(&mean), narrow(&variance)];
                (new(&mean, &variance, Some(count)), Some(found))
            }
        };
        (Normed { grid, value, norm }, found)
    }
}

/// A convolution's output and the norm after it.
#[derive(Debug)]
pub(super) struct Normed {
    pub grid: Grid,
    pub value: Lease,
    pub norm: Norm,
}

impl Normed {
    /// The norm's scale, shift and mean of one plane.
    pub fn constants(&self, plane: usize) -> &[Lanes; 3] {
        &self.norm.planes[plane]
    }

    /// The vectors of one plane of one image.
    pub fn part(&self, index: usize) -> &[Lanes] {
        &self.value[index * self.grid.pixels()..][..self.grid.pixels()]
    }

    /// What comes after the norm: SiLU, or drop path and another map.
    pub fn finish(
        &self,
        workers: Workers,
        keep: Option<&[f32]>,
        other: Option<&[Lanes]>,
        silu: bool,
    ) -> Buffer {
        let (pixels, batch) = (self.grid.pixels(), self.grid.batch);
        let mut out = Buffer::room(self.grid.vectors() * LANES);
        let (slots, _) = out.as_chunks_mut::<LANES>();
        workers.each(
            slots.chunks_exact_mut(pixels).enumerate(),
            |(index, out), _| {
                workers.run(Activate {
                    value: self.part(index),
                    norm: self.constants(index / batch),
                    silu,
                    factor: Lanes([keep.map_or(1.0, |keep| keep[index % batch]); LANES]),
                    other: other.map(|other| &other[index * pixels..][..pixels]),
                    out,
                });
            },
        );
        out
    }

    /// The mean of every channel of every image, after SiLU.
    pub fn means(&self, workers: Workers) -> Vec<Vec<f32>> {
        let batch = self.grid.batch;
        let share = 1.0 / self.grid.pixels() as f32;
        let mut totals = vec![Lanes::default(); self.grid.planes() * batch];
        workers.each(totals.iter_mut().enumerate(), |(index, total), _| {
            *total = workers.run(Total {
                value: self.part(index),
                norm: self.constants(index / batch),
                weight: None,
            });
        });
        let mean = |image: usize| {
            let totals = totals.iter().skip(image).step_by(batch);
            let means = totals.flat_map(|total| total.0.map(|total| total * share));
            means.take(self.grid.channels).collect()
        };
        (0..batch).map(mean).collect()
    }

    /// Makes a band of what comes out of SiLU, each image times its gates.
    pub fn gated(
        &self,
        workers: Workers,
        traces: &[Trace],
        band: &Range<usize>,
        out: &mut [[f32; LANES]],
    ) {
        for (plane, out) in out.chunks_exact_mut(band.len()).enumerate() {
            let start = plane * self.grid.plane() + band.start;
            for (image, piece) in pieces(band, self.grid.pixels()) {
                workers.run(Activate {
                    value: &self.value[start + piece.start..start + piece.end],
                    norm: self.constants(plane),
                    silu: true,
                    factor: traces[image].gate[plane],
                    other: None,
                    out: &mut out[piece],
                });
            }
        }
    }

    /// The sums of a gradient that comes straight from the norm.
    pub fn linear(
        &self,
        workers: Workers,
        gradient: &[[f32; LANES]],
        keep: Option<&[f32]>,
    ) -> Vec<Sums> {
        let (pixels, batch) = (self.grid.pixels(), self.grid.batch);
        let mut sums = vec![Sums::default(); self.grid.planes() * batch];
        workers.each(sums.iter_mut().enumerate(), |(index, sums), _| {
            *sums = workers.run(Linear {
                gradient: &gradient[index * pixels..][..pixels],
                keep: keep.map_or(1.0, |keep| keep[index % batch]),
                value: self.part(index),
                mean: &self.constants(index / batch)[2],
            });
        });
        sums
    }

    /// A gradient taken back through SiLU, and its sums. `gradient` gives that of one plane of one
    /// image, or writes it to where the result goes.
    pub fn silu<'a>(
        &self,
        workers: Workers,
        gradient: impl Fn(usize, &mut [Lanes]) -> Option<&'a [[f32; LANES]]> + Sync,
    ) -> (Lease, Vec<Sums>) {
        let batch = self.grid.batch;
        let mut out = Lease::new(self.grid.vectors());
        let mut sums = vec![Sums::default(); self.grid.planes() * batch];
        let parts = out.chunks_exact_mut(self.grid.pixels());
        let tasks = sums.iter_mut().zip(parts).enumerate();
        workers.each(tasks, |(index, (sums, out)), _| {
            *sums = workers.run(Silu {
                gradient: gradient(index, out),
                linear: [1.0, 0.0].map(|number| Lanes([number; LANES])),
                value: self.part(index),
                norm: self.constants(index / batch),
                out,
            });
        });
        (out, sums)
    }

    /// Makes a band of the gradient of the convolution's output, from that of the norm's.
    pub fn input_gradient(
        &self,
        workers: Workers,
        (gradient, slopes): (&[[f32; LANES]], &Slopes),
        keep: Option<&[f32]>,
        band: &Range<usize>,
        out: &mut [Lanes],
    ) {
        for (plane, out) in out.chunks_exact_mut(band.len()).enumerate() {
            let start = plane * self.grid.plane() + band.start;
            for (image, piece) in pieces(band, self.grid.pixels()) {
                let from = start + piece.start..start + piece.end;
                workers.run(InputGradient {
                    gradient: &gradient[from.clone()],
                    keep: keep.map_or(1.0, |keep| keep[image]),
                    value: &self.value[from],
                    slopes: &slopes[plane],
                    out: &mut out[piece],
                });
            }
        }
    }
}

/// A copy of a batch of maps in memory of its own.
pub(super) fn copy(workers: Workers, map: &[f32]) -> Lease {
    const RUN: usize = 1 << 14;
    let mut out = Lease::new(map.len() / LANES);
    let parts = out.chunks_mut(RUN).zip(map.chunks(RUN * LANES));
    workers.each(parts, |(out, map), _| {
        numbers_mut(out).copy_from_slice(map);
    });
    out
}
