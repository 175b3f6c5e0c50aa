//! GIF: blocks, and a mark behind the last.

use std::io::{self, ErrorKind, Read, copy, sink};

use super::piece::bytes;

pub(super) fn broken(file: &mut impl Read) -> io::Result<Option<String>> {
    match blocks(file) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Ok(Some("its mark of the end is missing".to_string()))
        }
        read => read.map(|()| None),
    }
}

/// Goes from block to block up to the mark of the end, or to something else that no block begins with.
fn blocks(file: &mut impl Read) -> io::Result<()> {
    let head: [u8; 13] = bytes(file)?;
    colours(file, head[10])?;
    loop {
        match bytes::<1>(file)? {
            [0x21] => drop(bytes::<1>(file)?),
            [0x2c] => {
                let picture: [u8; 9] = bytes(file)?;
                colours(file, picture[8])?;
                let _code_size: [u8; 1] = bytes(file)?;
            }
            _ => return Ok(()),
        }
        loop {
            match bytes(file)? {
                [0] => break,
                [size] => pass(file, size.into())?,
            }
        }
    }
}

/// A table of colours, if `flags` say that there is one.
fn colours(file: &mut impl Read, flags: u8) -> io::Result<()> {
    match flags & 0x80 {
        0 => Ok(()),
        _ => pass(file, 3 << ((flags & 7) + 1)),
    }
}

fn pass(file: &mut impl Read, count: u64) -> io::Result<()> {
    match copy(&mut file.take(count), &mut sink())? == count {
        true => Ok(()),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_its_mark_of_the_end_breaks_off_wherever_that_is() {
        let mut whole = b"GIF89a\x04\0\x04\0\x80\0\0".to_vec();
        whole.extend([9; 6]);
        whole.extend(b"\x21\xf9\x04\0\0\0\0\0");
        for _ in 0..2 {
            whole.extend(b"\x2c\0\0\0\0\x04\0\x04\0\x81");
            whole.extend([0x3b; 12]);
            whole.extend(b"\x02\x03\x3b\x3b\x3b\x01\x3b\0");
        }
        let end = whole.len();
        whole.push(0x3b);
        assert_eq!(broken(&mut &whole[..]).unwrap(), None);
        whole.extend(b"\0\0and more");
        assert_eq!(broken(&mut &whole[..]).unwrap(), None);
        for length in 0..=end {
            assert!(broken(&mut &whole[..length]).unwrap().is_some(), "{length}");
        }
    }
}
