//! The whole network fused for inference on a CPU.
//!
//! [`EfficientNet::forward_features`](super::EfficientNet::forward_features) takes the plan by
//! itself, in inference on a CPU device, for 32-bit floats. The network only knows the cell that
//! its plan is kept in; a plan is compiled on first use, and again when a weight has changed.
//! On every other device the layers fold their norms by burn's operations, at each call.
//!
//! # How it works
//! - Norms are folded into the convolutions before them.
//! - Sixteen channels of a pixel lie together, one cache line and one AVX-512 register; a map is a
//!   sequence of such planes. Every kernel sees 16 lanes, whichever [`Isa`] holds them.
//! - The inside of a block (expansion or stem, SiLU, depthwise convolution, SiLU) is one pass: for
//!   32 channels at a time, rows go through a ring just large enough for the kernel, so the widest
//!   maps are never written to memory. The sums for squeeze-excite are taken on the way.
//! - A 1x1 convolution is a matrix product in tiles of 14 pixels by 32 channels whose sums stay in
//!   registers. The gate is multiplied into its weights (into the map where that is smaller), the
//!   residual is added as a tile is stored, the head's tiles go straight into the mean.
//! - A batch is divided by images; what does not divide evenly, by panels of channels and bands of
//!   rows within a layer. Every sum is taken in one fixed order, so the result is the same bit for
//!   bit for any batch and any number of threads.
//!
//! | file | holds |
//! |---|---|
//! | `compile` | network to plan: folding, and which layers are known |
//! | `cell` | where a network keeps its plan, and when that is stale |
//! | `block` | one block, the stem and the head as calls of kernels: **a new kind of layer goes here** |
//! | `kernel` | the loops, written once over 16 lanes |
//! | `weight` | packed weights |
//! | `divide` | the division of a map among tasks |
//! | `profile` | how long each layer takes |
//!
//! # What bounds it
//! B0 at 224x224, one core of a Xeon with AVX-512 that does at most 243 GFLOP/s, best of 100 runs
//! beside other work: 6.15 ms, of which the 769 MFLOP alone are 3.2 ms. `inside` is up to the
//! depthwise convolution's SiLU, `after` the gate and the projection; MB is weights and maps
//! from and to memory outside the layer.
//!
//! | layers | MFLOP | SiLU, 10^3 | MB | us | of the peak | bound by |
//! |---|---|---|---|---|---|---|
//! | stage 0 inside (stem, 3x3) | 29 | 803 | 2.2 | 406 | 29 % | SiLU, depthwise loads |
//! | stage 0 after | 13 | 0 | 2.4 | 103 | 51 % | memory: one panel, half as wide |
//! | stage 1 inside | 74 | 2408 | 4.2 | 859 | 35 % | SiLU: about half of the time |
//! | stage 1 after | 36 | 0 | 3.6 | 242 | 62 % | second-level cache |
//! | stage 2 inside | 52 | 940 | 1.7 | 455 | 47 % | SiLU, depthwise loads |
//! | stage 2 after | 24 | 0 | 1.5 | 148 | 67 % | arithmetic |
//! | stage 3 inside | 49 | 611 | 1.6 | 376 | 54 % | arithmetic, SiLU |
//! | stage 3 after | 38 | 0 | 1.7 | 232 | 67 % | arithmetic |
//! | stage 4 inside | 92 | 714 | 2.6 | 627 | 60 % | arithmetic |
//! | stage 4 after | 80 | 0 | 2.9 | 486 | 68 % | arithmetic |
//! | stage 5 inside | 105 | 504 | 4.4 | 806 | 53 % | weights: each is used for 49 pixels |
//! | stage 5 after | 78 | 0 | 5.6 | 674 | 48 % | weights |
//! | stage 6 inside | 23 | 113 | 1.2 | 183 | 51 % | weights |
//! | stage 6 after | 36 | 0 | 2.2 | 284 | 53 % | weights |
//! | head | 40 | 63 | 1.7 | 268 | 62 % | weights |
//!
//! A hot tile of a product does 75 to 85 % of the peak. `cargo bench --bench layer` prints the table
//! for every layer on the machine at hand; `benches/compare.py` times other programs beside this
//! one.

