//! The images of a folder.

use std::path::{Path, PathBuf};

use countenance::{Error, Result};

/// Endings of the formats that can be decoded.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];

/// Every image below `folder`, subfolders included, in the order of their paths.
pub fn images_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    collect(folder, &mut images)?;
    images.sort();
    Ok(images)
}

fn collect(folder: &Path, images: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |source| Error::Io {
        action: "list",
        path: folder.to_path_buf(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // A link to a folder is not followed: it may lead back to where it came from.
        if entry.file_type().map_err(failed)?.is_dir() {
            collect(&path, images)?;
        } else if is_image(&path) {
            images.push(path);
        }
    }
    Ok(())
}

fn is_image(path: &Path) -> bool {
    let ending = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    ENDINGS.contains(&ending.as_str())
}
