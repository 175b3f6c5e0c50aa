//! A block, backward.

use std::ops::Range;

use super::super::excite::{Gradients, Weights, weight_gradients};
use super::super::grid::{Grid, TASKS, ranges};
use super::super::kernel::{DepthwiseGradient, Destination, Outer, Silu, Total};
use super::super::norm::{Slopes, Sums};
use super::super::pointwise::{Backward, Fill, Input, gather};
use super::{Block, Parameters, Saved};
use crate::cpu::matmul::{PANEL, Pointwise, Store};
use crate::cpu::memory::{Buffer, Lease, Workers, divide};
use crate::cpu::simd::{LANES, Lanes, arrays_mut, vectors};

/// What the projection and squeeze-excite leave.
struct Gated {
    /// The gradient of the projection's weights.
    project: Vec<f32>,
    /// Those of squeeze-excite's.
    excite: [Vec<f32>; 4],
    /// The gradient of what the depthwise convolution's norm put out, and its sums.
    gradient: Lease,
    sums: Vec<Sums>,
}

impl Block {
    /// The gradients of the input, which is not to be used where it is not wanted, and of the
    /// parameters, in the order of the inputs.
    pub(super) fn run_backward(
        &self,
        workers: Workers,
        saved: &Saved,
        given: Parameters<'_>,
        gradient: &[f32],
        wanted: bool,
    ) -> Vec<Buffer> {
        let (gradient, _) = gradient.as_chunks::<LANES>();
        let project = &saved.project;
        let sums = project.linear(workers, gradient, self.keep());
        let (slopes, gamma, beta) = project.norm.gradient(&sums);
        let fill = |band: &Range<usize>, out: &mut [Lanes]| {
            project.input_gradient(workers, (gradient, &slopes), self.keep(), band, out);
        };
        let gated = self.gated(workers, saved, given.project[0], given.excite, &fill);
        let project = [gated.project, gamma, beta];

        let (slopes, gamma, beta) = saved.depthwise.norm.gradient(&gated.sums);
        let inner = gated.gradient;
        let depthwise = move |parts| {
            let gradient = (&inner[..], &slopes);
            self.depthwise_gradient(workers, saved, given.depthwise[0], gradient, parts)
        };
        let other = self.shape.is_residual().then_some(gradient);
        let mut input = Buffer::room(self.input.vectors() * LANES);
        let pixels = self.input.pixels();
        let (depthwise, expand) = match (&saved.expand, given.expand) {
            (Some(normed), Some(layer)) => {
                let mut out = Lease::new(normed.grid.vectors());
                let parts = out.chunks_exact_mut(pixels).map(Destination::Norm);
                let (weight, sums) = depthwise(parts.collect());
                // What is not needed any more is given back before the widest maps are made.
                drop(depthwise);
                let expand = Backward {
                    normed,
                    gradient: (&out, &sums),
                    grid: self.input,
                    input: Input::Map(&saved.map),
                    weight: layer[0],
                }
                .run(workers, input.slots(wanted), other);
                (weight, Some(expand))
            }
            _ => {
                let parts = input.slots(true).chunks_exact_mut(pixels).enumerate();
                let parts = parts.map(|(index, part)| {
                    let other = other.map(|other| &other[index * pixels..][..pixels]);
                    Destination::Map(part, other)
                });
                (depthwise(parts.collect()).0, None)
            }
        };
        let parameters = expand.into_iter().flatten().chain([depthwise, gamma, beta]);
        let parameters = parameters.chain(gated.excite).chain(project);
        std::iter::once(input)
            .chain(parameters.map(Buffer::from))
            .collect()
    }

