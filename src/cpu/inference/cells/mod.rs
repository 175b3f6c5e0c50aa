//! A network that says of the cells of a picture what is there, fused for inference on a CPU.
//!
//! # How it works
//! - Norms are folded into the depthwise convolutions before them; the outputs of a level are one unit.
//! - Sixteen channels of a pixel lie together, and a row of a map is a sequence of such planes, so that
//!   every kernel reads and writes whole rows.
//! - A chain of layers is pulled row by row from its end: each layer keeps the three rows that a 3x3
//!   kernel sees and no more. So the maps at half and a quarter of the picture's size, most of the
//!   network's numbers, never exist as a whole, and what is pulled next lies in the second cache.
//! - A chain's rows are divided into bands, one a core and more where they are high; what two bands
//!   have in common at their border is made twice. Every sum is taken in one fixed order, so the result
//!   is the same bit for bit for any number of threads.
//!
//! | file | holds |
//! |---|---|
//! | `compile` | layers to packed weights: folding, and which layers are known |
//! | `chain` | layers one after another, pulled row by row |
//! | `kernel` | the loops over a row |
//! | `map` | rows of planes, and their division |
//! | `compiled` | the network as chains |

mod chain;
mod compile;
mod compiled;
mod kernel;
mod map;

#[cfg(test)]
mod tests;

use self::compiled::Compiled;
use super::kept::Kept;
use crate::cpu::memory::{declines, is_here};
use crate::cpu::simd::Isa;
use crate::cpu::view::{CellNetwork, Visit};

/// What a network keeps between calls.
pub(crate) type CellCache = Kept<Compiled>;

/// Calls `visit` with the number of each map, the row and column of each of its cells, and the numbers
/// there, of a picture of red, green and blue bytes, `[height, width, 3]`; the network is given them as
/// blue, green and red from 0 to 255, black at the right and below up to multiples of 32.
///
/// Nothing where only the layers themselves will do: in training, on another device than burn's CPU
/// backend, for numbers that are not 32-bit floats, for a layer that no kernel knows.
///
/// # Panics
/// If there are not as many bytes as `size` says, or none.
pub(crate) fn cells(
    cache: &CellCache,
    network: &CellNetwork<'_>,
    picture: &[u8],
    size: [usize; 2],
    visit: &mut Visit<'_>,
) -> Option<()> {
    if declines() || !is_here(&network.stem.conv.weight.device()) {
        return None;
    }
    let compile = || Compiled::new(network, Isa::best());
    let compiled = cache.of(&compile::layers(network), compile)?;
    compiled.cells(picture, size, visit);
    Some(())
}
