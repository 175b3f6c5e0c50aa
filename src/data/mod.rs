//! What goes into a network: annotation files, images, cached features.
//!
//! | module | holds |
//! |---|---|
//! | [`annotation`] | s-Aff-Wild2's annotation and list files |
//! | [`split`] | the training and validation sets in their folder, and their label statistics |
//! | [`submission`] | the challenge's result file |
//! | [`folder`] | the images of a folder: which, in what order, by what names |
//! | [`image`] | decoding, Pillow's resize, normalisation, augmentation |
//! | [`cache`] | features on disk, tied to what they were made from |
//! | `synthetic` | the rendered set, with the `picture` feature |
//! | [`file`](mod@file) | writing a file whole or not at all |

pub mod annotation;
pub mod cache;
pub mod file;
pub mod folder;
pub mod image;
pub mod split;
pub mod submission;
#[cfg(feature = "picture")]
pub mod synthetic;
