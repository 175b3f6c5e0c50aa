//! From image files to network input: decoding, resizing, normalising, augmenting.

mod augment;
mod decode;
mod jpeg;
mod kind;
mod orientation;
mod png;
mod preprocess;
mod resize;
mod stream;
mod tiff;

pub use self::augment::AugmentationConfig;
pub use self::decode::{ImageLimits, decode, read};
pub use self::kind::ImageKind;
pub use self::preprocess::Preprocessing;
pub use self::resize::resize;
pub use self::stream::{DecodedBatch, ImageStream};

/// An image of 8-bit red, green and blue, in rows from the top.
pub use ::image::RgbImage;
