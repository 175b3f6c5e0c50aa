//! From what a user writes for weights to a file.

use std::path::{Path, PathBuf};

use super::{Publication, RemoteFile, cache_folder};
use crate::{Error, Result};

/// What [`locate`] tells while it fetches weights.
#[derive(Clone, Copy, Debug)]
pub enum Fetch<'a> {
    /// A file is about to be fetched.
    Begins {
        /// Which one, and from where.
        file: &'a RemoteFile,
        /// Whose it is, and on what terms.
        terms: &'a str,
    },
    /// So many of its bytes are there, and of how many if that is known.
    Bytes(u64, Option<u64>),
}

/// The file that `text` stands for: a path, or a name of published weights, such as
/// `hsemotion:enet_b0_8_best_vgaf`, `yunet` or `mtcnn`. They are fetched into the user's cache, once.
///
/// `told` hears what is fetched, and how far it is.
///
/// # Errors
/// [`Error::Argument`] if the name is not known, [`Error::File`] if something else is in its place in
/// the cache. [`Error::Download`] with a command that brings the weights if fetching fails or this
/// build lacks the cargo feature `download`.
pub fn locate(text: &str, told: &mut dyn FnMut(Fetch<'_>)) -> Result<PathBuf> {
    let path = PathBuf::from(text);
    match Publication::named(text) {
        _ if path.exists() => Ok(path),
        Ok(None) => Ok(path),
        Ok(Some(publication)) => located(&publication, &cache_folder()?, told),
        Err(unknown) => Err(unknown),
    }
}

/// The publication in `folder`, fetched if it is not there.
fn located(
    publication: &Publication,
    folder: &Path,
    told: &mut dyn FnMut(Fetch<'_>),
) -> Result<PathBuf> {
    if let Some(path) = publication.cached(folder)? {
        return Ok(path);
    }
    fetch(publication, folder, told).map_err(|error| match error {
        Error::Download { url, reason, .. } => Error::Download {
            url,
            reason,
            command: Some(publication.command(folder)),
        },
        other => other,
    })?;
    Ok(publication.path(folder))
}

#[cfg(feature = "download")]
fn fetch(publication: &Publication, folder: &Path, told: &mut dyn FnMut(Fetch<'_>)) -> Result<()> {
    let terms = publication.terms;
    for file in &publication.files {
        let path = publication.path_of(file, folder);
        if path.is_file() {
            continue;
        }
        told(Fetch::Begins { file, terms });
        let place = path.parent().unwrap_or(folder);
        file.fetch(place, &mut |done, total| told(Fetch::Bytes(done, total)))?;
    }
    Ok(())
}

#[cfg(not(feature = "download"))]
fn fetch(publication: &Publication, _: &Path, _: &mut dyn FnMut(Fetch<'_>)) -> Result<()> {
    Err(Error::Download {
        url: publication.files[0].url.clone(),
        reason: "this build lacks the feature `download`".into(),
        command: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A publication that no server has.
    fn nowhere() -> Publication {
        Publication {
            name: "nowhere".into(),
            files: vec![RemoteFile {
                file: "weights.pt".into(),
                // A port that nothing listens on.
                url: "http://127.0.0.1:9/weights.pt".into(),
                size: None,
                sha256: None,
            }],
            terms: "nobody's",
        }
    }

    #[test]
    fn a_path_stays_a_path() {
        for path in ["model.safetensors", "no/such/file.pt", "hsemotion"] {
            let located = locate(path, &mut |_| panic!("nothing is fetched"));
            assert_eq!(located.unwrap(), PathBuf::from(path));
        }
    }

    #[test]
    fn what_was_fetched_before_is_found_without_the_network() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pt");
        std::fs::write(&path, b"weights").unwrap();
        let found = located(&nowhere(), folder.path(), &mut |_| panic!("it is there"));
        assert_eq!(found.unwrap(), path);
    }

    #[test]
    fn what_cannot_be_fetched_comes_with_the_command_that_brings_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = located(&nowhere(), folder.path(), &mut |_| ()).unwrap_err();
        assert!(matches!(error, Error::Download { .. }), "{error:?}");
        let command = nowhere().command(folder.path());
        assert!(error.to_string().contains(&command), "{error}");
    }
}
