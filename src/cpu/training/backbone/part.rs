//! One part of the network as one operation of burn's graph.

use std::fmt::Debug;
use std::sync::Arc;

use crate::cpu::autograd::{Forward, Operation};
use crate::cpu::memory::{Array, Buffer, Workers};
use crate::cpu::simd::Isa;

/// A part of the network with the shapes that it meets. Its inputs are a map and parameters.
pub(super) trait Part: Debug + Send + 'static {
    /// What backward needs besides the parameters.
    type Saved: Debug + Send + Sync + 'static;

    /// The output, and what is kept for backward.
    fn forward(&self, workers: Workers, map: &Array, given: &[&[f32]]) -> Forward<Self::Saved>;

    /// The gradients of the map, which is not to be used where it is not `wanted`, and of the
    /// parameters, from that of the output.
    fn backward(
        &self,
        workers: Workers,
        saved: &Self::Saved,
        given: &[&[f32]],
        gradient: &[f32],
        wanted: bool,
    ) -> Gradients;
}

/// The gradients of a part's map and of its parameters.
pub(super) type Gradients = (Buffer, Vec<Vec<f32>>);

/// A part as an operation of `N` inputs.
#[derive(Debug)]
pub(super) struct Fused<P> {
    pub isa: Isa,
    pub part: P,
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

    fn forward(&self, inputs: &[Array; N]) -> Forward<Self::Saved> {
        let parameters = inputs[1..].to_vec();
        let workers = Workers::all(self.isa);
        let values: Vec<&[f32]> = parameters.iter().map(Array::values).collect();
        let made = self.part.forward(workers, &inputs[0], &values);
        let saved = Saved {
            shapes: inputs.iter().map(Array::shape).collect(),
            parameters,
            own: made.saved,
        };
        Forward {
            output: made.output,
            saved: Arc::new(saved),
            statistics: made.statistics,
        }
    }

    fn backward(
        &self,
        saved: Self::Saved,
        gradient: Array,
        wanted: [bool; N],
    ) -> [Option<Array>; N] {
        let workers = Workers::all(self.isa);
        let parameters: Vec<&[f32]> = saved.parameters.iter().map(Array::values).collect();
        let (part, own) = (&self.part, &saved.own);
        let (map, gradients) = part.backward(workers, own, &parameters, &gradient, wanted[0]);
        let gradients = gradients.into_iter().map(Buffer::from);
        let mut all = std::iter::once(map).chain(gradients).zip(&saved.shapes);
        wanted.map(|wanted| {
            let (gradient, shape) = all.next()?;
            wanted.then(|| Array::new(gradient, shape.clone()))
        })
    }
}
