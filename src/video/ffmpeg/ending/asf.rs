//! Windows Media: the header holds the number of bytes of the whole file.

use std::io::{self, Read, Seek, SeekFrom};

use super::piece::{bytes, shorter};

const HEADER: [u8; 16] = *b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";
const PROPERTIES: [u8; 16] = *b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65";
/// Objects of a header that are looked at.
const MOST: u32 = 256;

pub(super) fn broken(file: &mut (impl Read + Seek), length: u64) -> io::Result<Option<String>> {
    if bytes(file)? != HEADER {
        return Ok(None);
    }
    let _size: [u8; 8] = bytes(file)?;
    let objects = u32::from_le_bytes(bytes(file)?);
    let _reserved: [u8; 2] = bytes(file)?;
    for _ in 0..objects.min(MOST) {
        let kind: [u8; 16] = bytes(file)?;
        let size = u64::from_le_bytes(bytes(file)?);
        if kind != PROPERTIES {
            let rest = size.saturating_sub(24).min(length);
            file.seek(SeekFrom::Current(rest as i64))?;
            continue;
        }
        let _id: [u8; 16] = bytes(file)?;
        let whole = u64::from_le_bytes(bytes(file)?);
        let _dates_and_times: [u8; 40] = bytes(file)?;
        let flags = u32::from_le_bytes(bytes(file)?);
        // While it was being sent, nobody knew how much there would be.
        let is_broadcast = flags & 1 != 0;
        return Ok(shorter(length, whole).filter(|_| !is_broadcast));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(whole: u64, flags: u32) -> Vec<u8> {
        let mut file = HEADER.to_vec();
        file.extend(0u64.to_le_bytes());
        file.extend(2u32.to_le_bytes());
        file.extend([1, 2]);
        // Another object first.
        file.extend([7; 16]);
        file.extend(30u64.to_le_bytes());
        file.extend([0; 6]);
        file.extend(PROPERTIES);
        file.extend(104u64.to_le_bytes());
        file.extend([0; 16]);
        file.extend(whole.to_le_bytes());
        file.extend([0; 40]);
        file.extend(flags.to_le_bytes());
        file.resize(200, 0);
        file
    }

    #[test]
    fn fewer_bytes_than_the_header_says_are_told_unless_it_was_broadcast() {
        let told = |whole, flags| {
            let file = file(whole, flags);
            broken(&mut Cursor::new(&file), file.len() as u64).unwrap()
        };
        assert_eq!(told(300, 2).unwrap(), "it has 200 of 300 bytes");
        for (whole, flags) in [(200, 2), (150, 2), (0, 2), (300, 1)] {
            assert_eq!(told(whole, flags), None);
        }
        assert!(broken(&mut Cursor::new(&file(300, 0)[..60]), 60).is_err());
    }
}
