//! A block, backward.

use std::ops::Range;

use super::super::grid::{Grid, TASKS, divide, pieces, ranges, rows};
use super::super::kernel::{self, DepthwiseGradient, Excite, Gate, Outer};
use super::super::layer::Slope;
use super::super::norm::{Slopes, Sums};
use super::super::pointwise::{self, Backward, Destination, Fill, Input};
use super::forward::activate;
use super::{Block, Parameters, Saved};
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Buffer, Lease, Workers};
use crate::cpu::simd::{LANES, Lanes, numbers, vectors};

impl Block {
    /// The gradient of the input, which is not to be used where it is not wanted, and those of the parameters, in the
    /// order of the operation's inputs.
    pub(super) fn run_backward(
        &self,
        workers: Workers,
        saved: &Saved,
        gradient: &[f32],
        wanted: bool,
    ) -> Vec<Buffer> {
        let given = Parameters::of(&saved.parameters);
        let output = self.output();

        // The projection's norm.
        let sums = saved.project.linear(workers, output, gradient, self.keep());
        let (slopes, gamma, beta) = saved.project.norm.gradient(&sums);
        let slope = Slope {
            gradient,
            keep: self.keep(),
            slopes: &slopes,
        };
        let fill = |band: &Range<usize>, out: &mut [Lanes]| {
            saved
                .project
                .input_gradient(workers, output, slope, band, out);
        };
        // The projection and the gates.
        let (weight, gates) = self.gates(workers, saved, given.project[0], &fill);
        let project = [weight, gamma, beta];
        let (means, excite) = given.excite.backward(workers, &saved.excite, &gates);

        // Through the gates, the means and SiLU to the depthwise convolution's norm.
        let (inner, sums) = self.excited(workers, saved, given.project[0], &fill, &means);
        let (slopes, gamma, beta) = saved.depthwise.norm.gradient(&sums);

        let other = self.residual.then_some(gradient);
        let mut input = Buffer::room(self.input.vectors() * LANES);
        let (depthwise, expand) = match (&saved.expand, given.expand) {
            (Some(normed), Some(layer)) => {
                let wide = self.wide();
                let mut out = self.workspace.take(wide.vectors());
                let parts: Vec<_> = out
                    .chunks_exact_mut(wide.pixels())
                    .map(kernel::Destination::Norm)
                    .collect();
                let (weight, sums) = self.depthwise_gradient(
                    workers,
                    saved,
                    given.depthwise[0],
                    (&inner, &slopes),
                    parts,
                );
                let depthwise = [weight, gamma, beta];
                drop(inner);
                let (slopes, gamma, beta) = normed.norm.gradient(&sums);
                let transposed = Pointwise::transposed(layer[0], self.inner);
                let slope = Slope {
                    gradient: numbers(&out),
                    keep: None,
                    slopes: &slopes,
                };
                let into = wanted.then(|| Destination {
                    weight: &transposed,
                    other,
                    out: &mut input,
                });
                let weight = Backward {
                    grid: self.input,
                    outputs: self.inner,
                    gradient: &|band: &Range<usize>, made: &mut [Lanes]| {
                        normed.input_gradient(workers, wide, slope, band, made);
                    },
                    input: Input::Map(&saved.map),
                    workspace: &self.workspace,
                }
                .run(workers, into);
                (depthwise, Some([weight, gamma, beta]))
            }
            _ => {
                let each = self.input.pixels() * LANES;
                let parts = input.chunks_exact_mut(each).enumerate();
                let parts: Vec<_> = parts
                    .map(|(index, part)| {
                        let other = other.map(|other| &other[index * each..][..each]);
                        kernel::Destination::Map(part, other)
                    })
                    .collect();
                let (weight, _) = self.depthwise_gradient(
                    workers,
                    saved,
                    given.depthwise[0],
                    (&inner, &slopes),
                    parts,
                );
                ([weight, gamma, beta], None)
            }
        };
        let parameters = expand.into_iter().flatten().chain(depthwise);
        let parameters = parameters.chain(excite).chain(project).map(Buffer::from);
        std::iter::once(input).chain(parameters).collect()
    }

    /// The gradient of the projection's weights, and that of every image's gates.
    fn gates(
        &self,
        workers: Workers,
        saved: &Saved,
        weight: &[f32],
        fill: &Fill<'_>,
    ) -> (Vec<f32>, Vec<Vec<f32>>) {
        let (narrow, output) = (self.narrow(), self.output());
        let (planes, out_planes) = (narrow.planes(), output.planes());
        let length = out_planes * LANES * planes;
        let mut weight = rows(weight, self.inner);
        weight.resize(length, Lanes::default());
        let bands = Grid { batch: 1, ..narrow }.bands(planes + out_planes);

        let groups = ranges(narrow.batch, narrow.batch.div_ceil(TASKS));
        let count = groups.len();
        let mut sums = self.workspace.take(count * length);
        let mut gates = vec![Vec::new(); narrow.batch];
        let mut rest = &mut gates[..];
        let mut tasks = Vec::with_capacity(count);
        for (sums, group) in sums.chunks_exact_mut(length).zip(groups) {
            let (gates, after) = std::mem::take(&mut rest).split_at_mut(group.len());
            tasks.push((sums, gates, group));
            rest = after;
        }
        workers.each(tasks, |(sums, gates, group), scratch| {
            sums.fill(Lanes::default());
            for (image, out) in group.zip(gates) {
                let longest = bands[0].len();
                let memory = scratch.room(length + (planes + out_planes) * longest + planes);
                let (outer, memory) = memory.split_at_mut(length);
                let (slopes, memory) = memory.split_at_mut(planes);
                outer.fill(Lanes::default());
                for band in &bands {
                    let pixels = band.len();
                    let (gradient, input) = memory.split_at_mut(out_planes * pixels);
                    let start = image * narrow.pixels();
                    let band = start + band.start..start + band.end;
                    fill(&band, gradient);
                    let input = &mut input[..planes * pixels];
                    activate(workers, narrow, &saved.depthwise, None, &band, input);
                    workers.run(Outer {
                        gradient,
                        gradient_pitch: pixels,
                        input,
                        input_pitch: pixels,
                        inputs: planes,
                        pixels,
                        out: outer,
                    });
                }
                workers.run(Gate {
                    outer,
                    weight: &weight,
                    gate: &vectors(&saved.excite[image].gate),
                    sum: sums,
                    out: slopes,
                });
                *out = numbers(slopes)[..self.inner].to_vec();
            }
        });
        let shape = [self.outputs, self.inner];
        (
            pointwise::gather(workers, &sums, count, planes, shape),
            gates,
        )
    }

