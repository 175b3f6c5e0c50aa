//! One block as one operation: forward keeps what backward needs.

mod backward;
mod forward;

use std::sync::Arc;

use super::super::statistics::Statistics;
use super::excite::{Trace, Weights};
use super::grid::Grid;
use super::kernel::{Origin, Window};
use super::layer::{NormKind, Normed};
use crate::cpu::autograd::Operation;
use crate::cpu::convolution::pack;
use crate::cpu::memory::{Array, Lease, Workers, Workspace};
use crate::cpu::simd::{Isa, Lanes};

/// A block with the shapes that it meets.
///
/// Its inputs are the map, then weight, gamma and beta of the expansion (14 inputs; 11 without one)
/// and of the depthwise convolution, weight and bias of squeeze-excite's two layers, and weight,
/// gamma and beta of the projection.
#[derive(Debug)]
pub(super) struct Block {
    /// The instruction set.
    pub isa: Isa,
    /// The shape of the input.
    pub input: Grid,
    /// Channels between expansion and projection.
    pub inner: usize,
    /// Channels that the block puts out.
    pub outputs: usize,
    /// The depthwise convolution.
    pub window: Window,
    /// The norms, in order.
    pub norms: Vec<NormKind>,
    /// What drop path keeps of each image; nothing where it keeps all.
    pub keep: Option<Vec<f32>>,
    /// Whether the input is added to the output.
    pub residual: bool,
    /// Where the memory comes from.
    pub workspace: Workspace,
    /// Where the statistics go.
    pub statistics: Statistics,
}

/// What backward needs.
#[derive(Debug)]
pub(super) struct Saved {
    parameters: Vec<Array>,
    map: Lease,
    /// The expansion, if there is one.
    expand: Option<Normed>,
    depthwise: Normed,
    /// Squeeze-excite of every image.
    excite: Vec<Trace>,
    project: Normed,
}

/// The parameters of a block, in the order of the operation's inputs.
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
        self.input.with_channels(self.inner)
    }

    /// The shape between depthwise convolution and projection.
    fn narrow(&self) -> Grid {
        Grid {
            size: self.window.output,
            ..self.wide()
        }
    }

    /// The shape of the output.
    pub fn output(&self) -> Grid {
        self.narrow().with_channels(self.outputs)
    }

    fn keep(&self) -> Option<&[f32]> {
        self.keep.as_deref()
    }

    /// What the depthwise convolution reads of one plane of one image.
    fn origin<'a>(&self, map: &'a [Lanes], expand: Option<&'a Normed>, index: usize) -> Origin<'a> {
        let wide = self.wide();
        match expand {
            Some(expand) => Origin::Norm(
                expand.part(wide, index),
                expand.constants(index / wide.batch),
            ),
            None => Origin::Map(&map[index * wide.pixels()..][..wide.pixels()]),
        }
    }

    /// The weights of the depthwise convolution, `[planes, kernel * kernel]`.
    fn taps(&self, weight: &[f32]) -> Vec<Lanes> {
        let taps = self.window.kernel * self.window.kernel;
        pack(weight, self.inner, taps)
    }
}

impl<const N: usize> Operation<N> for Block {
    type Saved = Arc<Saved>;

    fn forward(&self, inputs: &[Array; N]) -> (Array, Arc<Saved>) {
        let workers = Workers::all(self.isa);
        let (output, saved) = self.run_forward(workers, &inputs[0], inputs[1..].to_vec());
        (Array::new(output, self.output().shape()), Arc::new(saved))
    }

    fn backward(
        &self,
        saved: Arc<Saved>,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N] {
        let workers = Workers::all(self.isa);
        let gradients = self.run_backward(workers, &saved, gradient.values(), wanted[0]);
        let mut shapes = vec![self.input.shape().to_vec()];
        shapes.extend(saved.parameters.iter().map(Array::shape));
        let mut all = gradients.into_iter().zip(shapes);
        wanted.map(|wanted| {
            let (gradient, shape) = all.next()?;
            wanted.then(|| Array::new(gradient, shape))
        })
    }
}
