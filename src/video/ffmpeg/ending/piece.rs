//! Pieces of a file, and how many there are.

use std::io::{self, Read, Seek, SeekFrom};

/// How many bytes are there, if a file says that it has more.
pub(super) fn shorter(length: u64, whole: u64) -> Option<String> {
    (length < whole).then(|| format!("it has {length} of {whole} bytes"))
}

/// The last bytes of a file, at most `most`.
pub(super) fn tail(file: &mut (impl Read + Seek), length: u64, most: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut tail = Vec::new();
    file.take(most).read_to_end(&mut tail)?;
    Ok(tail)
}

/// The next bytes.
pub(super) fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
