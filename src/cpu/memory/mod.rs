//! Where numbers lie, and how work on them is divided among the cores.
//!
//! | file | holds |
//! |---|---|
//! | `array` | the numbers of a tensor on burn's CPU backend |
//! | `page` | memory in large pages |
//! | `buffer` | a tensor's memory, used again and again |
//! | `workspace` | a network's memory, kept from step to step |
//! | `pool` | working memory of a task, kept between calls |
//! | `workers` | the division of a layer's work among the cores |

mod array;
mod buffer;
mod page;
mod pool;
mod workers;
mod workspace;

#[cfg(test)]
pub(crate) use array::declining;
pub(crate) use array::{Array, declines, is_here};
pub(crate) use buffer::Buffer;
pub(crate) use page::Memory;
pub(crate) use pool::Pool;
pub(crate) use workers::{Workers, awake, with_scratch};
pub(crate) use workspace::{Lease, Workspace};
