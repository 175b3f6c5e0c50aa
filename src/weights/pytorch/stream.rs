//! The files that PyTorch wrote before it wrote zip archives: a row of pickles, then the bytes of
//! the tensors.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::archive::LONGEST;
use super::bytes::{Bytes, Place};
use super::invalid::invalid;
use super::machine::run;
use super::object::{Heap, Id, Object};
use super::tensor::Storage;

/// The number that such a file begins with, `0x1950a86a20f9469cfc6c`, as a pickle of the protocol
/// that PyTorch uses.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// Reads the pickles into `heap`; the object that was saved, and where the bytes of its tensors are.
///
/// Any other pickle is an object without tensors.
///
/// # Errors
/// Of the kind [`io::ErrorKind::InvalidData`] if the file is broken; `heap` then holds what was read.
pub(super) fn open(path: &Path, mut file: File, heap: &mut Heap) -> io::Result<(Id, Bytes)> {
    let mut start = Vec::new();
    file.by_ref().take(LONGEST).read_to_end(&mut start)?;
    let mut place = 0;
    let mut next = |heap: &mut Heap| run(&start, &mut place, heap).map_err(invalid);
    let mut bytes = Bytes::new(path);
    if !start.starts_with(MAGIC) {
        return Ok((next(heap)?, bytes));
    }
    let (_, _version, system) = (next(heap)?, next(heap)?, next(heap)?);
    let little = heap.entries(system).into_iter().any(|(key, value)| {
        heap.key(key).as_deref() == Some("little_endian")
            && matches!(heap.get(value), Object::Bool(true))
    });
    if !little {
        return Err(invalid("numbers with the highest byte first"));
    }
    let (root, keys) = (next(heap)?, next(heap)?);
    let sizes: HashMap<String, u64> = Storage::all(heap)
        .map(|storage| (storage.key, storage.width as u64))
        .collect();
    let length = file.metadata()?.len();
    let mut start = place as u64;
    for &key in heap.list(keys).unwrap_or_default() {
        let key = heap
            .key(key)
            .ok_or_else(|| invalid("a storage without a key"))?;
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut count)?;
        start += count.len() as u64;
        let width = sizes.get(&key).copied().unwrap_or(1);
        let size = u64::from_le_bytes(count).checked_mul(width);
        let end = size.and_then(|size| start.checked_add(size));
        let (Some(size), Some(end)) = (size, end.filter(|&end| end <= length)) else {
            return Err(invalid(format!("storage {key:?} cut short")));
        };
        bytes.insert(
            &key,
            Place {
                start,
                size,
                checksum: None,
                compressed: None,
            },
        );
        start = end;
    }
    Ok((root, bytes))
}
