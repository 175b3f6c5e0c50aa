//! Flash video: one tag behind another, each with its length.
//!
//! The number of seconds in the header is no measure of what is there: a tag holds the time at which it is
//! decoded, which may be long before it is shown.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::piece::bytes;

/// Bytes of a tag's own head.
const HEAD: u64 = 11;
/// Bytes behind each tag.
const BEHIND: u64 = 4;

pub(super) fn broken(
    file: &mut BufReader<impl Read + Seek>,
    length: u64,
) -> io::Result<Option<String>> {
    let [b'F', b'L', b'V', _, _, first @ ..] = bytes::<9>(file)? else {
        return Ok(None);
    };
    let mut place = u64::from(u32::from_be_bytes(first)) + BEHIND;
    file.seek(SeekFrom::Start(place))?;
    while place < length {
        let [kind] = bytes(file)?;
        // Something else behind the last tag, such as zeros, is none of ours.
        if !is_kind(kind) {
            return Ok(None);
        }
        let size = match length - place < HEAD {
            true => u64::MAX,
            false => {
                let [s0, s1, s2, ..] = bytes::<{ HEAD as usize - 1 }>(file)?;
                u64::from(u32::from_be_bytes([0, s0, s1, s2]))
            }
        };
        if (length - place).saturating_sub(HEAD) < size {
            return Ok(Some("its last tag is cut off".to_string()));
        }
        file.seek_relative((size + BEHIND) as i64)?;
        place += HEAD + size + BEHIND;
    }
    Ok(None)
}

/// Whether a byte begins a tag of sound, pictures or data, encrypted or not.
fn is_kind(byte: u8) -> bool {
    matches!(byte & 0b1101_1111, 8 | 9 | 18)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn told(file: &[u8]) -> Option<String> {
        let mut reader = BufReader::new(Cursor::new(file));
        broken(&mut reader, file.len() as u64).unwrap()
    }

    #[test]
    fn a_tag_that_is_not_whole_is_told() {
        let mut whole = b"FLV\x01\x01\0\0\0\x09\0\0\0\0".to_vec();
        for kind in [18, 9, 8, 9] {
            whole.extend([kind, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0]);
            whole.extend([0; 20]);
            whole.extend(31u32.to_be_bytes());
        }
        assert_eq!(told(&whole), None);
        // Whoever leaves out what stands behind the last tag leaves out nothing.
        for less in [1, 4, 35] {
            assert_eq!(told(&whole[..whole.len() - less]), None, "{less}");
        }
        for less in [5, 20, 24, 25, 34] {
            let told = told(&whole[..whole.len() - less]).unwrap();
            assert_eq!(told, "its last tag is cut off", "{less}");
        }
        for count in [3, 99] {
            assert_eq!(told(&[&whole[..], &vec![0; count]].concat()), None);
        }
    }
}
