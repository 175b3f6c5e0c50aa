//! AVI: the list of the pictures begins with its number of bytes; a large file has several such lists. The
//! index behind them may be missing: the pictures are there without it.

use std::io::{self, Read, Seek, SeekFrom};

use super::piece::{bytes, shorter};

/// What a program writes that does not know the number of bytes yet, and cannot go back later.
const UNKNOWN: [u32; 2] = [0, u32::MAX];
/// Chunks that are looked at, all together.
const MOST: usize = 4096;

pub(super) fn broken(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<String>> {
    let mut place = 0;
    for _ in 0..MOST {
        if place + 12 > length {
            break;
        }
        file.seek(SeekFrom::Start(place))?;
        let id: [u8; 4] = bytes(file)?;
        let size = u32::from_le_bytes(bytes(file)?);
        let kind: [u8; 4] = bytes(file)?;
        if UNKNOWN.contains(&size) {
            break;
        }
        // A chunk of an odd number of bytes has one more behind it.
        let end = place + 8 + u64::from(size);
        place = match (&id, &kind) {
            // What is in it follows its name.
            (b"RIFF", b"AVI " | b"AVIX") => place + 12,
            (b"LIST", b"movi") if end > length => return Ok(shorter(length, end)),
            (b"RIFF", _) => break,
            _ => end.next_multiple_of(2),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::ops::Range;

    use super::*;

    fn chunk(id: &[u8], inside: &[u8]) -> Vec<u8> {
        let size = (inside.len() as u32).to_le_bytes();
        let padding = &[0][..inside.len() % 2];
        [id, &size, inside, padding].concat()
    }

    /// A file of two lists of pictures, and where the second one is.
    fn file() -> (Vec<u8>, Range<usize>) {
        let head = chunk(b"LIST", b"hdrl.....");
        let pictures = chunk(b"LIST", b"movi00dc....");
        let index = chunk(b"idx1", &[7; 16]);
        let mut file = chunk(b"RIFF", &[b"AVI ", &*head, &pictures, &index].concat());
        file.extend(chunk(b"RIFF", &[b"AVIX", &*pictures, &index].concat()));
        let end = file.len() - index.len();
        (file, end - pictures.len()..end)
    }

    fn told(file: &[u8]) -> Option<String> {
        broken(&mut Cursor::new(file), file.len() as u64).unwrap()
    }

    #[test]
    fn pictures_that_are_missing_are_told_and_an_index_that_is_is_not() {
        let (file, Range { start, end }) = file();
        for length in start + 12..end {
            let said = told(&file[..length]).unwrap();
            assert_eq!(said, format!("it has {length} of {end} bytes"));
        }
        for length in end..file.len() {
            assert_eq!(told(&file[..length]), None, "{length}");
        }
        let first = file.windows(4).position(|name| name == b"movi").unwrap();
        assert!(told(&file[..first + 5]).is_some());
        assert_eq!(told(&[&*file, b"and more than that"].concat()), None);
    }

    #[test]
    fn numbers_that_nobody_knew_and_other_files_say_nothing() {
        let (file, _) = file();
        let first = file.windows(4).position(|name| name == b"movi").unwrap();
        for unknown in UNKNOWN {
            for place in [4, first - 4] {
                let mut file = file[..first + 8].to_vec();
                file[place..place + 4].copy_from_slice(&unknown.to_le_bytes());
                assert_eq!(told(&file), None);
            }
        }
        assert_eq!(told(&chunk(b"RIFF", b"WAVEfmt ....")), None);
        assert_eq!(told(&[0xff; 64]), None);
    }
}
