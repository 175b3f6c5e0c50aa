//! How training descends: sharpness-aware minimisation around any burn optimizer.
//!
//! [`OptimizerConfig`] builds the base optimizer with every hyper-parameter spelt out. [`Sam`]
//! takes both passes of sharpness-aware minimisation and returns the gradients that the base
//! optimizer then applies, so that a training step looks the same with and without it.
//! [`gradient_norm`] is what a run watches to stop on a gradient that is not finite.

mod config;
mod ema;
mod norm;
mod sam;
mod sgd;

pub use config::{AdamWConfig, OptimizerConfig};
pub use ema::{Ema, EmaConfig};
pub use norm::gradient_norm;
pub use sam::{Sam, SamConfig, SamStep};
pub use sgd::SgdConfig;
