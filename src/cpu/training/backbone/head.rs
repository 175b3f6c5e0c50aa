//! The head as one operation: a 1x1 convolution, its norm, SiLU, the mean over the map.

use super::grid::Grid;
use super::kernel::Total;
use super::layer::{NormKind, Normed, copy};
use super::part::{Forward, Part};
use super::pointwise::{self, Backward, Input};
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

    fn forward(&self, workers: Workers, map: &Array, parameters: &[Array]) -> Forward<Self::Saved> {
        let map = copy(workers, map);
        let (output, input) = (self.input.with_channels(self.outputs), Input::Map(&map));
        let value = pointwise::forward(workers, &parameters[0], self.input, self.outputs, input);
        let (normed, found) = self
            .norm
            .after(output, value, [&parameters[1], &parameters[2]]);
        let share = 1.0 / output.pixels() as f32;
        let mut features = vec![0.0; output.batch * self.outputs];
        let tasks = features.chunks_exact_mut(self.outputs).enumerate();
        workers.each(tasks.collect(), |(image, feature), _| {
            for (plane, feature) in feature.chunks_mut(LANES).enumerate() {
                let [scale, shift, _] = normed.constants(plane);
                let total = workers.run(Total {
                    value: normed.part(plane * output.batch + image),
                    norm: [scale, shift],
                    weight: None,
                });
                let mean = total.0.map(|total| total * share);
                feature.copy_from_slice(&mean[..feature.len()]);
            }
        });
        Forward {
            output: Array::new(features, [output.batch, self.outputs]),
            saved: (map, normed),
            statistics: vec![found],
        }
    }

    fn backward(
        &self,
        workers: Workers,
        (map, normed): &Self::Saved,
        parameters: &[Array],
        gradient: &[f32],
        wanted: bool,
    ) -> Vec<Buffer> {
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
            weight: &parameters[0],
        }
        .run(workers, into.slots(wanted), None);
        let gradients = gradients.map(Buffer::from);
        std::iter::once(into).chain(gradients).collect()
    }
}
