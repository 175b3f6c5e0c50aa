//! One block: forward keeps what backward needs.

mod backward;
mod forward;

use super::excite::{Trace, Weights};
use super::grid::Grid;
use super::kernel::{Geometry, Source};
use super::layer::{NormKind, Normed};
use super::part::{Forward, Part};
use crate::cpu::convolution::{BlockShape, pack};
use crate::cpu::memory::{Array, Buffer, Lease, Workers};
use crate::cpu::simd::Lanes;

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
    fn of(arrays: &'a [Array]) -> Self {
        let mut values = arrays.iter().map(Array::values);
        let mut next = || values.next().expect("an operation has all of its inputs");
        Self {
            expand: (arrays.len() == 13).then(|| [next(), next(), next()]),
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
        let window = self.shape.window;
        let [output, pad] = window.over(self.input.size);
        Geometry {
            kernel: window.kernel,
            stride: window.stride,
            pad,
            input: self.input.size,
            output,
        }
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

    /// What the depthwise convolution reads of one plane of one image.
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

    /// The weights of the depthwise convolution, `[planes, kernel * kernel]`.
    fn taps(&self, weight: &[f32]) -> Vec<Lanes> {
        let kernel = self.shape.window.kernel;
        pack(weight, self.shape.inner, kernel * kernel)
    }
}

impl Part for Block {
    type Saved = Saved;

    fn forward(&self, workers: Workers, map: &Array, parameters: &[Array]) -> Forward<Saved> {
        self.run_forward(workers, map, Parameters::of(parameters))
    }

    fn backward(
        &self,
        workers: Workers,
        saved: &Saved,
        parameters: &[Array],
        gradient: &[f32],
        wanted: bool,
    ) -> Vec<Buffer> {
        self.run_backward(workers, saved, Parameters::of(parameters), gradient, wanted)
    }
}
