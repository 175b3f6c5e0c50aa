//! Where numbers lie, and how work on them is divided among the cores.
//!
//! | file | holds |
//! |---|---|
//! | `array` | the numbers of a tensor on burn's CPU backend |
//! | `page` | memory in large pages |
//! | `lease` | memory for maps, used again and again |
//! | `buffer` | a tensor's memory, from the same place |
//! | `pool` | working memory of a task, kept between calls |
//! | `workers` | the division of a layer's work among the cores |
//! | `divide` | the division of a map among the tasks |

mod array;
mod buffer;
mod divide;
mod lease;
mod page;
mod pool;
mod workers;

#[cfg(test)]
pub(crate) use array::declining;
pub(crate) use array::{Array, declines, is_here};
pub(crate) use buffer::Buffer;
pub(crate) use divide::{divide, panels, ranges};
pub(crate) use lease::Lease;
pub(crate) use page::Memory;
pub(crate) use pool::Pool;
pub(crate) use workers::{Workers, awake, with_scratch};
