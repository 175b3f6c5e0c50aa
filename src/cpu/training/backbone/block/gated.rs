//! A block's projection and squeeze-excite, backward.

use super::super::excite::{Gradients, Weights, weight_gradients};
use super::super::grid::{Grid, TASKS};
use super::super::kernel::{Silu, Total};
use super::super::norm::Sums;
use super::super::pointwise::{Band, Fill, gather};
use super::Saved;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Lease, Workers, divide, ranges};
use crate::cpu::simd::{LANES, Lanes, arrays_mut, vectors};

/// What the projection and squeeze-excite leave.
pub(super) struct Gated {
    /// The gradient of the projection's weights.
    pub project: Vec<f32>,
    /// Those of squeeze-excite's.
    pub excite: [Vec<f32>; 4],
    /// The gradient of what the depthwise convolution's norm put out, and its sums.
    pub gradient: Lease,
    pub sums: Vec<Sums>,
}

impl Saved {
    /// From the gradient of what the projection puts out, which `fill` makes, through the gates, the
    /// means and SiLU. One image after another, so that its map is still in the cache when its gates'
    /// gradients are known.
    pub(super) fn gated(
        &self,
        workers: Workers,
        weight: &[f32],
        excite: Weights<'_>,
        fill: &Fill<'_>,
    ) -> Gated {
        let (depthwise, output) = (&self.depthwise, self.project.grid);
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
        let tasks =
            tasks.map(|(weights, group)| (weights, images.by_ref().take(group.len()).collect()));
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
                    depthwise.gated(workers, &self.excite, &here, arrays_mut(input));
                    let parts = out.iter_mut().map(|out| arrays_mut(&mut out[band.clone()]));
                    Band {
                        pixels,
                        gradient: made,
                        input,
                        input_pitch: pixels,
                        transposed: &transposed,
                    }
                    .run(workers, weights, parts.collect(), |_| None);
                }
                let trace = &self.excite[image];
                let gates = out.iter().enumerate().flat_map(|(plane, out)| {
                    let total = workers.run(Total {
                        value: depthwise.part(plane * batch + image),
                        norm: depthwise.constants(plane),
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
            excite: weight_gradients(&self.excite, &by_image),
            gradient,
            sums,
        }
    }
}
