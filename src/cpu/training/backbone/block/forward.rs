//! A block, forward.

use std::ops::Range;

use super::super::kernel::{Depthwise, Total};
use super::super::layer::{Normed, copy};
use super::super::norm::Moments;
use super::super::part::Forward;
use super::super::pointwise::{self, Input};
use super::{Block, Parameters, Saved};
use crate::cpu::memory::{Array, Lease, Workers};
use crate::cpu::simd::{Lanes, arrays_mut};

impl Block {
    /// The output, and what backward needs.
    pub(super) fn run_forward(
        &self,
        workers: Workers,
        map: &Array,
        given: Parameters<'_>,
    ) -> Forward<Saved> {
        let map = copy(workers, map);
        let (wide, narrow, output) = (self.wide(), self.narrow(), self.output());
        let mut norms = self.norms.iter();
        let mut statistics = Vec::new();
        let mut normed = |grid, value, [_, gamma, beta]: [&[f32]; 3]| {
            let kind = norms.next().expect("a norm for every convolution");
            let (normed, found) = kind.after(grid, value, [gamma, beta]);
            statistics.push(found);
            normed
        };

        let expand = given.expand.map(|layer| {
            let (weight, input) = (layer[0], Input::Map(&map));
            let value = pointwise::forward(workers, weight, self.input, wide.channels, input);
            normed(wide, value, layer)
        });

        let taps = self.taps(given.depthwise[0]);
        let value = self.depthwise(workers, &map, expand.as_ref(), &taps);
        let depthwise = normed(narrow, value, given.depthwise);

        let mut excite = vec![Default::default(); narrow.batch];
        let means = self.means(workers, &depthwise).into_iter();
        workers.each(
            excite.iter_mut().zip(means).collect(),
            |(trace, mean), _| {
                *trace = given.excite.forward(mean);
            },
        );

        let fill = |band: &Range<usize>, out: &mut [Lanes]| {
            depthwise.gated(workers, &excite, band, arrays_mut(out));
        };
        let (weight, input) = (given.project[0], Input::Made(&fill));
        let value = pointwise::forward(workers, weight, narrow, output.channels, input);
        let project = normed(output, value, given.project);

        let other = self.shape.is_residual().then_some(&map[..]);
        let out = project.finish(workers, self.keep(), other, false);
        Forward {
            output: Array::new(out, output.shape()),
            saved: Saved {
                map,
                expand,
                depthwise,
                excite,
                project,
            },
            statistics,
        }
    }

    fn depthwise(
        &self,
        workers: Workers,
        map: &[Lanes],
        expand: Option<&Normed>,
        taps: &[Lanes],
    ) -> (Lease, Vec<Moments>) {
        let narrow = self.narrow();
        let geometry = self.geometry();
        let each = geometry.kernel * geometry.kernel;
        let mut out = Lease::new(narrow.vectors());
        let mut moments = vec![Moments::default(); narrow.planes() * narrow.batch];
        let parts = out.chunks_exact_mut(narrow.pixels());
        let tasks: Vec<_> = moments.iter_mut().zip(parts).enumerate().collect();
        workers.each(tasks, |(index, (moments, out)), scratch| {
            *moments = workers.run(Depthwise {
                geometry,
                source: self.source(map, expand, index),
                weight: &taps[index / narrow.batch * each..][..each],
                scratch,
                out,
            });
        });
        (out, moments)
    }

    /// The mean of every channel of every image, after SiLU.
    fn means(&self, workers: Workers, depthwise: &Normed) -> Vec<Vec<f32>> {
        let (batch, planes) = (depthwise.grid.batch, depthwise.grid.planes());
        let share = 1.0 / depthwise.grid.pixels() as f32;
        let mut totals = vec![Lanes::default(); planes * batch];
        let tasks = totals.iter_mut().enumerate().collect();
        workers.each(tasks, |(index, total), _| {
            let [scale, shift, _] = depthwise.constants(index / batch);
            *total = workers.run(Total {
                value: depthwise.part(index),
                norm: [scale, shift],
                weight: None,
            });
        });
        let mean = |image: usize| {
            let totals = totals.iter().skip(image).step_by(batch);
            let means = totals.flat_map(|total| total.0.map(|total| total * share));
            means.take(self.shape.inner).collect()
        };
        (0..batch).map(mean).collect()
    }
}
