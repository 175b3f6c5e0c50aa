//! A network of small convolutions without borders that reads patches of a picture, fused for inference
//! on a CPU.
//!
//! # How it works
//! - A patch is a crop, or a tile of a large picture: the network's maps of it stay in a core's second
//!   cache, and a map of the whole picture never exists. The caller writes the patch's pixels where the
//!   network reads them.
//! - Sixteen channels of a pixel lie together, and a convolution is a product of matrices that reads the
//!   map where it lies, tap after tap. PReLU is applied to the sums before they are written, and the
//!   maximum taken of each row while it is in the first cache.
//! - Where the map ends in linear layers, some patches are done together, so that the weights are read
//!   once for all of them.
//! - Patches are divided among the cores. Every sum is taken in one fixed order, so the numbers of a
//!   patch are the same bit for bit whatever is done beside it.
//!
//! | file | holds |
//! |---|---|
//! | `compile` | layers to packed weights, and which layers are known |
//! | `stage` | a convolution, PReLU and maximum over a map |
//! | `dense` | a linear layer of some patches |
//! | `compiled` | the network on patches |

mod compile;
mod compiled;
mod dense;
mod stage;

#[cfg(test)]
mod tests;

use self::compiled::Compiled;
use super::kept::Kept;
use crate::cpu::memory::{Workers, declines, is_here};
use crate::cpu::simd::{Isa, LANES};
use crate::cpu::view::PatchNetwork;

/// What a network keeps between calls.
pub(crate) type PatchCache = Kept<Compiled>;

/// Gives what `take` makes of each patch from the number of the patch and the cells of its last map, row
/// after row; a patch that ends in linear layers is one cell. A cell's numbers are followed by zeros.
/// `sizes` are the patches' heights and widths, and `read` writes the pixels of a patch, `[height, width,
/// 3]`, over unknown content. Both are called on any core.
///
/// Nothing where only the layers themselves will do: in training, on another device than burn's CPU
/// backend, for numbers that are not 32-bit floats, for a layer that no kernel knows, for a patch that is
/// too small.
pub(crate) fn patches<T: Send>(
    cache: &PatchCache,
    network: &PatchNetwork<'_>,
    sizes: &[[usize; 2]],
    read: impl Fn(usize, &mut [f32]) + Sync,
    take: impl Fn(usize, &[[f32; LANES]]) -> T + Sync,
) -> Option<Vec<T>> {
    let here = |stage: &crate::cpu::view::PatchStage<'_>| is_here(&stage.conv.weight.device());
    if declines() || !network.stages.iter().all(here) {
        return None;
    }
    let compiled = cache.of(&compile::layers(network), || Compiled::new(network))?;
    compiled.run(Workers::all(Isa::best()), sizes, &read, &take)
}
