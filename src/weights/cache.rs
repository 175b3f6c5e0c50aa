//! The folder that fetched weights are kept in.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The folder that this crate's downloads are kept in: `countenance` in the user's cache folder,
/// which `XDG_CACHE_HOME` may name.
///
/// # Errors
/// [`Error::Argument`] if the environment names none.
pub fn cache_folder() -> Result<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| variable("LOCALAPPDATA").map(PathBuf::from))
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".cache")))
        .map(|folder| folder.join("countenance"))
        .ok_or_else(|| {
            let expected = "a folder for downloads in XDG_CACHE_HOME or HOME";
            Error::argument("the environment", expected, "neither")
        })
}
