//! What a row is called after its image's path.

use std::fmt::Write;
use std::path::{MAIN_SEPARATOR, Path};

/// The name of the row of the image at `path`: the path itself, as text, whatever its bytes are.
///
/// A path that is UTF-8 keeps its spelling, with `/` between folders on every system. Each byte that
/// is not part of UTF-8 is written `\x` and its two hexadecimal digits, and where a name itself holds
/// a backslash followed by what looks like such a byte, the backslash is written `\x5c`. So different
/// paths have different names, and the path can be had back: every `\x` with two hexadecimal digits
/// behind it is one byte.
///
/// # Example
/// ```
/// use countenance::data::folder::row_name;
///
/// assert_eq!(row_name("v/00001.jpg".as_ref()), "v/00001.jpg");
/// # #[cfg(unix)] {
/// use std::ffi::OsStr;
/// use std::os::unix::ffi::OsStrExt;
///
/// let latin_1 = OsStr::from_bytes(b"caf\xe9.jpg");
/// assert_eq!(row_name(latin_1.as_ref()), r"caf\xe9.jpg");
/// # }
/// ```
pub fn row_name(path: &Path) -> String {
    let mut name = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        push_text(&mut name, chunk.valid());
        for byte in chunk.invalid() {
            push_byte(&mut name, *byte);
        }
    }
    match MAIN_SEPARATOR {
        '/' => name,
        separator => name.replace(separator, "/"),
    }
}

/// Adds what is UTF-8, with the backslashes escaped that would be taken for escapes.
fn push_text(name: &mut String, text: &str) {
    let mut rest = text;
    while let Some(place) = rest.find(r"\x") {
        let (before, from) = rest.split_at(place);
        name.push_str(before);
        let digits = from.as_bytes().get(2..4);
        let looks_escaped = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match looks_escaped && MAIN_SEPARATOR != '\\' {
            true => push_byte(name, b'\\'),
            false => name.push('\\'),
        }
        rest = &from[1..];
    }
    name.push_str(rest);
}

fn push_byte(name: &mut String, byte: u8) {
    write!(name, r"\x{byte:02x}").expect("memory takes every text");
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn name(bytes: &[u8]) -> String {
        row_name(OsStr::from_bytes(bytes).as_ref())
    }

    /// The path back from its name, as the documentation says.
    fn bytes(name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = name.as_bytes();
        while let Some((&first, behind)) = rest.split_first() {
            let escaped = rest
                .strip_prefix(br"\x")
                .and_then(|rest| rest.split_first_chunk::<2>())
                .filter(|(digits, _)| digits.iter().all(u8::is_ascii_hexdigit));
            match escaped {
                Some((digits, behind)) => {
                    let digits = std::str::from_utf8(digits).unwrap();
                    bytes.push(u8::from_str_radix(digits, 16).unwrap());
                    rest = behind;
                }
                None => {
                    bytes.push(first);
                    rest = behind;
                }
            }
        }
        bytes
    }

    #[test]
    fn what_is_utf_8_stays_as_it_is() {
        let plain = [
            "frames/a b.jpg",
            "../ä ö/😀.png",
            r"back\slash",
            r"a\x",
            r"\xg0\x4",
            "C%20D.jpg",
        ];
        for plain in plain {
            assert_eq!(name(plain.as_bytes()), plain);
        }
    }

    #[test]
    fn other_bytes_are_escaped_and_what_looks_escaped_is_too() {
        assert_eq!(name(b"caf\xe9/\xff\xfe.jpg"), r"caf\xe9/\xff\xfe.jpg");
        assert_eq!(name(br"caf\xe9.jpg"), r"caf\x5cxe9.jpg");
        assert_eq!(name(br"\xFF"), r"\x5cxFF");
        // Half of a letter, and a letter that is spelled too long.
        assert_eq!(name(b"a\xc3"), r"a\xc3");
        assert_eq!(name(b"\xc0\xaf"), r"\xc0\xaf");
    }

    #[test]
    fn different_paths_have_different_names() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let letters = b"\\\\xx4fF5c/\xff\xc3\xa9";
        for _ in 0..20_000 {
            let length = random.random_range(0..12);
            let path: Vec<u8> = (0..length)
                .map(|_| letters[random.random_range(0..letters.len())])
                .collect();
            let name = name(&path);
            assert_eq!(bytes(&name), path, "{name}");
        }
    }
}
