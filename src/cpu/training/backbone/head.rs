//! The head as one operation: a 1x1 convolution, its norm, SiLU, the mean over the map.

use super::grid::Grid;
use super::layer::{NormKind, Normed, copy};
use super::part::{Gradients, Part};
use super::pointwise::{self, Backward, Input};
use crate::cpu::autograd::Forward;
use crate::cpu::memory::{Array, Buffer, Lease, Workers};
use crate::cpu::simd::{LANES, Lanes, vectors};

/// The head with the shapes that it meets.
///
/// Its inputs are the map, the weight, gamma and beta; its output is `[batch, outputs]`.
#[derive(Debug)]
pub(super) struct Head {
    /// The shape of the input.
    pub input: Grid,
    /// Channels of the output.
    pub outputs: usize,
    /// The norm.
    pub norm: NormKind,
}

impl Part for Head {
    /// The input, and what the convolution makes of it.
    type Saved = (Lease, Normed);

    fn forward(&self, workers: Workers, map: &Array, given: &[&[f32]]) -> Forward<Self::Saved> {
        let map = copy(workers, map);
        let sizes = [self.input, self.input.with_channels(self.outputs)];
        let layer = [0, 1, 2].map(|index| given[index]);
        let (normed, found) =
            pointwise::forward(workers, &self.norm, layer, sizes, Input::Map(&map));
        let features = normed.means(workers).concat();
        Forward {
            output: Array::new(features, [self.input.batch, self.outputs]),
            saved: (map, normed),
            statistics: vec![found],
        }
    }

    fn backward(
        &self,
        workers: Workers,
        (map, normed): &Self::Saved,
        given: &[&[f32]],
        gradient: &[f32],
        wanted: bool,
    ) -> Gradients {
        let Grid { batch, .. } = normed.grid;
        let share = 1.0 / normed.grid.pixels() as f32;
        // Every pixel of a map has the same gradient.
        let shares: Vec<Vec<Lanes>> = gradient
            .chunks_exact(self.outputs)
            .map(|row| vectors(&row.iter().map(|value| value * share).collect::<Vec<_>>()))
            .collect();
        let (out, sums) = normed.silu(workers, |index, out| {
            out.fill(shares[index % batch][index / batch]);
            None
        });
        let mut into = Buffer::room(self.input.vectors() * LANES);
        let gradients = Backward {
            normed,
            gradient: (&out, &sums),
            grid: self.input,
            input: Input::Map(map),
            weight: given[0],
        }
        .run(workers, into.slots(wanted), None);
        (into, gradients.into())
    }
}
