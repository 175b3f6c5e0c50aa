//! A block, forward.

use std::ops::Range;

use super::super::grid::{Grid, pieces};
use super::super::kernel::{Activate, Depthwise, Mean};
use super::super::layer::{Normed, copy};
use super::super::norm::Moments;
use super::super::pointwise::{self, Input};
use super::{Block, Parameters, Saved};
use crate::cpu::memory::{Array, Buffer, Workers};
use crate::cpu::simd::{Lanes, vectors};

impl Block {
    /// The output, and what backward needs.
    pub(super) fn run_forward(
        &self,
        workers: Workers,
        map: &Array,
        parameters: Vec<Array>,
    ) -> (Buffer, Saved) {
        let given = Parameters::of(&parameters);
        let map = copy(workers, &self.workspace, map.values());
        let (wide, narrow, output) = (self.wide(), self.narrow(), self.output());
        let mut norms = self.norms.iter();
        let mut found = Vec::new();
        let mut normed = |value, [_, gamma, beta]: [&[f32]; 3], moments: &[Moments]| {
            let kind = norms.next().expect("a norm for every convolution");
            let (norm, statistics) = kind.norm([gamma, beta], moments);
            found.push(statistics);
            Normed { value, norm }
        };

        let expand = given.expand.map(|layer| {
            let mut value = self.workspace.take(wide.vectors());
            let weight = pointwise::pack(layer[0], self.inner);
            let moments =
                pointwise::forward(workers, &weight, self.input, Input::Map(&map), &mut value);
            normed(value, layer, &moments)
        });

        let mut value = self.workspace.take(narrow.vectors());
        let taps = self.taps(given.depthwise[0]);
        let moments = self.depthwise(workers, &map, expand.as_ref(), &taps, &mut value);
        let depthwise = normed(value, given.depthwise, &moments);

        let means = self.means(workers, &depthwise);
        let mut excite: Vec<_> = means.into_iter().map(|mean| (mean, None)).collect();
        workers.each(excite.iter_mut().collect(), |(mean, trace), _| {
            *trace = Some(given.excite.forward(std::mem::take(mean)));
        });
        let excite: Vec<_> = excite.into_iter().filter_map(|(_, trace)| trace).collect();

        let gates: Vec<_> = excite.iter().map(|trace| vectors(&trace.gate)).collect();
        let fill = |band: &Range<usize>, out: &mut [Lanes]| {
            activate(workers, narrow, &depthwise, Some(&gates), band, out);
        };
        let mut value = self.workspace.take(output.vectors());
        let weight = pointwise::pack(given.project[0], self.outputs);
        let moments = pointwise::forward(workers, &weight, narrow, Input::Made(&fill), &mut value);
        let project = normed(value, given.project, &moments);

        let other = self.residual.then_some(&map[..]);
        let out = project.finish(workers, output, self.keep(), other, false);
        self.statistics.set(found);
        let saved = Saved {
            parameters,
            map,
            expand,
            depthwise,
            excite,
            project,
        };
        (out, saved)
    }

    fn depthwise(
        &self,
        workers: Workers,
        map: &[Lanes],
        expand: Option<&Normed>,
        taps: &[Lanes],
        out: &mut [Lanes],
    ) -> Vec<Moments> {
        let narrow = self.narrow();
        let each = self.window.kernel * self.window.kernel;
        let mut moments = vec![Moments::default(); narrow.planes() * narrow.batch];
        let parts = out.chunks_exact_mut(narrow.pixels());
        let tasks: Vec<_> = moments.iter_mut().zip(parts).enumerate().collect();
        workers.each(tasks, |(index, (moments, out)), scratch| {
            *moments = workers.run(Depthwise {
                window: self.window,
                origin: self.origin(map, expand, index),
                weight: &taps[index / narrow.batch * each..][..each],
                scratch,
                out,
            });
        });
        moments
    }

    /// The mean of every channel of every image, after SiLU.
    fn means(&self, workers: Workers, depthwise: &Normed) -> Vec<Vec<f32>> {
        let narrow = self.narrow();
        let mut means = vec![Lanes::default(); narrow.planes() * narrow.batch];
        workers.each(
            means.iter_mut().enumerate().collect(),
            |(index, mean), _| {
                let [scale, shift, _] = depthwise.constants(index / narrow.batch);
                *mean = workers.run(Mean {
                    value: depthwise.part(narrow, index),
                    norm: [scale, shift],
                });
            },
        );
        (0..narrow.batch)
            .map(|image| {
                let planes = means.iter().skip(image).step_by(narrow.batch);
                let mut mean: Vec<f32> = planes.flat_map(|vector| vector.0).collect();
                mean.truncate(self.inner);
                mean
            })
            .collect()
    }
}

/// Makes a band of what comes out of a norm and SiLU, each image times its gates.
pub(super) fn activate(
    workers: Workers,
    grid: Grid,
    normed: &Normed,
    gates: Option<&[Vec<Lanes>]>,
    band: &Range<usize>,
    out: &mut [Lanes],
) {
    for (plane, out) in out.chunks_exact_mut(band.len()).enumerate() {
        let [scale, shift, _] = normed.constants(plane);
        let start = plane * grid.plane() + band.start;
        for (image, piece) in pieces(band, grid.pixels()) {
            workers.run(Activate {
                value: &normed.value[start + piece.start..start + piece.end],
                norm: [scale, shift],
                factor: gates.map(|gates| &gates[image][plane]),
                out: &mut out[piece],
            });
        }
    }
}
