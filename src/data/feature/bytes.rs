//! A file's bytes, or what was unpacked of them.

use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

use crate::Result;
use crate::data::cache::map::map;

/// A part of a file that is mapped into memory, or of what was unpacked from one.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    source: Source,
    range: Range<usize>,
}

#[derive(Clone, Debug)]
enum Source {
    Mapped(Arc<Mmap>),
    Unpacked(Arc<Vec<u8>>),
}

impl Bytes {
    /// All of a file.
    pub fn of_file(path: &Path) -> Result<Self> {
        let map = map(path)?;
        Ok(Self {
            range: 0..map.len(),
            source: Source::Mapped(Arc::new(map)),
        })
    }

    /// What was unpacked.
    pub fn unpacked(bytes: Vec<u8>) -> Self {
        Self {
            range: 0..bytes.len(),
            source: Source::Unpacked(Arc::new(bytes)),
        }
    }

    /// A part of these; nothing if they do not reach so far.
    pub fn part(&self, part: Range<usize>) -> Option<Self> {
        self.get(part.clone())?;
        Some(Self {
            source: self.source.clone(),
            range: self.range.start + part.start..self.range.start + part.end,
        })
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all: &[u8] = match &self.source {
            Source::Mapped(map) => map,
            Source::Unpacked(bytes) => bytes,
        };
        &all[self.range.clone()]
    }
}
