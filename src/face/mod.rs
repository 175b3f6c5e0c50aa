//! From a photograph to the crops that networks read: faces found, aligned and cut.
//!
//! [`Detector`] finds faces with [`yunet`] or [`mtcnn`]; [`Crop`] is the part of the picture that a
//! network reads; [`FaceReader`] goes all the way to the scores of each face, and `Cropping`, with the
//! feature `picture`, writes the crops into a folder.
//!
//! # Example
//! ```
//! use countenance::data::image::RgbImage;
//! use countenance::face::{Bounds, Crop, Detection, TEMPLATE};
//!
//! let photograph = RgbImage::new(640, 480);
//! let bounds = Bounds { x: 200.0, y: 120.0, width: 90.0, height: 110.0 };
//! // Landmarks twice as far from each other as in an aligned crop.
//! let landmarks = TEMPLATE.map(|[x, y]| [2.0 * x + 150.0, 2.0 * y + 80.0]);
//! let face = Detection { bounds, confidence: 0.98, landmarks };
//! assert_eq!(Crop::Box.cut(&photograph, &face).unwrap().dimensions(), (90, 110));
//! assert_eq!(Crop::Aligned.cut(&photograph, &face).unwrap().dimensions(), (112, 112));
//! ```

mod crop;
#[cfg(feature = "picture")]
mod cropping;
mod detection;
mod detector;
pub mod mtcnn;
mod photograph;
mod reader;
mod refinement;
mod similarity;
mod suppression;
mod warp;
pub mod yunet;

pub use crop::{ALIGNED, Crop, TEMPLATE};
#[cfg(feature = "picture")]
pub use cropping::{Cropped, CroppedFace, Cropping, CroppingConfig, crops_beside, remove_crops};
pub use detection::{Bounds, Detection};
pub use detector::{Detector, DetectorNetwork};
pub use photograph::Photograph;
pub use reader::{Face, FaceReader};
pub use similarity::Similarity;
