//! Features over time: each frame's feature read together with those around it.
//!
//! A [`Temporal`] stands between features and heads. It takes a window of a face's features, the times at
//! which they were taken and which of them are missing, and gives a feature of each frame that the heads
//! read as they read any other. [`Grid`] says which frames a window has, whatever the frame rate of its
//! video; [`WindowBuilder`] lays windows out as tensors.
//!
//! # Example
//! ```
//! use burn::tensor::{Device, Tensor};
//! use countenance::temporal::{TemporalConfig, TemporalForm, WindowBuilder};
//!
//! let config = TemporalConfig::new()
//!     .with_form(TemporalForm::Convolution { layers: 2, kernel: 3 })
//!     .with_width(8)
//!     .with_window(1.0)
//!     .with_rate(4.0);
//! let device = Device::default();
//! let temporal = config.init(6, &device);
//!
//! // A face in four frames, one of which could not be read, and the window of the third frame.
//! let times = [0.0, 0.25, 0.5, 0.75];
//! let features = [Some([0.1; 6]), None, Some([0.3; 6]), Some([0.4; 6])];
//! let grid = config.grid();
//! let mut windows = WindowBuilder::new(grid.steps(), 6);
//! let frames = grid.around(&times, 2);
//! windows.push(frames.iter().map(|&frame| {
//!     let frame = frame?;
//!     Some((features[frame].as_ref()?.as_slice(), (times[frame] - times[2]) as f32))
//! }));
//! windows.read(0, grid.reference());
//! let read = temporal.read(&windows.build(&device));
//! // Before it has learnt anything it changes nothing.
//! read.into_data().assert_eq(&Tensor::<2>::full([1, 6], 0.3, &device).into_data(), true);
//! ```

mod config;
mod convolution;
mod encoding;
mod grid;
mod layer;
mod window;

pub use self::config::{TemporalConfig, TemporalForm};
pub use self::convolution::{ConvolutionBlock, TemporalConvolution};
pub use self::encoding::TimeEncoding;
pub use self::grid::Grid;
pub use self::layer::Temporal;
pub use self::window::{WindowBuilder, Windows};
