//! What a PNG file says about its picture, wherever it stands: much is written behind the pixels.

use std::borrow::Cow;
use std::io::Read;

use flate2::Crc;
use flate2::read::ZlibDecoder;

use super::orientation::Metadata;

/// Bytes of the signature, and of a chunk without data.
const SIGNATURE: usize = 8;
const LEAST: usize = 12;
/// The most bytes that a compressed text may become.
const LONGEST_TEXT: u64 = 1 << 20;

/// The EXIF block, in a chunk of its own or as ImageMagick writes it, and the XMP packet.
pub(super) fn metadata(bytes: &[u8]) -> Metadata<'_> {
    let mut metadata = Metadata::default();
    let mut profile = None;
    for (kind, data) in chunks(bytes) {
        match kind {
            b"eXIf" => metadata.exif = Some(Cow::Borrowed(data)),
            b"tEXt" | b"zTXt" | b"iTXt" => match text(kind, data) {
                Some((b"Raw profile type exif", text)) => profile = raw_profile(&text),
                Some((b"XML:com.adobe.xmp", text)) => metadata.xmp = Some(text),
                _ => {}
            },
            _ => {}
        }
    }
    metadata.exif = metadata.exif.or(profile.map(Cow::Owned));
    metadata
}

/// The file with its end put on, if that is missing: a last piece of the pixels that was cut off is
/// closed where it ends, and the end chunk follows. Whether all pixels are there is for the decoder
/// to say.
pub(super) fn ended(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut behind = SIGNATURE;
    for (kind, data) in chunks(bytes) {
        if kind == b"IEND" {
            return Cow::Borrowed(bytes);
        }
        behind += LEAST + data.len();
    }
    let mut whole = bytes[..behind.min(bytes.len())].to_vec();
    let cut = bytes.get(behind..).unwrap_or_default();
    if let Some((b"IDAT", data)) = cut.get(4..).and_then(<[u8]>::split_first_chunk) {
        // Where the checksum is cut off, the data are all there.
        let length = u32::from_be_bytes([cut[0], cut[1], cut[2], cut[3]]) as usize;
        push(&mut whole, b"IDAT", &data[..data.len().min(length)]);
    }
    push(&mut whole, b"IEND", &[]);
    Cow::Owned(whole)
}

fn push(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut checksum = Crc::new();
    checksum.update(kind);
    checksum.update(data);
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(kind);
    file.extend(data);
    file.extend(checksum.sum().to_be_bytes());
}

/// The chunks behind the signature, up to one that is cut off: their names and contents.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (kind, behind) = behind.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let data = behind.get(..length)?;
        // A checksum follows.
        rest = behind.get(length.checked_add(4)?..)?;
        Some((kind, data))
    })
}

/// The keyword of a chunk of text, and its text.
fn text<'a>(kind: &[u8; 4], data: &'a [u8]) -> Option<(&'a [u8], Cow<'a, [u8]>)> {
    let (keyword, rest) = split(data)?;
    let (compressed, rest) = match kind {
        b"tEXt" => (false, rest),
        // Whether, and how, it is compressed; its language; its keyword in that language.
        b"iTXt" => {
            let (&[flag, _], rest) = rest.split_first_chunk::<2>()?;
            (flag != 0, split(split(rest)?.1)?.1)
        }
        _ => (true, rest.get(1..)?),
    };
    let text = match compressed {
        false => Cow::Borrowed(rest),
        true => {
            let mut text = Vec::new();
            let inflated = ZlibDecoder::new(rest);
            inflated.take(LONGEST_TEXT).read_to_end(&mut text).ok()?;
            Cow::Owned(text)
        }
    };
    Some((keyword, text))
}

/// What stands before and behind the first zero.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let zero = memchr::memchr(0, data)?;
    Some((&data[..zero], &data[zero + 1..]))
}

/// The bytes of a profile that ImageMagick has written: an empty line, its name, its length, and
/// then hexadecimal digits in lines.
fn raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let lines = text.split(|&byte| byte == b'\n').skip(3);
    let digits: Vec<u8> = lines
        .flatten()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|&byte| char::from(byte).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let pairs = digits.as_chunks::<2>().0.iter();
    Some(pairs.map(|[high, low]| 16 * high + low).collect())
}
