//! From what a user writes for weights to a file.

use std::path::PathBuf;

use crate::Result;

/// The file that `text` stands for: a path, or the name of published weights, such as
/// `hsemotion:enet_b0_8_best_vgaf`, which are fetched into the user's cache.
///
/// `progress` hears how many bytes of a fetch are there, and of how many if that is known.
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) if the name is not known, or this build lacks the
/// cargo feature `download`; [`Error::Download`](crate::Error::Download) if fetching fails.
pub fn locate(text: &str, progress: &mut dyn FnMut(u64, Option<u64>)) -> Result<PathBuf> {
    let path = PathBuf::from(text);
    match text.starts_with("hsemotion:") && !path.exists() {
        true => fetched(text, progress),
        false => Ok(path),
    }
}

#[cfg(feature = "download")]
fn fetched(name: &str, progress: &mut dyn FnMut(u64, Option<u64>)) -> Result<PathBuf> {
    let folder = super::download::cache_folder()?;
    super::download::RemoteFile::named(name)?.fetch(&folder, progress)
}

#[cfg(not(feature = "download"))]
fn fetched(name: &str, _: &mut dyn FnMut(u64, Option<u64>)) -> Result<PathBuf> {
    let expected = "a path, or a build with `--features download`";
    Err(crate::Error::argument("the weights", expected, name))
}
