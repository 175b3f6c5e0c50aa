//! How long each part of a network takes; `cargo bench --bench layer` prints it.

use std::time::Duration;

/// The parts of a network on one core, and what that core can do.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The instruction set.
    pub instructions: String,
    /// Floating-point operations that the core can do in a second, when nothing but arithmetic
    /// bounds it.
    pub peak: f64,
    /// The least time of all runs of each block's inside, which the first one's stem is a part of,
    /// and of its rest, and at last of the head.
    pub times: Vec<Duration>,
}
