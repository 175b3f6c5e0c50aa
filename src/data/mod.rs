//! What goes into a network: annotation files, images, cached features.
//!
//! | module | holds |
//! |---|---|
//! | [`annotation`] | s-Aff-Wild2's annotation and list files |
//! | [`set`] | a data set of any kind, with its vocabulary and its parts |
//! | [`table`] | labels in a CSV file |
//! | [`split`] | the parts of a data set, and their label statistics |
//! | [`division`] | parts that have nobody in common, and folds |
//! | [`mark`] | what rows say beside their labels: video, subject, weight |
//! | [`submission`] | the challenge's result file |
//! | [`folder`] | the images of a folder: which, in what order, by what names |
//! | [`image`] | decoding, Pillow's resize, normalisation, augmentation |
//! | [`feature`] | features of any program: safetensors, `.npy`, `.npz`, joined by name |
//! | [`cache`] | features on disk, tied to what they were made from |
//! | `synthetic` | the rendered set, with the `picture` feature |
//! | [`file`](mod@file) | writing a file whole or not at all |
//!
//! # Example
//! ```
//! # let root = tempfile::tempdir().unwrap();
//! # let root = root.path();
//! # countenance::data::image::RgbImage::new(20, 16).save(root.join("face.png")).unwrap();
//! use burn::tensor::Device;
//! use countenance::data::folder::ImageFolder;
//! use countenance::data::image::{ImageLimits, Preprocessing, read};
//!
//! // From a folder of images to a network's input.
//! let folder = ImageFolder::list(root)?;
//! let limits = ImageLimits::default();
//! let images = folder.images.iter().map(|path| read(path, &limits));
//! let images: Vec<_> = images.collect::<Result<_, _>>()?;
//! let input = Preprocessing::imagenet(224).batch(&images, &Device::default());
//! assert_eq!(input.dims(), [1, 3, 224, 224]);
//! # Ok::<(), countenance::Error>(())
//! ```

pub mod annotation;
pub mod cache;
pub mod division;
pub mod feature;
pub mod file;
pub mod folder;
pub mod image;
mod line;
pub mod mark;
pub mod set;
pub mod split;
pub mod submission;
#[cfg(feature = "picture")]
pub mod synthetic;
pub mod table;
