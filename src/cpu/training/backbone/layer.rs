//! What the parts of the network share on their way: norms, passes over all planes and images.

use std::ops::Range;

use super::super::statistics as running;
use super::grid::{Grid, pieces};
use super::kernel::{Finish, InputGradient, Linear, Silu};
use super::norm::{Moments, Norm, Slopes, Sums, statistics};
use crate::cpu::memory::{Buffer, Lease, Workers, Workspace};
use crate::cpu::simd::{LANES, Lanes, numbers_mut};

/// What a norm normalises with.
#[derive(Clone, Debug)]
pub(super) struct NormKind {
    /// What is added to the variance.
    pub epsilon: f64,
    /// Mean and variance, where the norm does not take part in training.
    pub given: Option<running::Moments>,
}

impl NormKind {
    /// The norm by the statistics of the values whose moments are given, and these statistics; or by
    /// the norm's own.
    pub fn norm(
        &self,
        [gamma, beta]: [&[f32]; 2],
        moments: &[Moments],
    ) -> (Norm, Option<running::Moments>) {
        let parameters = [gamma, beta];
        if let Some([mean, variance]) = &self.given {
            let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&v| v.into()).collect() };
            let (mean, variance) = (wide(mean), wide(variance));
            return (
                Norm::new(parameters, self.epsilon, &mean, &variance, None),
                None,
            );
        }
        let (mean, variance, count) = statistics(gamma.len(), moments);
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
        let found = [narrow(&mean), narrow(&variance)];
        let norm = Norm::new(parameters, self.epsilon, &mean, &variance, Some(count));
        (norm, Some(found))
    }
}

/// The gradient of a norm's output, and what takes it to the norm's input.
#[derive(Clone, Copy)]
pub(super) struct Slope<'a> {
    /// The gradient of every value of a batch.
    pub gradient: &'a [f32],
    /// What drop path keeps of each image; nothing where it keeps all.
    pub keep: Option<&'a [f32]>,
    /// The slopes.
    pub slopes: &'a Slopes,
}

/// A convolution's output and the norm after it.
#[derive(Debug)]
pub(super) struct Normed {
    pub value: Lease,
    pub norm: Norm,
}

impl Normed {
    /// The norm's scale, shift and mean of one plane.
    pub fn constants(&self, plane: usize) -> [&Lanes; 3] {
        let norm = &self.norm;
        [&norm.scale[plane], &norm.shift[plane], &norm.mean[plane]]
    }

    /// The vectors of one plane of one image.
    pub fn part(&self, grid: Grid, index: usize) -> &[Lanes] {
        &self.value[index * grid.pixels()..][..grid.pixels()]
    }

    /// What comes after the norm: SiLU, or drop path and another map.
    pub fn finish(
        &self,
        workers: Workers,
        grid: Grid,
        keep: Option<&[f32]>,
        other: Option<&[Lanes]>,
        silu: bool,
    ) -> Buffer {
        let pixels = grid.pixels();
        let mut out = Buffer::room(grid.vectors() * LANES);
        let tasks: Vec<_> = out.chunks_exact_mut(pixels * LANES).enumerate().collect();
        workers.each(tasks, |(index, out), _| {
            let [scale, shift, _] = self.constants(index / grid.batch);
            workers.run(Finish {
                value: self.part(grid, index),
                norm: [scale, shift],
                silu,
                keep: keep.map_or(1.0, |keep| keep[index % grid.batch]),
                other: other.map(|other| &other[index * pixels..][..pixels]),
                out,
            });
        });
        out
    }

    /// The sums of a gradient that comes straight from the norm.
    pub fn linear(
        &self,
        workers: Workers,
        grid: Grid,
        gradient: &[f32],
        keep: Option<&[f32]>,
    ) -> Vec<Sums> {
        let each = grid.pixels() * LANES;
        let mut sums = vec![Sums::default(); grid.planes() * grid.batch];
        workers.each(sums.iter_mut().enumerate().collect(), |(index, sums), _| {
            *sums = workers.run(Linear {
                gradient: &gradient[index * each..][..each],
                keep: keep.map_or(1.0, |keep| keep[index % grid.batch]),
                value: self.part(grid, index),
                mean: self.constants(index / grid.batch)[2],
            });
        });
        sums
    }

    /// A gradient taken back through SiLU, given by plane and image, and its sums.
    pub fn silu<'a>(
        &self,
        workers: Workers,
        workspace: &Workspace,
        grid: Grid,
        gradient: impl Fn(usize) -> Result<&'a [f32], &'a Lanes> + Sync,
    ) -> (Lease, Vec<Sums>) {
        let mut out = workspace.take(grid.vectors());
        let mut sums = vec![Sums::default(); grid.planes() * grid.batch];
        let parts = out.chunks_exact_mut(grid.pixels());
        let tasks: Vec<_> = sums.iter_mut().zip(parts).enumerate().collect();
        workers.each(tasks, |(index, (sums, out)), _| {
            *sums = workers.run(Silu {
                gradient: gradient(index),
                value: self.part(grid, index),
                norm: self.constants(index / grid.batch),
                out,
            });
        });
        (out, sums)
    }

    /// Makes a band of the gradient of the convolution's output.
    pub fn input_gradient(
        &self,
        workers: Workers,
        grid: Grid,
        slope: Slope<'_>,
        band: &Range<usize>,
        out: &mut [Lanes],
    ) {
        let Slope {
            gradient,
            keep,
            slopes,
        } = slope;
        for (plane, out) in out.chunks_exact_mut(band.len()).enumerate() {
            let start = plane * grid.plane() + band.start;
            for (image, piece) in pieces(band, grid.pixels()) {
                let from = start + piece.start..start + piece.end;
                workers.run(InputGradient {
                    gradient: &gradient[from.start * LANES..from.end * LANES],
                    keep: keep.map_or(1.0, |keep| keep[image]),
                    value: &self.value[from],
                    slopes: [
                        &slopes.gradient[plane],
                        &slopes.value[plane],
                        &slopes.constant[plane],
                    ],
                    out: &mut out[piece],
                });
            }
        }
    }
}

/// A copy of a batch of maps in memory of its own.
pub(super) fn copy(workers: Workers, workspace: &Workspace, map: &[f32]) -> Lease {
    const RUN: usize = 1 << 14;
    let mut out = workspace.take(map.len() / LANES);
    let parts = out.chunks_mut(RUN).zip(map.chunks(RUN * LANES));
    workers.each(parts.collect(), |(out, map), _| {
        numbers_mut(out).copy_from_slice(map);
    });
    out
}
