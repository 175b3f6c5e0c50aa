//! Photographs to a folder of crops, which an interruption costs one photograph at most.

mod config;
mod cropped;
mod index;
mod journal;
mod run;

pub use config::CroppingConfig;
pub use cropped::{Cropped, CroppedFace};
pub use run::{Cropping, crops_beside, remove_crops};