mod block;
mod cell;
mod compile;
mod divide;
mod kernel;
mod profile;
mod weight;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::EfficientNet;
use crate::processor::strip::{Strip, numbers};
use crate::processor::team::{Pool, Team};
use crate::processor::tensor::Numbers;
use block::{Block, Buffers, Stem};

pub use self::profile::LayerTime;
pub use crate::processor::isa::Isa;
pub(super) use cell::PlanCell;
pub(super) use compile::padding;
pub(super) use kernel::{Outputs, Product, Target, sweep};
pub(super) use weight::Pointwise;

/// An [`EfficientNet`] compiled for inference on this processor.
///
/// The result for an image is the same, bit for bit, whatever the other images of the batch and
/// the number of threads. It may be called from several threads at a time.
#[derive(Debug)]
pub struct Plan {
    isa: Isa,
    stem: Option<Stem>,
    blocks: Vec<Block>,
    head: Pointwise,
    buffers: Pool<Buffers>,
    scratch: Pool<Vec<Strip>>,
}

impl Plan {
    /// Compiles `network` with its present weights, for the best instruction set here; nothing if
    /// the network has a layer that the plan does not know, or numbers that are not 32-bit floats.
    pub fn new(network: &EfficientNet) -> Option<Self> {
        let best = *Isa::available().first()?;
        Self::with_isa(network, best)
    }

    /// As [`new`](Self::new), for an instruction set of choice; nothing if this processor lacks it.
    pub fn with_isa(network: &EfficientNet, isa: Isa) -> Option<Self> {
        if !Isa::available().contains(&isa) {
            return None;
        }
        let compile::Layers { stem, blocks, head } = compile::layers(network)?;
        Some(Self {
            isa,
            stem,
            blocks,
            head,
            buffers: Pool::default(),
            scratch: Pool::default(),
        })
    }

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
        let feature = self.head.outputs();
        let mut features = vec![0.0; batch * feature];
        let (one_each, together) = features.split_at_mut(alone * feature);
        one_each
            .par_chunks_exact_mut(feature)
            .zip(images.par_chunks_exact(each))
            .with_max_len(1)
            .for_each(|(out, image)| self.run(1, image, [height, width], out));
        if !together.is_empty() {
            crate::processor::team::awake(threads, || {
                for (out, image) in together
                    .chunks_exact_mut(feature)
                    .zip(images[alone * each..].chunks_exact(each))
                {
                    self.run(threads, image, [height, width], out);
                }
            });
        }
        features
    }

    /// As [`features`](Self::features), for a tensor in this processor's memory.
    pub(super) fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let [batch, _, height, width] = images.dims();
        let device = images.device();
        let pixels = Numbers::of(images).expect("the network's plan is given 32-bit floats only");
        let features = self.features(&pixels, [height, width]);
        Tensor::from_data(
            TensorData::new(features, [batch, self.head.outputs()]),
            &device,
        )
    }

    /// Computes the feature of one image with `threads` threads.
    fn run(&self, threads: usize, image: &[f32], mut size: [usize; 2], out: &mut [f32]) {
        // SAFETY: `with_isa` took only a set that this processor has.
        let team = unsafe { Team::new(self.isa, threads, &self.scratch) };
        self.buffers.with(|buffers| {
            if let Some(stem) = &self.stem {
                size = stem.run(team, image, size, buffers);
            }
            for block in &self.blocks {
                size = block.run(team, image, size, buffers);
            }
            let head = block::pool(team, &self.head, &buffers.map, size);
            out.copy_from_slice(&numbers(&head)[..out.len()]);
        });
    }
}

#[cfg(test)]
mod tests;
