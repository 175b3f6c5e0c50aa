//! One part of the network as one operation of burn's graph.

use std::fmt::Debug;
use std::sync::Arc;

use super::super::statistics::{MeanAndVariance, Statistics};
use crate::cpu::autograd::Operation;
use crate::cpu::memory::{Array, Buffer, Workers};
use crate::cpu::simd::Isa;

/// A part of the network with the shapes that it meets. Its inputs are a map and parameters.
pub(super) trait Part: Debug + Send + 'static {
    /// What backward needs besides the parameters.
    type Saved: Debug + Send + Sync + 'static;

    /// The output, and what is kept for backward.
    fn forward(&self, workers: Workers, map: &Array, parameters: &[Array]) -> Forward<Self::Saved>;

    /// The gradients of the map, which is not to be used where it is not `wanted`, and of the
    /// parameters, from that of the output.
    fn backward(
        &self,
        workers: Workers,
        saved: &Self::Saved,
        parameters: &[Array],
        gradient: &[f32],
        wanted: bool,
    ) -> Vec<Buffer>;
}

/// What a part leaves on its way forward.
pub(super) struct Forward<S> {
    pub output: Array,
    pub saved: S,
    /// The statistics of each norm that takes part in training, in the order of the norms.
    pub statistics: Vec<Option<MeanAndVariance>>,
}

/// A part as an operation of `N` inputs.
#[derive(Debug)]
pub(super) struct Fused<P> {
    pub isa: Isa,
    pub part: P,
    /// Where the statistics go.
    pub statistics: Statistics,
}

/// What backward needs of any part: the shapes of the inputs, the parameters, and what it has kept.
#[derive(Debug)]
pub(super) struct Saved<S> {
    shapes: Vec<Vec<usize>>,
    parameters: Vec<Array>,
    own: S,
}

impl<P: Part, const N: usize> Operation<N> for Fused<P> {
    type Saved = Arc<Saved<P::Saved>>;

    fn forward(&self, inputs: &[Array; N]) -> (Array, Self::Saved) {
        let parameters = inputs[1..].to_vec();
        let workers = Workers::all(self.isa);
        let made = self.part.forward(workers, &inputs[0], &parameters);
        self.statistics.set(made.statistics);
        let saved = Saved {
            shapes: inputs.iter().map(Array::shape).collect(),
            parameters,
            own: made.saved,
        };
        (made.output, Arc::new(saved))
    }

    fn backward(
        &self,
        saved: Self::Saved,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N] {
        let workers = Workers::all(self.isa);
        let Saved {
            parameters, own, ..
        } = &*saved;
        let (part, gradient) = (&self.part, gradient.values());
        let gradients = part.backward(workers, own, parameters, gradient, wanted[0]);
        let mut all = gradients.into_iter().zip(&saved.shapes);
        wanted.map(|wanted| {
            let (gradient, shape) = all.next()?;
            wanted.then(|| Array::new(gradient, shape.clone()))
        })
    }
}
