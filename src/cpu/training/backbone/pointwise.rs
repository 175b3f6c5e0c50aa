//! A 1x1 convolution of a batch, forward and backward.

use std::ops::Range;

use super::grid::{Grid, TASKS, ranges};
use super::kernel::{Convolve, Outer};
use super::layer::Normed;
use super::norm::{Moments, Sums};
use crate::cpu::matmul::{PANEL, Pointwise, Store};
use crate::cpu::memory::{Lease, Workers, divide};
use crate::cpu::simd::{LANES, Lanes, arrays, numbers};

/// Makes the planes of a band, one after another.
pub(super) type Fill<'a> = dyn Fn(&Range<usize>, &mut [Lanes]) + Sync + 'a;

/// What a convolution reads.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// A batch of maps.
    Map(&'a [Lanes]),
    /// A batch of maps that is made where it is read.
    Made(&'a Fill<'a>),
}

impl Input<'_> {
    /// A band of the input, made in `room` where need be, and the vectors from one plane to the next.
    fn band<'a>(
        &'a self,
        grid: Grid,
        band: &Range<usize>,
        room: &'a mut [Lanes],
    ) -> (&'a [Lanes], usize) {
        match self {
            Input::Map(map) => (&map[band.start..], grid.plane()),
            Input::Made(fill) => {
                fill(band, room);
                (room, band.len())
            }
        }
    }
}

/// Convolves a batch of `grid` with weights `[outputs, inputs]`: the output, and its moments,
/// `[planes, bands]`.
pub(super) fn forward(
    workers: Workers,
    weight: &[f32],
    grid: Grid,
    outputs: usize,
    input: Input<'_>,
) -> (Lease, Vec<Moments>) {
    let weight = Pointwise::new(weight, &vec![0.0; outputs]);
    let mut out = Lease::new(grid.with_channels(outputs).vectors());
    let bands = grid.bands(grid.planes());
    let mut moments = vec![Moments::default(); weight.planes() * bands.len()];
    let parts = divide(&mut out, grid.plane(), &bands, 1)
        .into_iter()
        .zip(divide(
            &mut moments,
            bands.len(),
            &ranges(bands.len(), 1),
            1,
        ))
        .zip(&bands);
    workers.each(
        parts.collect(),
        |((mut out, mut moments), band), scratch| {
            let room = scratch.room(grid.planes() * band.len());
            let (map, pitch) = input.band(grid, band, room);
            let panels = out.chunks_mut(PANEL).zip(moments.chunks_mut(PANEL));
            for (panel, (out, moments)) in panels.enumerate() {
                let found = workers.run(Convolve {
                    product: weight.product(panel, map, pitch),
                    pixels: 0..band.len(),
                    out,
                });
                for (slot, found) in moments.iter_mut().zip(found) {
                    slot[0] = found;
                }
            }
        },
    );
    (out, moments)
}

/// A 1x1 convolution and the norm after it, backward.
pub(super) struct Backward<'a> {
    /// What the convolution put out.
    pub normed: &'a Normed,
    /// The gradient of what the norm put out, and its sums.
    pub gradient: (&'a [Lanes], &'a [Sums]),
    /// The shape of the input.
    pub grid: Grid,
    /// What was read.
    pub input: Input<'a>,
    /// `[outputs, inputs]`.
    pub weight: &'a [f32],
}

impl Backward<'_> {
    /// The gradients of the weights, of gamma and of beta. That of the input goes to `into`, if that
    /// is not empty, where `other` is added to it.
    pub fn run(
        &self,
        workers: Workers,
        into: &mut [[f32; LANES]],
        other: Option<&[[f32; LANES]]>,
    ) -> [Vec<f32>; 3] {
        let Self { grid, normed, .. } = *self;
        let outputs = normed.grid.channels;
        let (inputs, out_planes) = (grid.planes(), normed.grid.planes());
        let (slopes, gamma, beta) = normed.norm.gradient(self.gradient.1);
        let gradient = (arrays(self.gradient.0), &slopes);
        let bands = grid.bands(inputs + out_planes);
        let groups = ranges(bands.len(), bands.len().div_ceil(TASKS));
        let length = out_planes * LANES * inputs;
        let mut sums = Lease::new(groups.len() * length);

        let transposed = Pointwise::transposed(self.weight, outputs);
        let mut outs = divide(into, grid.plane(), &bands, 1).into_iter();
        let tasks: Vec<_> = sums
            .chunks_exact_mut(length)
            .zip(groups)
            .map(|(sums, group)| {
                let outs: Vec<_> = outs.by_ref().take(group.len()).collect();
                (sums, &bands[group], outs)
            })
            .collect();
        let count = tasks.len();
        workers.each(tasks, |(sums, bands, outs), scratch| {
            sums.fill(Lanes::default());
            for (band, mut out) in bands.iter().zip(outs) {
                let pixels = band.len();
                let memory = scratch.room((out_planes + inputs) * pixels);
                let (made, room) = memory.split_at_mut(out_planes * pixels);
                normed.input_gradient(workers, gradient, None, band, made);
                let (input, input_pitch) = self.input.band(grid, band, room);
                workers.run(Outer {
                    gradient: made,
                    gradient_pitch: pixels,
                    input,
                    input_pitch,
                    inputs,
                    pixels,
                    out: sums,
                });
                for (panel, out) in out.chunks_mut(PANEL).enumerate() {
                    let last = panel * PANEL + out.len() - 1;
                    let part = |vector: usize| {
                        let plane = (panel * PANEL + vector).min(last) * grid.plane();
                        plane + band.start..plane + band.end
                    };
                    workers.run(Store {
                        product: transposed.product(panel, made, pixels),
                        pixels: 0..pixels,
                        other: other.map(|other| [&other[part(0)], &other[part(1)]]),
                        out,
                    });
                }
            }
        });
        let weight = gather(workers, &sums, count, inputs, [outputs, grid.channels]);
        [weight, gamma, beta]
    }
}

/// The sum of `count` arrays of `[output planes * 16, pitch]` vectors, as `[outputs, inputs]`.
pub(super) fn gather(
    workers: Workers,
    sums: &[Lanes],
    count: usize,
    pitch: usize,
    [outputs, inputs]: [usize; 2],
) -> Vec<f32> {
    const ROWS: usize = 16;
    let each = sums.len() / count * LANES;
    let sums = numbers(sums);
    let mut total = vec![0.0; outputs * inputs];
    let tasks: Vec<_> = total.chunks_mut(ROWS * inputs).enumerate().collect();
    workers.each(tasks, |(task, total), _| {
        for (row, total) in total.chunks_exact_mut(inputs).enumerate() {
            let start = (task * ROWS + row) * pitch * LANES;
            for part in sums.chunks_exact(each) {
                for (total, value) in total.iter_mut().zip(&part[start..]) {
                    *total += value;
                }
            }
        }
    });
    total
}
