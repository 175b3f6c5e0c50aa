//! How long each layer of a network takes; `cargo bench --bench layer` prints it.

use std::time::Duration;

/// The layers of a network on one core, and what that core can do.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The instruction set.
    pub instructions: String,
    /// Floating-point operations that the core can do in a second, when nothing but arithmetic
    /// bounds it.
    pub peak: f64,
    /// The layers, in order.
    pub layers: Vec<LayerTime>,
}

/// What one layer does, and how long it takes one core.
#[derive(Clone, Debug)]
pub struct LayerTime {
    /// Which layer it is.
    pub name: String,
    /// Products and sums, two for a multiply-add.
    pub operations: usize,
    /// Evaluations of SiLU.
    pub silu: usize,
    /// Weights, and maps read and written, in bytes.
    pub bytes: usize,
    /// The least time of all runs.
    pub best: Duration,
}
