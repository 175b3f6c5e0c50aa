//! Numbers as NUT writes them.

use std::io::{self, Error, ErrorKind, Read};

/// A number of seven bits a byte, the highest first.
pub(super) fn number(input: &mut impl Read) -> io::Result<u64> {
    let mut number = 0u64;
    loop {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        if number >> 57 != 0 {
            return Err(wrong("a number of more than 64 bits"));
        }
        number = number << 7 | u64::from(byte[0] & 0x7f);
        if byte[0] & 0x80 == 0 {
            return Ok(number);
        }
    }
}

/// 0, 1, -1, 2, -2 and so on from 0, 1, 2, 3, 4.
pub(super) fn signed(number: u64) -> i64 {
    let half = (number.wrapping_add(1) >> 1) as i64;
    match number & 1 {
        1 => half,
        _ => -half,
    }
}

/// Bytes behind their count.
pub(super) fn bytes(packet: &mut &[u8]) -> io::Result<Vec<u8>> {
    let length = number(packet)?;
    let (bytes, rest) = usize::try_from(length)
        .ok()
        .and_then(|length| packet.split_at_checked(length))
        .ok_or_else(|| wrong("a text that is longer than its packet"))?;
    *packet = rest;
    Ok(bytes.to_vec())
}

/// What the program sends that nobody understands.
pub(super) fn wrong(found: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("ffmpeg sends {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_format_has_them() {
        let signs: Vec<i64> = (0..5).map(signed).collect();
        assert_eq!(signs, [0, 1, -1, 2, -2]);
        let unit = [0x82, 0xd0, 0xba, 0xb4, 0x00];
        assert_eq!(number(&mut &unit[..]).unwrap(), 705_600_000);
        assert!(number(&mut &[0xff; 12][..]).is_err());
        let mut packet = &[2, 8, 9, 7][..];
        assert_eq!(bytes(&mut packet).unwrap(), [8, 9]);
        assert!(bytes(&mut packet).is_err());
    }
}
