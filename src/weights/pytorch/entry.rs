//! The entries of a zip archive, and what can be wrong with one.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config};

use super::invalid::invalid;

/// The archive in `file`.
pub(super) fn archive(file: File) -> io::Result<ZipArchive<BufReader<File>>> {
    // A checkpoint is an archive from its first byte on: the place of the list of entries need not
    // be guessed.
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    ZipArchive::with_config(config, BufReader::new(file)).map_err(broken)
}

/// The entry of number `index`, unpacked.
pub(super) fn unpack(path: &Path, index: usize, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut archive = archive(File::open(path)?)?;
    let mut entry = archive.by_index(index).map_err(broken)?;
    io::copy(&mut entry.by_ref().take(start), &mut io::sink())?;
    let mut bytes = Vec::new();
    entry.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn broken(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        error => invalid(format!("a broken zip archive: {error}")),
    }
}
