//! The one unsafe corner of the cache: a file's bytes seen as floats without copying them.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

use crate::{Error, Result};

/// Maps `path` for reading.
pub(in crate::data) fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(Error::file(path, "a feature file", "a folder"));
    }
    // SAFETY: a mapping is sound as long as nobody shortens or rewrites the file beneath it. This
    // crate never does: feature files are replaced by renaming a finished file over them, which
    // leaves the mapped one alive. `FeatureCache` documents the same duty for other programs.
    unsafe { Mmap::map(&file) }.map_err(Error::io("map", path))
}

/// Little-endian float32 values of a file: borrowed from the mapping where it can be read in place,
/// otherwise copied.
#[derive(Debug)]
pub(super) enum Floats {
    /// `range` of the mapping starts at a multiple of 4 bytes and is a multiple of 4 bytes long, on a
    /// little-endian machine.
    InPlace { map: Mmap, range: Range<usize> },
    /// A file whose data are not aligned, as other programs may write them, or another byte order.
    Copied(Vec<f32>),
}

impl Floats {
    /// The floats in `range` of `map`, which lies within it and is a multiple of 4 bytes long.
    pub(super) fn new(map: Mmap, range: Range<usize>) -> Self {
        let bytes = &map[range.clone()];
        let aligned = bytes.as_ptr().cast::<f32>().is_aligned();
        if aligned && cfg!(target_endian = "little") {
            return Self::InPlace { map, range };
        }
        Self::Copied(
            bytes
                .chunks_exact(size_of::<f32>())
                .map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                .collect(),
        )
    }

    /// All of them.
    pub(super) fn as_slice(&self) -> &[f32] {
        match self {
            Self::InPlace { map, range } => {
                // SAFETY: every bit pattern is a valid f32, and `align_to` puts only whole, aligned
                // words into its middle part. By the variant's invariant that part is everything.
                let (before, floats, after) = unsafe { map[range.clone()].align_to::<f32>() };
                debug_assert!(before.is_empty() && after.is_empty());
                floats
            }
            Self::Copied(floats) => floats,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_the_same_at_every_alignment_and_at_the_files_edges() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("floats");
        let values = [1.5f32, -2.25, f32::MAX, f32::NEG_INFINITY, 0.0];
        for offset in 0..9 {
            let mut bytes = vec![7u8; offset];
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            std::fs::write(&path, &bytes).unwrap();
            let floats = Floats::new(map(&path).unwrap(), offset..bytes.len());
            assert_eq!(floats.as_slice(), values);
            assert_eq!(matches!(floats, Floats::InPlace { .. }), offset % 4 == 0);
            let none = Floats::new(map(&path).unwrap(), bytes.len()..bytes.len());
            assert_eq!(none.as_slice(), [0.0f32; 0]);
        }
    }
}
