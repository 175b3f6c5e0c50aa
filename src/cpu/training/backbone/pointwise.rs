//! A 1x1 convolution of a batch, forward and backward.

use std::ops::Range;

use super::grid::{Grid, TASKS, divide, ranges};
use super::kernel::{Add, Convolve, Outer};
use super::norm::Moments;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Workers, Workspace};
use crate::cpu::simd::{LANES, Lanes, numbers, planes};

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

/// Lanes of one panel of a product.
const PANEL: usize = 2;

/// Weights, `[outputs, inputs]`, as the convolution reads them.
pub(super) fn pack(weight: &[f32], outputs: usize) -> Pointwise {
    Pointwise::new(weight, &vec![0.0; outputs])
}

/// Convolves a batch of `grid`, and gives the moments of the output, `[planes, bands]`.
pub(super) fn forward(
    workers: Workers,
    weight: &Pointwise,
    grid: Grid,
    input: Input<'_>,
    out: &mut [Lanes],
) -> Vec<Moments> {
    let bands = grid.bands(grid.planes());
    let mut moments = vec![Moments::default(); weight.planes() * bands.len()];
    let parts = divide(out, grid.plane(), &bands)
        .into_iter()
        .zip(divide(&mut moments, bands.len(), &ranges(bands.len(), 1)))
        .zip(&bands);
    workers.each(
        parts.collect(),
        |((mut out, mut moments), band), scratch| {
            let (map, pitch, pixels) = match input {
                Input::Map(map) => (map, grid.plane(), band.clone()),
                Input::Made(fill) => {
                    let map = scratch.room(grid.planes() * band.len());
                    fill(band, map);
                    (&*map, band.len(), 0..band.len())
                }
            };
            let panels = out.chunks_mut(PANEL).zip(moments.chunks_mut(PANEL));
            for (panel, (out, moments)) in panels.enumerate() {
                let found = workers.run(Convolve {
                    product: weight.product(panel, map, pitch),
                    pixels: pixels.clone(),
                    out,
                });
                for (slot, found) in moments.iter_mut().zip(found) {
                    slot[0] = found;
                }
            }
        },
    );
    moments
}

/// A 1x1 convolution, backward.
pub(super) struct Backward<'a> {
    /// The shape of the input.
    pub grid: Grid,
    /// Channels of the output.
    pub outputs: usize,
    /// The gradient of the output.
    pub gradient: &'a Fill<'a>,
    /// What was read.
    pub input: Input<'a>,
    /// Where the memory comes from.
    pub workspace: &'a Workspace,
}

/// Where the gradient of an input goes.
pub(super) struct Destination<'a> {
    /// The weights, as [`Pointwise::transposed`] gives them.
    pub weight: &'a Pointwise,
    /// Another gradient of the same input, to add.
    pub other: Option<&'a [f32]>,
    /// The sum.
    pub out: &'a mut [f32],
}

impl Backward<'_> {
    /// The gradient of the weights, `[outputs, inputs]`, and that of the input where it is wanted.
    pub fn run(&self, workers: Workers, into: Option<Destination<'_>>) -> Vec<f32> {
        let Self { grid, outputs, .. } = *self;
        let (inputs, out_planes) = (grid.planes(), planes(outputs));
        let bands = grid.bands(inputs + out_planes);
        let groups = ranges(bands.len(), bands.len().div_ceil(TASKS));
        let length = out_planes * LANES * inputs;
        let mut sums = self.workspace.take(groups.len() * length);

        let plane = grid.plane() * LANES;
        let (transposed, other, out) = match into {
            Some(Destination { weight, other, out }) => (Some(weight), other, out),
            None => (None, None, &mut [][..]),
        };
        let wide: Vec<_> = bands
            .iter()
            .map(|band| band.start * LANES..band.end * LANES)
            .collect();
        let mut outs = divide(out, plane, &wide).into_iter();
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
                let (gradient, input) = memory.split_at_mut(out_planes * pixels);
                (self.gradient)(band, gradient);
                let (input, pitch) = match self.input {
                    Input::Map(map) => (&map[band.start..], grid.plane()),
                    Input::Made(fill) => {
                        fill(band, input);
                        (&*input, pixels)
                    }
                };
                workers.run(Outer {
                    gradient,
                    gradient_pitch: pixels,
                    input,
                    input_pitch: pitch,
                    inputs,
                    pixels,
                    out: sums,
                });
                let Some(weight) = transposed else { continue };
                for (panel, out) in out.chunks_mut(PANEL).enumerate() {
                    let other: Option<Vec<_>> = other.map(|other| {
                        let planes = panel * PANEL..panel * PANEL + out.len();
                        let first = band.start * LANES;
                        planes
                            .map(|index| &other[index * plane + first..][..pixels * LANES])
                            .collect()
                    });
                    workers.run(Add {
                        product: weight.product(panel, gradient, pixels),
                        other: other.as_deref(),
                        out,
                    });
                }
            }
        });
        gather(
            workers,
            &sums[..count * length],
            count,
            inputs,
            [outputs, grid.channels],
        )
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
    let each = numbers(&sums[..sums.len() / count]).len();
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
