//! Matroska and WebM: the segment, which is all of the file, begins with its number of bytes.

use std::io::{self, Read, Seek, SeekFrom};

use super::piece::{bytes, shorter};

const HEAD: u64 = 0x1a45_dfa3;
const SEGMENT: u64 = 0x1853_8067;
/// Elements before the segment that are passed over.
const MOST: usize = 16;

pub(super) fn broken(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<String>> {
    for place in 0..MOST {
        let (id, _) = number(file, true)?;
        let (size, is_known) = number(file, false)?;
        if place == 0 && id != HEAD {
            break;
        }
        if id == SEGMENT {
            let end = file.stream_position()?.saturating_add(size);
            return Ok(shorter(length, end).filter(|_| is_known));
        }
        file.seek(SeekFrom::Current(size.min(length) as i64))?;
    }
    Ok(None)
}

/// A number of as many bytes as its first one says, with its mark or without; whether it is one, for one
/// of ones alone says that nobody knew.
fn number(file: &mut impl Read, with_mark: bool) -> io::Result<(u64, bool)> {
    let [first] = bytes(file)?;
    let more = first.leading_zeros();
    if more > 7 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mark = match with_mark {
        true => 0,
        false => 0x80 >> more,
    };
    let mut number = u64::from(first & !mark);
    for _ in 0..more {
        let [byte] = bytes(file)?;
        number = number << 8 | u64::from(byte);
    }
    let unknown = (1 << (7 * (more + 1))) - 1;
    Ok((number, number != unknown))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn fewer_bytes_than_the_segment_s_are_told_where_they_are_known() {
        let told = |size: &[u8], length: u64| {
            let mut file = b"\x1a\x45\xdf\xa3\x83abc\xec\x40\x02..\x18\x53\x80\x67".to_vec();
            file.extend(size);
            broken(&mut Cursor::new(file), length).unwrap()
        };
        let size = [0x01, 0, 0, 0, 0, 0, 0x01, 0x00];
        // 17 bytes before the size.
        assert_eq!(told(&size, 280).unwrap(), "it has 280 of 281 bytes");
        assert_eq!(told(&size, 281), None);
        assert_eq!(told(&size, 999), None);
        assert_eq!(told(&[0x01, 255, 255, 255, 255, 255, 255, 255], 99), None);
        assert_eq!(told(&[0xff], 20), None);
        assert_eq!(told(&[0xfe], 100).unwrap(), "it has 100 of 144 bytes");
        let other = b"\x1a\x45\xdf\xa4\x83abc";
        assert_eq!(broken(&mut Cursor::new(other), 8).unwrap(), None);
    }
}
