//! YuNet: a detector of 76,000 parameters that finds faces of any size in one go (Wu, Peng and Yu,
//! "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 20, 2023).
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use countenance::face::yunet::YuNetConfig;
//!
//! let device = Device::default();
//! let network = YuNetConfig::new().init(&device);
//! // Height and width are multiples of 32; a cell stands for 8, 16 or 32 pixels.
//! let [finest, _, coarsest] = network.forward(Tensor::zeros([1, 3, 64, 96], &device));
//! assert_eq!(finest.landmarks.dims(), [1, 10, 8, 12]);
//! assert_eq!(coarsest.bounds.dims(), [1, 4, 2, 3]);
//! ```

mod cell;
mod decode;
mod network;
mod refine;
mod search;
mod unit;
mod view;

pub use decode::YuNetThresholds;
pub use network::{Level, LevelOutput, Neck, Stem, YuNet, YuNetConfig};
pub use unit::{Unit, UnitConfig};
