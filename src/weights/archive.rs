//! The zip archives that PyTorch writes, without the part that misleads readers of zip archives.
//!
//! PyTorch ends every archive with the 64-bit records, 76 bytes that a small archive has no need
//! of. The reader of zip archives behind burn's looks for the list of entries where it would be
//! without them, and takes the second entry for the first if the first entry's own record is 76
//! bytes long, that is, if the file was saved under a name of 21 characters.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::NamedTempFile;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: u64 = 22;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_LENGTH: u64 = 20;
const END_64: &[u8] = b"PK\x06\x06";
const END_64_LENGTH: u64 = 56;

/// A copy of the archive at `path` without its 64-bit records; `None` if it does not end as
/// PyTorch's do.
pub(super) fn without_64_bit_records(path: &Path) -> io::Result<Option<NamedTempFile>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let records = END_64_LENGTH + LOCATOR_LENGTH;
    let Some(start) = length.checked_sub(records + END_LENGTH) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let (end_64, rest) = tail.split_at(END_64_LENGTH as usize);
    let (locator, end) = rest.split_at(LOCATOR_LENGTH as usize);
    if !end_64.starts_with(END_64) || !locator.starts_with(LOCATOR) || !end.starts_with(END) {
        return Ok(None);
    }
    let mut copy = NamedTempFile::new()?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file.take(start), copy.as_file_mut())?;
    copy.write_all(end)?;
    copy.flush()?;
    Ok(Some(copy))
}
