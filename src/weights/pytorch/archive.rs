//! The zip archives that PyTorch writes: where their pickle and their tensors' bytes are.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::bytes::{Bytes, Place};
use super::entry::{archive, broken};
use super::invalid::invalid;

/// The longest pickle that is read, in bytes. That of a whole EfficientNet-B0 module is a hundredth
/// of this.
pub(super) const LONGEST: u64 = 8 << 20;

/// The pickle of the archive in `file`, and where the bytes of its tensors are.
///
/// # Errors
/// Of the kind [`io::ErrorKind::InvalidData`] if the archive is broken, has no pickle, or the pickle
/// is compressed or long: unpacked, it could fill the memory.
pub(super) fn open(path: &Path, file: File) -> io::Result<(Vec<u8>, Bytes)> {
    let length = file.metadata()?.len();
    let mut archive = archive(file)?;
    let (pickle, root) = pickle(&mut archive)?;
    let mut bytes = Bytes::new(path);
    let tensors = format!("{root}data/");
    let order = format!("{root}byteorder");
    for index in 0..archive.len() {
        let mut entry = archive.by_index_raw(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        if name == order {
            let stored = entry.compression() == CompressionMethod::Stored;
            let mut found = Vec::new();
            entry.by_ref().take(64).read_to_end(&mut found)?;
            if stored && found != b"little" {
                return Err(invalid("numbers with the highest byte first"));
            }
        }
        let Some(key) = name.strip_prefix(&tensors) else {
            continue;
        };
        let start = entry.data_start();
        let start = start.ok_or_else(|| invalid(format!("an archive without {name}")))?;
        let compressed = entry.compression() != CompressionMethod::Stored;
        if compressed && entry.size() > length.saturating_mul(2) {
            return Err(invalid(format!(
                "{} bytes in a file of {length}",
                entry.size()
            )));
        }
        let place = Place {
            start,
            size: entry.size(),
            // PyTorch can be told not to compute them.
            checksum: Some(entry.crc32()).filter(|&checksum| checksum != 0),
            compressed: compressed.then_some(index),
        };
        bytes.insert(key, place);
    }
    Ok((pickle, bytes))
}

/// The pickle, and the folder of the archive that it lies in.
fn pickle(archive: &mut ZipArchive<BufReader<File>>) -> io::Result<(Vec<u8>, String)> {
    const NAME: &str = "data.pkl";
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        let Some(root) = name.strip_suffix(NAME) else {
            continue;
        };
        if !root.is_empty() && !root.ends_with('/') {
            continue;
        }
        if entry.compression() != CompressionMethod::Stored {
            return Err(invalid("a compressed pickle, which PyTorch never writes"));
        }
        if entry.size() > LONGEST || entry.compressed_size() > LONGEST {
            let size = entry.size().max(entry.compressed_size());
            return Err(invalid(format!(
                "a pickle of {size} bytes, more than the {LONGEST} that are read"
            )));
        }
        let mut bytes = Vec::new();
        entry.take(LONGEST).read_to_end(&mut bytes)?;
        return Ok((bytes, root.to_string()));
    }
    Err(invalid(
        "a zip archive without data.pkl (not a PyTorch file, or cut short)",
    ))
}
