//! Where in a file the bytes of tensors are.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::entry::unpack;
use super::invalid::invalid;

/// The places of all storages of a file, by key. PyTorch calls storage what tensors are views of.
#[derive(Debug)]
pub(in crate::weights) struct Bytes {
    path: PathBuf,
    places: HashMap<String, Place>,
}

/// The place of a storage.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Where it begins in the file.
    pub start: u64,
    /// Its bytes, unpacked.
    pub size: u64,
    /// The checksum over all of it, if there is one.
    pub checksum: Option<u32>,
    /// The number of the archive's entry, if that is compressed.
    pub compressed: Option<usize>,
}

impl Bytes {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            places: HashMap::new(),
        }
    }

    pub(super) fn insert(&mut self, key: &str, place: Place) {
        self.places.insert(key.to_string(), place);
    }

    /// `length` bytes of a storage from `start` on.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::InvalidData`] if there are not as many, or they are not those
    /// that were written.
    pub fn read(&self, key: &str, start: u64, length: u64) -> io::Result<Vec<u8>> {
        let place = self.places.get(key);
        let place = place.ok_or_else(|| invalid(format!("no storage {key:?}")))?;
        let end = start.checked_add(length).filter(|&end| end <= place.size);
        if end.is_none() {
            return Err(invalid(format!(
                "{} bytes in storage {key:?}, fewer than its tensors need",
                place.size
            )));
        }
        if let Some(index) = place.compressed {
            let bytes = unpack(&self.path, index, start, length)?;
            return match bytes.len() as u64 == length {
                true => Ok(bytes),
                false => Err(invalid(format!("storage {key:?} cut short"))),
            };
        }
        let mut file = File::open(&self.path)?;
        if place.start.saturating_add(place.size) > file.metadata()?.len() {
            return Err(invalid(format!("storage {key:?} cut short")));
        }
        file.seek(SeekFrom::Start(place.start + start))?;
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes)?;
        match place.checksum {
            Some(checksum) if length == place.size && crc32fast::hash(&bytes) != checksum => Err(
                invalid(format!("storage {key:?} damaged (its checksum differs)")),
            ),
            _ => Ok(bytes),
        }
    }
}
