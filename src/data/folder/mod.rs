//! The images of a folder, as people keep them.
//!
//! A folder is read with all its subfolders, in [natural order](natural_order). Links to files and to
//! folders are followed, and a folder that several links lead to is read under each of its names, but
//! never below itself: loops of links end.
//!
//! What is an image is told by its content, whatever it is called: `.jfif`, `.jpg.part`, nothing at
//! all. A file whose ending claims that it is one is listed too, whatever it holds, so that a damaged
//! or an empty image is reported by whoever reads it and does not vanish. Everything else is passed
//! over and counted by its kind, hidden files and folders included.
//!
//! # Example
//! ```
//! # let root = tempfile::tempdir().unwrap();
//! # let root = root.path();
//! # std::fs::create_dir(root.join("session")).unwrap();
//! # for name in ["10.png", "session/9.png"] {
//! #     countenance::data::image::RgbImage::new(4, 4).save(root.join(name)).unwrap();
//! # }
//! use countenance::data::folder::ImageFolder;
//!
//! std::fs::write(root.join("empty.jpg"), []).unwrap();
//! std::fs::write(root.join("readme.md"), "of no interest").unwrap();
//! // Subfolders count; what claims to be an image is listed, for whoever reads it to report.
//! let folder = ImageFolder::list(root)?;
//! assert_eq!(folder.images.len(), 3);
//! assert_eq!(folder.passed_over.to_string(), "1 md");
//! # Ok::<(), countenance::Error>(())
//! ```

mod name;
mod order;
mod passed_over;
mod sniff;
mod walk;

use std::path::{Path, PathBuf};

use crate::{Error, Result};

pub use self::name::row_name;
pub use self::order::natural_order;
pub use self::passed_over::{PassedOver, Reason};
pub use self::sniff::claims_image;

/// The images in a folder and below it.
///
/// # Example
/// ```
/// # let root = tempfile::tempdir().unwrap();
/// # let root = root.path();
/// # for name in ["10.png", "2.png"] {
/// #     countenance::data::image::RgbImage::new(4, 4).save(root.join(name)).unwrap();
/// # }
/// # std::fs::write(root.join("notes.txt"), "of no interest").unwrap();
/// use countenance::data::folder::ImageFolder;
///
/// let folder = ImageFolder::list(root)?;
/// assert_eq!(folder.names(), ["2.png", "10.png"]);
/// assert_eq!(folder.passed_over.to_string(), "1 txt");
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug)]
pub struct ImageFolder {
    /// The folder.
    pub folder: PathBuf,
    /// The images' paths, each beginning with the folder's, in [natural order](natural_order).
    pub images: Vec<PathBuf>,
    /// What else is there.
    pub passed_over: PassedOver,
    /// Subfolders that cannot be listed, each with the reason: images may be missing.
    pub unlisted: Vec<(PathBuf, Error)>,
}

impl ImageFolder {
    /// Lists `folder`, which is read even if it is hidden itself.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be listed; [`Error::File`] if it is none, or has no image
    /// in it or below it, saying what it has instead.
    pub fn list(folder: &Path) -> Result<Self> {
        Self::list_without(folder, None)
    }

    /// Lists `folder` without the subfolder `left_out`, such as one for results, wherever it is.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn list_without(folder: &Path, left_out: Option<&Path>) -> Result<Self> {
        let mut listed = walk::walk(folder, left_out)?;
        if !listed.images.is_empty() {
            return Ok(Self {
                folder: folder.to_path_buf(),
                images: listed.images,
                passed_over: listed.passed_over,
                unlisted: listed.unlisted,
            });
        }
        if !listed.unlisted.is_empty() {
            return Err(listed.unlisted.swap_remove(0).1);
        }
        let found = match listed.passed_over.is_empty() {
            true => "an empty one".to_string(),
            false => format!("none (passed over: {})", listed.passed_over),
        };
        let expected = "a folder with an image in it or below it";
        Err(Error::file(folder, expected, found))
    }

    /// The same folder, if all its subfolders could be listed.
    ///
    /// # Errors
    /// Why the first of them could not be.
    pub fn complete(mut self) -> Result<Self> {
        match self.unlisted.is_empty() {
            true => Ok(self),
            false => Err(self.unlisted.swap_remove(0).1),
        }
    }

    /// The rows' names: the images' paths below the folder, as [`row_name`] writes them.
    pub fn names(&self) -> Vec<String> {
        let below = |path: &PathBuf| row_name(path.strip_prefix(&self.folder).unwrap_or(path));
        self.images.iter().map(below).collect()
    }
}
