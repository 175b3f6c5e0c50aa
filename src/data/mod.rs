//! data

#[cfg(feature = "train")]
pub mod synthetic;
