//! One block: forward keeps what backward needs.

mod depthwise;
mod gated;

use std::ops::Range;

use super::excite::{Trace, Weights};
use super::grid::Grid;
use super::kernel::Destination;
use super::layer::{NormKind, Normed, copy};
use super::part::{Gradients, Part};
use super::pointwise::{self, Backward, Input};
use crate::cpu::autograd::Forward;
use crate::cpu::convolution::{BlockShape, Geometry};
use crate::cpu::memory::{Array, Buffer, Lease, Workers};
use crate::cpu::simd::{LANES, Lanes, arrays_mut};

/// A block with the shapes that it meets.
///
/// Its inputs are the map, then weight, gamma and beta of the expansion (14 inputs; 11 without one)
/// and of the depthwise convolution, weight and bias of squeeze-excite's two layers, and weight,
/// gamma and beta of the projection.
#[derive(Debug)]
pub(super) struct Block {
    /// The sizes.
    pub shape: BlockShape,
    /// The shape of the input.
    pub input: Grid,
    /// The norms, in order.
    pub norms: Vec<NormKind>,
    /// What drop path keeps of each image; nothing where it keeps all.
    pub keep: Option<Vec<f32>>,
}

/// What backward needs.
#[derive(Debug)]
pub(super) struct Saved {
    map: Lease,
    /// The expansion, if there is one.
    expand: Option<Normed>,
    depthwise: Normed,
    /// Squeeze-excite of every image.
    excite: Vec<Trace>,
    project: Normed,
}

/// The parameters of a block, in the order of its inputs.
struct Parameters<'a> {
    expand: Option<[&'a [f32]; 3]>,
    depthwise: [&'a [f32]; 3],
    excite: Weights<'a>,
    project: [&'a [f32]; 3],
}

impl<'a> Parameters<'a> {
    fn of(values: &[&'a [f32]]) -> Self {
        let expands = values.len() == 13;
        let mut values = values.iter().copied();
        let mut next = || values.next().expect("an operation has all of its inputs");
        Self {
            expand: expands.then(|| [next(), next(), next()]),
            depthwise: [next(), next(), next()],
            excite: Weights {
                reduce: next(),
                reduce_bias: next(),
                expand: next(),
                expand_bias: next(),
            },
            project: [next(), next(), next()],
        }
    }
}

impl Block {
    /// The shape between expansion and depthwise convolution.
    fn wide(&self) -> Grid {
        self.input.with_channels(self.shape.inner)
    }

    /// The depthwise convolution of one plane.
    fn geometry(&self) -> Geometry {
        self.shape.window.over(self.input.size)
    }

    /// The shape between depthwise convolution and projection.
    fn narrow(&self) -> Grid {
        Grid {
            size: self.geometry().output,
            ..self.wide()
        }
    }

    /// The shape of the output.
    pub fn output(&self) -> Grid {
        self.narrow().with_channels(self.shape.outputs)
    }

    fn keep(&self) -> Option<&[f32]> {
        self.keep.as_deref()
    }
}

impl Part for Block {
    type Saved = Saved;

    fn forward(&self, workers: Workers, map: &Array, given: &[&[f32]]) -> Forward<Saved> {
        let map = copy(workers, map);
        let given = Parameters::of(given);
        let (wide, narrow, output) = (self.wide(), self.narrow(), self.output());
        let mut norms = self.norms.iter();
        let mut norm = || norms.next().expect("a norm for every convolution");
        let mut statistics = Vec::new();
        let mut normed = |(normed, found)| {
            statistics.push(found);
            normed
        };

        let expand = given.expand.map(|layer| {
            let (input, sizes) = (Input::Map(&map), [self.input, wide]);
            normed(pointwise::forward(workers, norm(), layer, sizes, input))
        });
        let [taps, gamma, beta] = given.depthwise;
        let value = self.depthwise(workers, &map, expand.as_ref(), taps);
        let depthwise = normed(norm().after(narrow, value, [gamma, beta]));

        let means = depthwise.means(workers);
        let mut excite = vec![Trace::default(); narrow.batch];
        workers.each(excite.iter_mut().zip(means), |(trace, mean), _| {
            *trace = given.excite.forward(mean);
        });
        let fill = |band: &Range<usize>, out: &mut [Lanes]| {
            depthwise.gated(workers, &excite, band, arrays_mut(out));
        };
        let (input, sizes) = (Input::Made(&fill), [narrow, output]);
        let project = pointwise::forward(workers, norm(), given.project, sizes, input);
        let project = normed(project);

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

    fn backward(
        &self,
        workers: Workers,
        saved: &Saved,
        given: &[&[f32]],
        gradient: &[f32],
        wanted: bool,
    ) -> Gradients {
        let given = Parameters::of(given);
        let (gradient, _) = gradient.as_chunks::<LANES>();
        let project = &saved.project;
        let sums = project.linear(workers, gradient, self.keep());
        let (slopes, gamma, beta) = project.norm.gradient(&sums);
        let fill = |band: &Range<usize>, out: &mut [Lanes]| {
            project.input_gradient(workers, (gradient, &slopes), self.keep(), band, out);
        };
        let gated = saved.gated(workers, given.project[0], given.excite, &fill);
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
        (input, parameters.collect())
    }
}
