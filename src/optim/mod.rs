//! Optimizers: sharpness-aware minimisation around any burn optimizer.
//!
//! [`BaseOptimizerConfig`] builds the base optimizer with every hyper-parameter spelt out. [`Sam`]
//! takes both passes of sharpness-aware minimisation and returns the gradients that the base
//! optimizer then applies, so that a training step looks the same with and without it; it says how
//! it goes with gradients that are accumulated or clipped. [`clip_gradient_norm`] bounds the norm of
//! all gradients together, and [`gradient_norm`] is what a run watches to stop on a gradient that is
//! not finite.
//!
//! The base optimizers' configs have names of their own, as their defaults are not those of burn's
//! configs of the same algorithms.
//!
//! # Example
//! ```
//! use burn::nn::{Initializer, LinearConfig};
//! use burn::tensor::{Device, Tensor};
//! use countenance::optim::{BaseOptimizerConfig, SamConfig};
//!
//! let device = Device::default().autodiff();
//! let halves = Initializer::Constant { value: 0.5 };
//! let mut model = LinearConfig::new(3, 1).with_initializer(halves).init(&device);
//! let mut optimizer = BaseOptimizerConfig::default().init();
//! let sam = SamConfig::new().init();
//! let input = Tensor::<2>::ones([4, 3], &device);
//!
//! let mut losses = Vec::new();
//! for _ in 0..10 {
//!     let step = sam.step(&model, |model| {
//!         let loss = model.forward(input.clone()).square().mean();
//!         (loss.clone(), loss)
//!     });
//!     losses.push(step.output.into_scalar::<f32>());
//!     model = optimizer.step(0.01, model, step.gradients);
//! }
//! assert!(losses[9] < losses[0]);
//! ```

mod clipping;
mod config;
mod copy;
mod ema;
#[cfg(all(test, feature = "train"))]
mod learner;
mod norm;
mod number;
mod sam;
mod sgd;

pub use clipping::clip_gradient_norm;
pub use config::{BaseAdamWConfig, BaseOptimizerConfig};
pub use ema::{Ema, EmaConfig};
pub use norm::gradient_norm;
pub(crate) use number::renumbered;
pub use sam::{Sam, SamConfig, SamStep};
pub use sgd::BaseSgdConfig;
