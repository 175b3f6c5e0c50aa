//! From image files to network input: decoding, resizing, normalising, augmenting.

mod augment;
mod decode;
mod kind;
mod preprocess;
mod resize;
mod stream;

pub use self::augment::AugmentationConfig;
pub use self::decode::{ImageLimits, decode, read};
pub use self::kind::ImageKind;
pub use self::preprocess::Preprocessing;
pub use self::resize::resize;
pub use self::stream::{ImageBatch, ImageStream};

/// An image of 8-bit red, green and blue, in rows from the top.
pub use ::image::RgbImage;
