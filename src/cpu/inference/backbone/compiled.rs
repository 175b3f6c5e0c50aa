//! The compiled network, image by image.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::block::{self, Block, Buffers};
use crate::cpu::matmul::Pointwise;
use crate::cpu::memory::{Array, Pool, Workers, awake};
use crate::cpu::simd::{Isa, numbers};

/// A network compiled for inference on this processor.
///
/// The result for an image is the same, bit for bit, whatever the other images of the batch and
/// the number of threads. It may be called from several threads at a time.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) isa: Isa,
    pub(super) blocks: Vec<Block>,
    pub(super) head: Pointwise,
    pub(super) buffers: Pool<Buffers>,
}

impl Compiled {
    /// The pooled feature of each image, on the threads of the current rayon pool.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, of the given height and width, one after another
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the images are empty or not whole.
    pub fn features(&self, images: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
        let each = 3 * height * width;
        assert!(
            each > 0 && images.len().is_multiple_of(each),
            "{} numbers are not a whole number of images of 3x{height}x{width}",
            images.len()
        );
        let batch = images.len() / each;
        let threads = rayon::current_num_threads();
        // As many images as the threads divide evenly are done one to a thread, which needs no
        // waiting for each other; the threads work together on what is left.
        let alone = batch / threads * threads;
        let feature = self.head.outputs;
        let mut features = vec![0.0; batch * feature];
        let (one_each, together) = features.split_at_mut(alone * feature);
        one_each
            .par_chunks_exact_mut(feature)
            .zip(images.par_chunks_exact(each))
            .with_max_len(1)
            .for_each(|(out, image)| self.run(1, image, [height, width], out, || ()));
        if !together.is_empty() {
            awake(threads, || {
                for (out, image) in together
                    .chunks_exact_mut(feature)
                    .zip(images[alone * each..].chunks_exact(each))
                {
                    self.run(threads, image, [height, width], out, || ());
                }
            });
        }
        features
    }

    /// As [`features`](Self::features), for a tensor in this processor's memory.
    pub fn forward(&self, images: Tensor<4>) -> Option<Tensor<2>> {
        let [batch, _, height, width] = images.dims();
        let pixels = Array::of_tensor(images)?;
        let features = self.features(&pixels, [height, width]);
        Some(Array::new(features, [batch, self.head.outputs]).into_tensor())
    }

    /// Computes the feature of one image with `threads` threads, and says when a part of it is done:
    /// the inside of each block, the rest of it, and at last the head.
    pub(super) fn run(
        &self,
        threads: usize,
        image: &[f32],
        mut size: [usize; 2],
        out: &mut [f32],
        mut done: impl FnMut(),
    ) {
        let workers = Workers::new(self.isa, threads);
        self.buffers.with(|buffers| {
            for block in &self.blocks {
                size = block.inner(workers, image, size, buffers);
                done();
                block.project(workers, size, buffers);
                done();
            }
            let head = block::pool(workers, &self.head, &buffers.map, size);
            done();
            out.copy_from_slice(&numbers(&head)[..out.len()]);
        });
    }
}
