//! train

pub mod picture;
