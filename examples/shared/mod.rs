//! What the examples share: the choice of a device, progress on stderr, one line per error.
//!
//! Each example uses what it needs of it.
#![allow(dead_code, reason = "no example uses everything")]

pub mod argument;
pub mod command;
pub mod confusion;
#[cfg(feature = "picture")]
pub mod crop;
pub mod detection;
pub mod device;
#[cfg(feature = "picture")]
pub mod drawn;
pub mod folder;
pub mod given;
pub mod group;
pub mod inference;
pub mod interrupt;
pub mod label;
pub mod line;
pub mod output;
pub mod progress;
pub mod report;
#[cfg(feature = "picture")]
pub mod score;
pub mod scoring;
pub mod smoothing;
pub mod split;
pub mod spread;
pub mod student;
pub mod terminal;
#[cfg(feature = "train")]
pub mod training;
pub mod unreadable;
#[cfg(feature = "picture")]
pub mod video;
pub mod weights;
