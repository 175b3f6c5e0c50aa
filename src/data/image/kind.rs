//! What kind of image a file is, told by its first bytes.

use std::fmt;

/// A kind of image file that people keep pictures of faces in.
///
/// A file's name does not count: names are changed, cut off and made up. That a kind is known does
/// not mean that it can be decoded; one that cannot is refused by its name.
///
/// # Example
/// ```
/// use countenance::data::image::ImageKind;
///
/// assert_eq!(ImageKind::of(b"\xff\xd8\xff\xe0..JFIF"), Some(ImageKind::Jpeg));
/// assert_eq!(ImageKind::of(b"not a picture"), None);
/// assert_eq!(ImageKind::Webp.to_string(), "WebP");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ImageKind {
    /// JPEG, whatever it is coded with.
    Jpeg,
    /// PNG, animated or not.
    Png,
    /// A Windows or OS/2 bitmap.
    Bmp,
    /// WebP, lossy or not.
    Webp,
    /// TIFF of either byte order, BigTIFF included; cameras' raw files are often of this kind.
    Tiff,
    /// GIF, animated or not.
    Gif,
    /// AVIF, a picture or a sequence.
    Avif,
    /// HEIC, and whatever else is kept in HEIF that is not AVIF.
    Heic,
}

impl ImageKind {
    /// How many of a file's first bytes are enough to tell its kind by.
    pub const FIRST_BYTES: usize = 64;

    /// The kind of the file that begins with `bytes`; nothing if it is none of these.
    ///
    /// Give it the whole file or its first [`FIRST_BYTES`](Self::FIRST_BYTES).
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Some(Self::Tiff),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            [b'B', b'M', ..] => has_bitmap_header(bytes).then_some(Self::Bmp),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => of_brands(bytes),
            _ => None,
        }
    }
}

/// Whether what follows a bitmap's two letters can be a bitmap: a text that begins with them has no
/// header of one of the known lengths.
fn has_bitmap_header(bytes: &[u8]) -> bool {
    let length = bytes.get(14..).and_then(|rest| rest.first_chunk::<4>());
    // OS/2 1 and 2, the latter of any even length up to 64, and Windows 3 to 5.
    length.is_some_and(|length| match u32::from_le_bytes(*length) {
        12 | 108 | 124 => true,
        length => (16..=64).contains(&length) && length % 2 == 0,
    })
}

/// The kind that the `ftyp` box of an ISO media file tells: by its major brand or, where that only
/// says that it is some HEIF, by the brands that it is compatible with.
fn of_brands(bytes: &[u8]) -> Option<ImageKind> {
    let (length, _) = bytes.split_first_chunk::<4>()?;
    let end = match u32::from_be_bytes(*length) {
        // To the end of the file.
        0 => bytes.len(),
        length => bytes.len().min(length as usize),
    };
    let brands = |range: std::ops::Range<usize>| bytes.get(range).unwrap_or(&[]).as_chunks::<4>().0;
    let (major, compatible) = (brands(8..12), brands(16..end));
    let is_avif = |brand: &[u8; 4]| matches!(brand, b"avif" | b"avis");
    let is_heic = |brand: &[u8; 4]| HEVC.contains(&brand);
    let is_heif = |brand: &[u8; 4]| matches!(brand, b"mif1" | b"msf1");
    // The major brand comes first: encoders call a HEIC compatible with what AVIF is, too.
    for brands in [major, compatible] {
        if brands.iter().any(is_avif) {
            return Some(ImageKind::Avif);
        }
        if brands.iter().any(is_heic) {
            return Some(ImageKind::Heic);
        }
    }
    let mut all = major.iter().chain(compatible);
    all.any(is_heif).then_some(ImageKind::Heic)
}

/// Brands of HEIF whose pictures are coded as HEVC.
const HEVC: [&[u8; 4]; 8] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
];