    /// From the gradient of what the projection puts out, which `fill` makes, through the gates, the
    /// means and SiLU. One image after another, so that its map is still in the cache when its gates'
    /// gradients are known.
    fn gated(
        &self,
        workers: Workers,
        saved: &Saved,
        weight: &[f32],
        excite: Weights<'_>,
        fill: &Fill<'_>,
    ) -> Gated {
        let (depthwise, output) = (&saved.depthwise, saved.project.grid);
        let narrow = depthwise.grid;
        let (batch, inputs, outputs) = (narrow.batch, narrow.planes(), output.planes());
        let share = 1.0 / narrow.pixels() as f32;
        let transposed = Pointwise::transposed(weight, output.channels);
        let bands = Grid { batch: 1, ..narrow }.bands(inputs + outputs);

        let groups = ranges(batch, batch.div_ceil(TASKS));
        let (count, length) = (groups.len(), outputs * LANES * inputs);
        let mut weights = Lease::new(count * length);
        let mut gradient = Lease::new(narrow.vectors());
        let mut sums = vec![Sums::default(); inputs * batch];
        let mut by_image = vec![Gradients::default(); batch];
        let each = ranges(narrow.plane(), narrow.pixels());
        let mut images = divide(&mut gradient, narrow.plane(), &each, 1)
            .into_iter()
            .zip(divide(&mut sums, batch, &ranges(batch, 1), 1))
            .zip(&mut by_image)
            .enumerate();
        let tasks = weights.chunks_exact_mut(length).zip(groups);
        let tasks: Vec<_> = tasks
            .map(|(weights, group)| (weights, images.by_ref().take(group.len()).collect()))
            .collect();
        workers.each(tasks, |(weights, images): (_, Vec<_>), scratch| {
            weights.fill(Lanes::default());
            let memory = scratch.room((inputs + outputs) * bands[0].len());
            for (image, ((mut out, mut sums), found)) in images {
                let start = image * narrow.pixels();
                for band in &bands {
                    let pixels = band.len();
                    let (made, input) = memory.split_at_mut(outputs * pixels);
                    let input = &mut input[..inputs * pixels];
                    let here = start + band.start..start + band.end;
                    fill(&here, made);
                    depthwise.gated(workers, &saved.excite, &here, arrays_mut(input));
                    workers.run(Outer {
                        gradient: made,
                        gradient_pitch: pixels,
                        input,
                        input_pitch: pixels,
                        inputs,
                        pixels,
                        out: weights,
                    });
                    let parts = out.iter_mut().map(|out| arrays_mut(&mut out[band.clone()]));
                    let mut parts: Vec<_> = parts.collect();
                    for (panel, out) in parts.chunks_mut(PANEL).enumerate() {
                        workers.run(Store {
                            product: transposed.product(panel, made, pixels),
                            pixels: 0..pixels,
                            other: None,
                            out,
                        });
                    }
                }
                let trace = &saved.excite[image];
                let gates = out.iter().enumerate().flat_map(|(plane, out)| {
                    let [scale, shift, _] = depthwise.constants(plane);
                    let total = workers.run(Total {
                        value: depthwise.part(plane * batch + image),
                        norm: [scale, shift],
                        weight: Some(&**out),
                    });
                    total.0
                });
                *found = excite.backward(trace, &gates.collect::<Vec<_>>());
                let means: Vec<f32> = found.mean.iter().map(|mean| mean * share).collect();
                let means = vectors(&means);
                for (plane, (out, sums)) in out.iter_mut().zip(&mut sums).enumerate() {
                    sums[0] = workers.run(Silu {
                        gradient: None,
                        linear: [trace.gate[plane], means[plane]],
                        value: depthwise.part(plane * batch + image),
                        norm: depthwise.constants(plane),
                        out,
                    });
                }
            }
        });
        let shape = [output.channels, narrow.channels];
        Gated {
            project: gather(workers, &weights, count, inputs, shape),
            excite: weight_gradients(&saved.excite, &by_image),
            gradient,
            sums,
        }
    }

    /// The gradients of the depthwise convolution: of its weights, and of its input with its sums.
    fn depthwise_gradient(
        &self,
        workers: Workers,
        saved: &Saved,
        weight: &[f32],
        (gradient, slopes): (&[Lanes], &Slopes),
        parts: Vec<Destination<'_>>,
    ) -> (Vec<f32>, Vec<Sums>) {
        let (geometry, narrow) = (self.geometry(), saved.depthwise.grid);
        let (pixels, batch) = (narrow.pixels(), narrow.batch);
        let each = geometry.kernel * geometry.kernel;
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
                geometry,
                source: self.source(&saved.map, saved.expand.as_ref(), index),
                gradient: [
                    &gradient[index * pixels..][..pixels],
                    saved.depthwise.part(index),
                ],
                slopes: slopes.of(plane),
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
        let channels =
            (0..narrow.channels).flat_map(|channel| (0..each).map(move |t| (channel, t)));
        let weight = channels.map(|(channel, tap)| total(channel, tap));
        (weight.collect(), sums)
    }
}
