//! What a file in a folder is, by its name and by its first bytes.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::passed_over::Reason;
use crate::data::image::ImageKind;

/// Endings that claim an image.
const IMAGES: [&str; 20] = [
    "jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "png", "apng", "bmp", "dib", "webp",
    "tif", "tiff", "gif", "avif", "heic", "heif", "hif", "heics",
];

/// Endings of cameras' raw files that are TIFF by their first bytes. What a TIFF reader finds in
/// them is a thumbnail at best, and the picture is usually there as a JPEG too.
const RAW: [&str; 16] = [
    "3fr", "arw", "cr2", "dcr", "dng", "erf", "iiq", "k25", "kdc", "mef", "mos", "nef", "nrw",
    "pef", "sr2", "srw",
];

/// The first bytes of a file that a Mac keeps the rest of a file in.
const APPLE_DOUBLE: [u8; 4] = [0, 5, 0x16, 7];

/// Whether a file is called as images are: by its ending alone, whatever it holds.
pub fn claims_image(path: &Path) -> bool {
    ending(path).is_some_and(|ending| IMAGES.contains(&&*ending))
}

/// Whether a file is an image by its content; if not, why it is passed over.
pub(super) fn is_image(path: &Path) -> Result<(), Reason> {
    let first = first_bytes(path).map_err(|_| Reason::Unopened)?;
    let ending = ending(path);
    let is_raw = ending
        .as_deref()
        .is_some_and(|ending| RAW.contains(&ending));
    match ImageKind::of(&first) {
        Some(ImageKind::Tiff) if is_raw => {}
        Some(_) => return Ok(()),
        None if first.starts_with(&APPLE_DOUBLE) => return Err(Reason::AppleDouble),
        None => {}
    }
    Err(ending.map_or(Reason::NoEnding, Reason::Ending))
}

/// A file's ending in small letters, if it is one: letters, and digits with them, but no number as in
/// `scan.0001` and no sentence behind a dot.
fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?;
    let is_ending = ending.len() <= 12
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_ending.then(|| ending.to_ascii_lowercase())
}

fn first_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(ImageKind::FIRST_BYTES);
    let file = File::open(path)?;
    file.take(ImageKind::FIRST_BYTES as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, content: &[u8]) -> Result<(), Reason> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        is_image(&path)
    }

    #[test]
    fn endings_are_letters_and_digits_whatever_their_case() {
        let ending = |name: &str| ending(name.as_ref());
        for (name, expected) in [
            ("a.JPG", Some("jpg")),
            ("a.jpg.part", Some("part")),
            ("a.7z", Some("7z")),
            ("scan.0001", None),
            ("README", None),
            (".jpg", None),
            ("the end. Or is it", None),
            ("a.averyveryverylongone", None),
        ] {
            assert_eq!(ending(name).as_deref(), expected, "{name}");
        }
        assert!(claims_image("x/y.HEIC".as_ref()) && !claims_image("x/jpg".as_ref()));
    }

    #[test]
    fn content_tells_an_image_and_the_ending_names_what_is_none() {
        let (jpeg, tiff) = (b"\xff\xd8\xff\xe0", b"II*\0\x08\0\0\0");
        for name in ["a.jfif", "a.jpg.part", "a", "a.txt", "a.dng"] {
            assert_eq!(told(name, jpeg), Ok(()), "{name}");
        }
        assert_eq!(told("a.scan", tiff), Ok(()));
        assert_eq!(told("a.dng", tiff), Err(Reason::Ending("dng".into())));
        assert_eq!(told("a.TXT", b"text"), Err(Reason::Ending("txt".into())));
        assert_eq!(told("a", b""), Err(Reason::NoEnding));
        let mac = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        ";
        assert_eq!(told("a.jpg", mac), Err(Reason::AppleDouble));
        assert_eq!(is_image("no such file".as_ref()), Err(Reason::Unopened));
    }
}
