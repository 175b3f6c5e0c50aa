//! A block's depthwise convolution, forward and backward.

use super::super::kernel::{Depthwise, DepthwiseGradient, Destination, Source};
use super::super::layer::Normed;
use super::super::norm::{Moments, Slopes, Sums};
use super::{Block, Saved};
use crate::cpu::convolution::pack;
use crate::cpu::memory::{Lease, Workers};
use crate::cpu::simd::{LANES, Lanes};

impl Block {
    /// What the convolution reads of one plane of one image.
    fn source<'a>(&self, map: &'a [Lanes], expand: Option<&'a Normed>, index: usize) -> Source<'a> {
        let pixels = self.input.pixels();
        match expand {
            Some(expand) => Source::Norm(
                expand.part(index),
                expand.constants(index / expand.grid.batch),
            ),
            None => Source::Map(&map[index * pixels..][..pixels]),
        }
    }

    /// The weights, `[planes, kernel * kernel]`.
    fn taps(&self, weight: &[f32]) -> Vec<Lanes> {
        let kernel = self.shape.window.kernel;
        pack(weight, self.shape.inner, kernel * kernel)
    }

    /// The output, and its moments, `[planes, batch]`.
    pub(super) fn depthwise(
        &self,
        workers: Workers,
        map: &[Lanes],
        expand: Option<&Normed>,
        weight: &[f32],
    ) -> (Lease, Vec<Moments>) {
        let (geometry, narrow) = (self.geometry(), self.narrow());
        let each = geometry.kernel * geometry.kernel;
        let taps = self.taps(weight);
        let mut out = Lease::new(narrow.vectors());
        let mut moments = vec![Moments::default(); narrow.planes() * narrow.batch];
        let parts = out.chunks_exact_mut(narrow.pixels());
        let tasks = moments.iter_mut().zip(parts).enumerate();
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

    /// The gradients of its weights, and of its input with its sums.
    pub(super) fn depthwise_gradient(
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
        let outs = parts.into_iter().zip(&mut sums);
        let tasks = outs.zip(weights.chunks_exact_mut(each)).enumerate();
        workers.each(tasks, |(index, ((out, sums), weight_gradient)), scratch| {
            let plane = index / batch;
            *sums = workers.run(DepthwiseGradient {
                geometry,
                source: self.source(&saved.map, saved.expand.as_ref(), index),
                gradient: [
                    &gradient[index * pixels..][..pixels],
                    saved.depthwise.part(index),
                ],
                slopes: &slopes[plane],
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
