//! The head as one operation: a 1x1 convolution, its norm, SiLU, the mean over the map.

use std::ops::Range;
use std::sync::Arc;

use super::super::statistics::Statistics;
use super::grid::Grid;
use super::kernel::Mean;
use super::layer::{NormKind, Normed, Slope, copy};
use super::pointwise::{self, Backward, Destination, Input};
use crate::cpu::autograd::Operation;
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Array, Buffer, Lease, Workers, Workspace};
use crate::cpu::simd::{Isa, LANES, Lanes, numbers, planes, vectors};

/// The head with the shapes that it meets.
///
/// Its inputs are the map, the weight, gamma and beta; its output is `[batch, outputs]`.
#[derive(Debug)]
pub(super) struct Head {
    /// The instruction set.
    pub isa: Isa,
    /// The shape of the input.
    pub input: Grid,
    /// Channels of the output.
    pub outputs: usize,
    /// The norm.
    pub norm: NormKind,
    /// Where the memory comes from.
    pub workspace: Workspace,
    /// Where the statistics go.
    pub statistics: Statistics,
}

/// What backward needs.
#[derive(Debug)]
pub(super) struct Saved {
    parameters: [Array; 3],
    map: Lease,
    normed: Normed,
}

impl Head {
    fn output(&self) -> Grid {
        self.input.with_channels(self.outputs)
    }
}

impl Operation<4> for Head {
    type Saved = Arc<Saved>;

    fn forward(&self, inputs: &[Array; 4]) -> (Array, Arc<Saved>) {
        let workers = Workers::all(self.isa);
        let [map, weight, gamma, beta] = inputs.each_ref().map(Array::values);
        let output = self.output();
        let map = copy(workers, &self.workspace, map);
        let weight = pointwise::pack(weight, self.outputs);
        let mut value = self.workspace.take(output.vectors());
        let input = Input::Map(&map);
        let moments = pointwise::forward(workers, &weight, self.input, input, &mut value);
        let (norm, statistics) = self.norm.norm([gamma, beta], &moments);
        let normed = Normed { value, norm };
        let mut features = vec![0.0; output.batch * self.outputs];
        let tasks = features.chunks_exact_mut(self.outputs).enumerate();
        workers.each(tasks.collect(), |(image, feature), _| {
            for (plane, feature) in feature.chunks_mut(LANES).enumerate() {
                let [scale, shift, _] = normed.constants(plane);
                let mean = workers.run(Mean {
                    value: normed.part(output, plane * output.batch + image),
                    norm: [scale, shift],
                });
                feature.copy_from_slice(&mean.0[..feature.len()]);
            }
        });
        self.statistics.set(vec![statistics]);
        let [_, parameters @ ..] = inputs.clone();
        let saved = Saved {
            parameters,
            map,
            normed,
        };
        let shape = [output.batch, self.outputs];
        (Array::new(features, shape), Arc::new(saved))
    }

    fn backward(
        &self,
        saved: Arc<Saved>,
        gradient: Array,
        wanted: [bool; 4],
    ) -> [Option<Array>; 4] {
        let workers = Workers::all(self.isa);
        let output = self.output();
        let share = 1.0 / output.pixels() as f32;
        // Every pixel of a map has the same gradient, `[batch, planes]`.
        let shares: Vec<Lanes> = gradient
            .values()
            .chunks_exact(self.outputs)
            .flat_map(|row| vectors(&row.iter().map(|value| value * share).collect::<Vec<_>>()))
            .collect();
        let across = planes(self.outputs);
        let part = |index: usize| {
            let (plane, image) = (index / output.batch, index % output.batch);
            Err(&shares[image * across + plane])
        };
        let normed = &saved.normed;
        let (out, sums) = normed.silu(workers, &self.workspace, output, part);
        let (slopes, gamma, beta) = normed.norm.gradient(&sums);
        let slope = Slope {
            gradient: numbers(&out),
            keep: None,
            slopes: &slopes,
        };
        let mut map = Buffer::room(self.input.vectors() * LANES);
        let transposed = Pointwise::transposed(saved.parameters[0].values(), self.outputs);
        let into = wanted[0].then(|| Destination {
            weight: &transposed,
            other: None,
            out: &mut map,
        });
        let weight = Backward {
            grid: self.input,
            outputs: self.outputs,
            gradient: &|band: &Range<usize>, made: &mut [Lanes]| {
                normed.input_gradient(workers, output, slope, band, made);
            },
            input: Input::Map(&saved.map),
            workspace: &self.workspace,
        }
        .run(workers, into);
        let mut shapes = vec![self.input.shape().to_vec()];
        shapes.extend(saved.parameters.iter().map(Array::shape));
        let parameters = [weight, gamma, beta].map(Buffer::from);
        let mut all = std::iter::once(map).chain(parameters).zip(shapes);
        wanted.map(|wanted| {
            let (gradient, shape) = all.next()?;
            wanted.then(|| Array::new(gradient, shape))
        })
    }
}
