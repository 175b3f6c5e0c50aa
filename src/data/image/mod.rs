//! From image files to network input: decoding, resizing, normalising, augmenting.
//!
//! # Example
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("face.png");
//! use countenance::data::image::{ImageLimits, Preprocessing, RgbImage, read, resize};
//!
//! RgbImage::from_pixel(64, 48, [255, 0, 0].into()).save(&path).unwrap();
//! let image = read(&path, &ImageLimits::default())?;
//! assert_eq!(resize(&image, 32, 24).get_pixel(0, 0).0, [255, 0, 0]);
//!
//! // Three planes of 112 pixels a side; red is (1 - 0.485) / 0.229 in ImageNet's measure.
//! let input = Preprocessing::imagenet(112).apply(&image);
//! assert_eq!(input.len(), 3 * 112 * 112);
//! assert!((input[0] - 2.2489).abs() < 1e-4);
//! # Ok::<(), countenance::Error>(())
//! ```

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
