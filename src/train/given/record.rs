//! The feature files that a run began with, by their bytes.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::feature::FileDigest;
use crate::data::file::write_whole;
use crate::{Error, Result};

/// Digits of a digest that errors show.
const SHOWN: usize = 12;

/// A file, and its SHA-256.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: PathBuf,
    sha256: String,
}

/// Refuses other files than those of the `record` that the run keeps of what it began with; one that
/// begins gets the record of these. A file may have moved: its bytes count.
///
/// # Errors
/// [`Error::File`] that names the first file that is another; [`Error::Io`] if the record cannot be
/// read or written.
pub(super) fn recognise(record: &Path, found: &[FileDigest]) -> Result<()> {
    let text = match std::fs::read(record) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let entries: Vec<Entry> = found.iter().map(entry).collect();
            return write_whole(record, |file| {
                serde_json::to_writer_pretty(&mut *file, &entries)?;
                writeln!(file)
            });
        }
        Err(error) => return Err(Error::io("read", record)(error)),
    };
    let expected: Vec<Entry> = serde_json::from_slice(&text).map_err(|error| {
        Error::file(
            record,
            "the record of a run's feature files",
            error.to_string(),
        )
    })?;
    let began = format!("that the run began with ({})", record.display());
    if expected.len() != found.len() {
        return Err(Error::file(
            record,
            format!(
                "the {} feature files and lists of names {began}",
                expected.len()
            ),
            format!(
                "{}; put the old ones back, or train in another folder",
                found.len()
            ),
        ));
    }
    let mut pairs = expected.iter().zip(found);
    match pairs.find(|(expected, found)| expected.sha256 != found.sha256) {
        None => Ok(()),
        Some((expected, found)) => Err(Error::file(
            &found.path,
            format!(
                "the file with SHA-256 {:.SHOWN$}... {began}",
                expected.sha256
            ),
            format!(
                "SHA-256 {:.SHOWN$}...; put the old file back, or train in another folder",
                found.sha256
            ),
        )),
    }
}

fn entry(digest: &FileDigest) -> Entry {
    Entry {
        file: digest.path.clone(),
        sha256: digest.sha256.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(path: &str, sha256: &str) -> FileDigest {
        FileDigest {
            path: path.into(),
            sha256: sha256.into(),
        }
    }

    #[test]
    fn the_files_that_a_run_began_with_are_known_by_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join(super::super::RECORD);
        let began = [digest("a.npy", "0123456789abcdef"), digest("b.npy", "beef")];
        recognise(&record, &began).unwrap();
        recognise(&record, &began).unwrap();
        let moved = [digest("c.npy", "0123456789abcdef"), digest("b.npy", "beef")];
        recognise(&record, &moved).unwrap();
        let other = [digest("a.npy", "fedcba9876543210"), digest("b.npy", "beef")];
        let error = recognise(&record, &other).unwrap_err().to_string();
        assert!(
            error.starts_with("a.npy: expected the file with SHA-256 0123456789ab... that"),
            "{error}"
        );
        assert!(
            error.contains("found SHA-256 fedcba987654...; put the old"),
            "{error}"
        );
        let error = recognise(&record, &began[..1]).unwrap_err().to_string();
        assert!(
            error.contains("expected the 2 feature files") && error.contains("found 1"),
            "{error}"
        );
        std::fs::write(&record, "[]x").unwrap();
        let error = recognise(&record, &began).unwrap_err().to_string();
        assert!(error.contains("files.json: expected the record"), "{error}");
    }
}