impl fmt::Display for ImageKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Bmp => "BMP",
            Self::Webp => "WebP",
            Self::Tiff => "TIFF",
            Self::Gif => "GIF",
            Self::Avif => "AVIF",
            Self::Heic => "HEIC",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ImageKind::*;

    /// A bitmap whose second header is `length` bytes long.
    fn bitmap(length: u32) -> Vec<u8> {
        let mut bytes = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec();
        bytes.extend(length.to_le_bytes());
        bytes
    }

    /// An `ftyp` box, and something behind it.
    fn media(major: &str, compatible: &str) -> Vec<u8> {
        let length = 16 + compatible.len() as u32;
        let mut bytes = length.to_be_bytes().to_vec();
        bytes.extend(b"ftyp");
        bytes.extend(major.as_bytes());
        bytes.extend([0; 4]);
        bytes.extend(compatible.as_bytes());
        bytes.extend(b"avifheicmif1");
        bytes
    }

    #[test]
    fn every_kind_is_told_by_its_first_bytes() {
        let kinds: [(&[u8], ImageKind); 10] = [
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Jpeg),
            (b"\xff\xd8\xff\xdb", Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Png),
            (b"GIF87a", Gif),
            (b"GIF89a", Gif),
            (b"II*\0\x08\0\0\0", Tiff),
            (b"MM\0*\0\0\0\x08", Tiff),
            (b"II+\0\x08\0\0\0", Tiff),
            (b"MM\0+\0\x08\0\0", Tiff),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Webp),
        ];
        for (bytes, kind) in kinds {
            assert_eq!(ImageKind::of(bytes), Some(kind), "{bytes:?}");
        }
        for length in [12, 16, 40, 52, 56, 64, 108, 124] {
            assert_eq!(ImageKind::of(&bitmap(length)), Some(Bmp), "{length}");
        }
    }

    #[test]
    fn a_brand_anywhere_in_the_box_tells_avif_from_heic() {
        let told = |major, compatible| ImageKind::of(&media(major, compatible));
        for (major, compatible, kind) in [
            ("avif", "mif1miafMA1B", Some(Avif)),
            ("avis", "", Some(Avif)),
            ("mif1", "miafavif", Some(Avif)),
            ("heic", "mif1heic", Some(Heic)),
            ("heix", "", Some(Heic)),
            ("hevc", "", Some(Heic)),
            ("mif1", "heic", Some(Heic)),
            ("mif1", "miaf", Some(Heic)),
            ("msf1", "", Some(Heic)),
            ("MiHB", "miafheim", Some(Heic)),
            // Films.
            ("isom", "iso2avc1mp41", None),
            ("qt  ", "", None),
            ("crx ", "crx isom", None),
        ] {
            assert_eq!(told(major, compatible), kind, "{major} {compatible}");
        }
        // A box as long as the file.
        let mut open = media("isom", "avif");
        open[..4].fill(0);
        assert_eq!(ImageKind::of(&open), Some(Avif));
    }

    #[test]
    fn what_is_none_of_them_is_none() {
        let none: [&[u8]; 14] = [
            b"",
            b"B",
            b"BM",
            b"BMW and other cars, in alphabetical order",
            b"BM\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
            b"\xff\xd8",
            b"RIFF\x10\0\0\0WAVEfmt ",
            b"RIFF\x10\0\0\0AVI LIST",
            b"GIF88a",
            b"II and MM",
            b"\0\x05\x16\x07\0\x02\0\0Mac OS X",
            b"\0\0\0\x18ftyp",
            b"\0\0\0\x0cJXL \r\n\x87\n",
            b"<!DOCTYPE html>",
        ];
        for bytes in none {
            assert_eq!(ImageKind::of(bytes), None, "{bytes:?}");
        }
        for length in [0, 11, 13, 15, 17, 39, 66, 107, 0x4020_2020] {
            assert_eq!(ImageKind::of(&bitmap(length)), None, "{length}");
        }
    }

    #[test]
    fn a_kind_is_told_the_same_from_the_first_bytes_and_from_more() {
        let mut long = media("mif1", &"miaf".repeat(8));
        let told = ImageKind::of(&long);
        assert_eq!(told, Some(Heic));
        long.extend([0; 1000]);
        assert_eq!(ImageKind::of(&long), told);
        assert_eq!(ImageKind::of(&long[..ImageKind::FIRST_BYTES]), told);
    }
}
