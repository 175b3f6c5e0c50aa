//! Devices by name: what this build can compute on, and what this machine has of it.
//!
//! The one place that names backends. Everything else takes a [`Device`](burn::tensor::Device), and
//! `Device::default()` is burn's: the environment variable `BURN_DEVICE`, or the fastest backend
//! compiled in.
//!
//! # Example
//! ```
//! use countenance::device::DeviceName;
//!
//! # if cfg!(feature = "flex") {
//! let name: DeviceName = "flex".parse()?;
//! let device = name.open()?;
//! # }
//! assert!("gpu".parse::<DeviceName>().is_err());
//! # Ok::<(), countenance::Error>(())
//! ```

mod backend;
mod kernel;
mod list;
mod name;

pub(crate) use self::backend::is_processor;
pub use self::kernel::keep_kernels;
pub use self::list::{BackendDevices, Description, list};
pub use self::name::DeviceName;
