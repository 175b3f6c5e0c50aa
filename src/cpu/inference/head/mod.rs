//! The action-unit head fused for inference on a CPU.
//!
//! It reads the head's own weights where they are, so there is nothing to compile and nothing to go
//! stale.
//!
//! # How it works
//! 1. The node maps `X W_i` are matrix products that read `X` in place, one for each node.
//! 2. For each image, while its nodes are in the cache: bias, norm and ReLU; the similarities and
//!    the graph; and `A_hat V`. Mixing the nodes before `W_v` is the same as after it and leaves one
//!    sum of two products, `V W_u + (A_hat V) W_v`, that needs no map in between.
//! 3. Those two products, for all images at once.
//! 4. For each image again: bias, norm, the residual, ReLU, and the cosine to the anchors. The new
//!    nodes are never written to memory.
//!
//! Every sum is taken in one fixed order, so the result for an image is the same bit for bit
//! whatever the batch and the number of threads.
//!
//! | file | holds |
//! |---|---|
//! | `weight` | the head's weights, with norms as a scale and a shift |
//! | `kernel` | what is done to the nodes of one image |

mod kernel;
mod weight;

use burn::tensor::Tensor;
use rayon::prelude::*;

use self::kernel::{Exchange, Score};
use self::weight::Weights;
use crate::cpu::matmul::{Matrix, Output, Product, Start, run_with};
use crate::cpu::memory::{Array, Lease, awake};
use crate::cpu::simd::{Isa, LANES, numbers_mut};
use crate::cpu::view::ActionUnitHead;

/// Images that are done together; more would take memory and gain nothing.
const GROUP: usize = 256;
/// Images from which on the threads are busy long enough to sleep between two layers.
const MANY: usize = 8;

/// The probability of each action unit, or nothing where only the layers themselves will do: in
/// training, on another device, for numbers that are not 32-bit floats.
pub(crate) fn action_units(head: &ActionUnitHead<'_>, features: &Tensor<2>) -> Option<Tensor<2>> {
    action_units_with(Isa::best(), head, features)
}

fn action_units_with(
    isa: Isa,
    head: &ActionUnitHead<'_>,
    features: &Tensor<2>,
) -> Option<Tensor<2>> {
    let [batch, width] = features.dims();
    let weights = Weights::of(head).filter(|weights| weights.width == width && batch > 0)?;
    let values = Array::of_tensor(features.clone())?;
    let mut scores = vec![0.0; batch * weights.nodes];
    let groups = scores
        .chunks_mut(GROUP * weights.nodes)
        .zip(values.chunks(GROUP * width));
    for (scores, features) in groups {
        let mut run = || run(isa, &weights, features, scores);
        match features.len() / width {
            few if few < MANY => awake(rayon::current_num_threads(), run),
            _ => run(),
        }
    }
    Some(Array::new(scores, [batch, weights.nodes]).into_tensor())
}

/// The scores of some images, on the threads of the current rayon pool.
fn run(isa: Isa, weights: &Weights<'_>, features: &[f32], scores: &mut [f32]) {
    let Weights { nodes, width, .. } = *weights;
    let images = features.len() / width;
    let each = nodes * width;
    let mut memory = Lease::new((3 * images * each + images * nodes).div_ceil(LANES));
    let (own, rest) = numbers_mut(&mut memory).split_at_mut(images * each);
    let (mixed, rest) = rest.split_at_mut(images * each);
    let (update, degrees) = rest.split_at_mut(images * each);
    let degrees = &mut degrees[..images * nodes];

    let outputs = Output::interleaved(own, [images, nodes, width]);
    let products = outputs
        .zip(weights.maps.chunks_exact(width * width))
        .map(|(out, map)| {
            let features = Matrix::new(features, [images, width]);
            Product::new(features, Matrix::new(map, [width, width]), out)
        });
    run_with(isa, products);

    own.par_chunks_exact_mut(each)
        .zip(mixed.par_chunks_exact_mut(each))
        .zip(degrees.par_chunks_exact_mut(nodes))
        .for_each(|((own, mixed), degrees)| {
            isa.run(Exchange {
                weights,
                own,
                mixed,
                degrees,
            });
        });

    let rows = [images * nodes, width];
    for (nodes, map, start) in [
        (&*own, &weights.u, Start::Zero),
        (&*mixed, &weights.v, Start::Output),
    ] {
        let map = Matrix::new(map, [width, width]);
        let out = Output::new(update, rows);
        run_with(
            isa,
            [Product::new(Matrix::new(nodes, rows), map, out).from(start)],
        );
    }

    scores
        .par_chunks_exact_mut(nodes)
        .zip(own.par_chunks_exact(each))
        .zip(update.par_chunks_exact(each))
        .zip(degrees.par_chunks_exact(nodes))
        .for_each(|(((scores, own), update), degrees)| {
            isa.run(Score {
                weights,
                own,
                update,
                degrees,
                scores,
            });
        });
}

#[cfg(test)]
mod tests;
