//! A 1x1 convolution of a batch, forward and backward.

use std::ops::Range;

use super::grid::{Grid, TASKS};
use super::kernel::{Convolve, Outer};
use super::layer::{NormKind, Normed};
use super::norm::{Moments, Sums};
use crate::cpu::autograd::MeanAndVariance;
use crate::cpu::matmul::{PANEL, Pointwise, Store};
use crate::cpu::memory::{Lease, Workers, divide, ranges};
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

/// Convolves a batch of one shape with weights `[outputs, inputs]`, and normalises the other one that
/// comes out with gamma and beta; as [`NormKind::after`].
pub(super) fn forward(
    workers: Workers,
    norm: &NormKind,
    [weight, gamma, beta]: [&[f32]; 3],
    [grid, output]: [Grid; 2],
    input: Input<'_>,
) -> (Normed, Option<MeanAndVariance>) {
    let weight = Pointwise::new(weight, &vec![0.0; output.channels]);
    let mut out = Lease::new(output.vectors());
    let bands = grid.bands(grid.planes());
    // `[planes, bands]`.
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
    workers.each(parts, |((mut out, mut moments), band), scratch| {
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
    });
    norm.after(output, (out, moments), [gamma, beta])
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
        let count = groups.len();
        let tasks = sums.chunks_exact_mut(length).zip(groups);
        let tasks = tasks.map(|(sums, group)| {
            let outs: Vec<_> = outs.by_ref().take(group.len()).collect();
            (sums, &bands[group], outs)
        });
        workers.each(tasks, |(sums, bands, outs), scratch| {
            sums.fill(Lanes::default());
            for (band, out) in bands.iter().zip(outs) {
                let pixels = band.len();
                let memory = scratch.room((out_planes + inputs) * pixels);
                let (made, room) = memory.split_at_mut(out_planes * pixels);
                normed.input_gradient(workers, gradient, None, band, made);
                let (input, input_pitch) = self.input.band(grid, band, room);
                Band {
                    pixels,
                    gradient: made,
                    input,
                    input_pitch,
                    transposed: &transposed,
                }
                .run(workers, sums, out, |plane| {
                    Some(&other?[plane * grid.plane()..][band.clone()])
                });
            }
        });
        let weight = gather(workers, &sums, count, inputs, [outputs, grid.channels]);
        [weight, gamma, beta]
    }
}

/// One band of a 1x1 convolution, backward.
pub(super) struct Band<'a> {
    /// How many pixels of each plane.
    pub pixels: usize,
    /// The gradient of the output, plane after plane.
    pub gradient: &'a [Lanes],
    /// The input, plane after plane.
    pub input: &'a [Lanes],
    /// Lanes from one of its planes to the next.
    pub input_pitch: usize,
    /// From the output to the input.
    pub transposed: &'a Pointwise,
}

impl<'a> Band<'a> {
    /// Adds the gradient of the weights to `sums`. That of the input goes to the planes of `into`, if
    /// there are any, and what `other` gives of a plane is added to it.
    pub fn run(
        &self,
        workers: Workers,
        sums: &mut [Lanes],
        mut into: Vec<&mut [[f32; LANES]]>,
        other: impl Fn(usize) -> Option<&'a [[f32; LANES]]>,
    ) {
        workers.run(Outer {
            gradient: self.gradient,
            input: self.input,
            input_pitch: self.input_pitch,
            inputs: self.transposed.planes(),
            pixels: self.pixels,
            out: sums,
        });
        for (panel, out) in into.chunks_mut(PANEL).enumerate() {
            let (first, last) = (panel * PANEL, panel * PANEL + out.len() - 1);
            workers.run(Store {
                product: self.transposed.product(panel, self.gradient, self.pixels),
                pixels: 0..self.pixels,
                other: other(first).zip(other(last)).map(<[_; 2]>::from),
                out,
            });
        }
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
    workers.each(
        total.chunks_mut(ROWS * inputs).enumerate(),
        |(task, total), _| {
            for (row, total) in total.chunks_exact_mut(inputs).enumerate() {
                let start = (task * ROWS + row) * pitch * LANES;
                for part in sums.chunks_exact(each) {
                    for (total, value) in total.iter_mut().zip(&part[start..]) {
                        *total += value;
                    }
                }
            }
        },
    );
    total
}