    /// The gradient of what the depthwise convolution's norm puts out, and its sums.
    fn excited(
        &self,
        workers: Workers,
        saved: &Saved,
        weight: &[f32],
        fill: &Fill<'_>,
        means: &[Vec<f32>],
    ) -> (Lease, Vec<Sums>) {
        let (narrow, output) = (self.narrow(), self.output());
        let planes = narrow.planes();
        let transposed = Pointwise::transposed(weight, self.outputs);
        let gates: Vec<Lanes> = saved.excite.iter().flat_map(|t| vectors(&t.gate)).collect();
        let share = 1.0 / narrow.pixels() as f32;
        let slopes: Vec<Lanes> = means
            .iter()
            .flat_map(|mean| vectors(&mean.iter().map(|slope| slope * share).collect::<Vec<_>>()))
            .collect();

        let bands = output.bands(output.planes());
        let mut out = self.workspace.take(narrow.vectors());
        let mut sums = vec![Sums::default(); planes * bands.len()];
        let parts = divide(&mut out, narrow.plane(), &bands)
            .into_iter()
            .zip(divide(&mut sums, bands.len(), &ranges(bands.len(), 1)))
            .zip(&bands);
        workers.each(parts.collect(), |((mut out, mut sums), band), scratch| {
            let gradient = scratch.room(output.planes() * band.len());
            fill(band, gradient);
            let pieces: Vec<_> = pieces(band, narrow.pixels()).collect();
            let panels = out.chunks_mut(2).zip(sums.chunks_mut(2));
            for (panel, (out, sums)) in panels.enumerate() {
                let plane = panel * 2;
                let norm = &saved.depthwise.norm;
                let value = |plane: usize| {
                    let start = plane.min(planes - 1) * narrow.plane();
                    &saved.depthwise.value[start + band.start..start + band.end]
                };
                let found = workers.run(Excite {
                    product: transposed.product(panel, gradient, band.len()),
                    pieces: &pieces,
                    factors: [&gates, &slopes],
                    planes: [planes, plane],
                    norm: [
                        &norm.scale[plane..],
                        &norm.shift[plane..],
                        &norm.mean[plane..],
                    ],
                    value: [value(plane), value(plane + 1)],
                    out,
                });
                for (slot, found) in sums.iter_mut().zip(found) {
                    slot[0] = found;
                }
            }
        });
        (out, sums)
    }

    /// The gradients of the depthwise convolution: of its weights, and of its input with its sums.
    fn depthwise_gradient(
        &self,
        workers: Workers,
        saved: &Saved,
        weight: &[f32],
        (gradient, slopes): (&[Lanes], &Slopes),
        parts: Vec<kernel::Destination<'_>>,
    ) -> (Vec<f32>, Vec<Sums>) {
        let narrow = self.narrow();
        let (pixels, batch) = (narrow.pixels(), narrow.batch);
        let each = self.window.kernel * self.window.kernel;
        let mut taps = self.taps(weight);
        taps.chunks_exact_mut(each).for_each(<[Lanes]>::reverse);
        let mut sums = vec![Sums::default(); parts.len()];
        let mut weights = vec![Lanes::default(); parts.len() * each];
        let tasks: Vec<_> = parts
            .into_iter()
            .zip(&mut sums)
            .zip(weights.chunks_exact_mut(each))
            .enumerate()
            .collect();
        workers.each(tasks, |(index, ((out, sums), weight_gradient)), scratch| {
            let plane = index / batch;
            *sums = workers.run(DepthwiseGradient {
                window: self.window,
                origin: self.origin(&saved.map, saved.expand.as_ref(), index),
                gradient: [
                    &gradient[index * pixels..][..pixels],
                    saved.depthwise.part(narrow, index),
                ],
                slopes: [
                    &slopes.gradient[plane],
                    &slopes.value[plane],
                    &slopes.constant[plane],
                ],
                weight: &taps[plane * each..][..each],
                scratch,
                weight_gradient,
                out,
            });
        });
        let total = |channel: usize, tap: usize| -> f32 {
            let (plane, lane) = (channel / LANES, channel % LANES);
            (0..batch)
                .map(|image| weights[(plane * batch + image) * each + tap].0[lane])
                .sum()
        };
        let weight = (0..self.inner)
            .flat_map(|channel| (0..each).map(move |tap| (channel, tap)))
            .map(|(channel, tap)| total(channel, tap))
            .collect();
        (weight, sums)
    }
}
