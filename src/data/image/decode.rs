//! Image files to RGB, within limits.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use burn::config::Config;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

use super::jpeg::Jpeg;
use super::kind::ImageKind;
use super::orientation::Metadata;
use super::png;
use super::tiff::Tiff;
use crate::{Error, Result};

/// What an image file may cost; larger ones are refused before memory is taken for them.
#[derive(Config, Debug)]
pub struct ImageLimits {
    /// Most pixels, width times height.
    #[config(default = 50_000_000)]
    pub max_pixels: u64,
    /// Largest file in bytes.
    #[config(default = 134_217_728)]
    pub max_bytes: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads and decodes an image file; see [`decode`].
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; otherwise as [`decode`].
pub fn read(path: &Path, limits: &ImageLimits) -> Result<RgbImage> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file at the limit from one above it, whatever length the
    // file system reports.
    file.take(limits.max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    decode(&bytes, path, limits)
}

/// Decodes a JPEG, PNG, BMP, WebP, TIFF or GIF image to RGB; `name` stands for it in errors.
///
/// The format is told from the content, not from the name; of several pictures in a file it is the
/// first. Grey, palette and CMYK images become RGB, 16-bit ones are rounded to 8, transparency is
/// dropped, and the orientation that the file's EXIF block or XMP packet tells is applied, so that
/// faces stand upright.
///
/// An image is whole if all of its pixels are there; the mark of its end may be missing. A JPEG is
/// refused with how much of it there is.
///
/// # Errors
/// [`Error::Image`] for another format, a damaged or truncated image, or one outside `limits`.
pub fn decode(bytes: &[u8], name: &Path, limits: &ImageLimits) -> Result<RgbImage> {
    let refuse = |reason| refused(name, reason);
    if bytes.len() as u64 > limits.max_bytes {
        return Err(refuse(format!(
            "expected a file of at most {} bytes, found a larger one",
            limits.max_bytes
        )));
    }
    let kind = match ImageKind::of(bytes) {
        Some(kind) => kind,
        None if bytes.is_empty() => {
            return Err(refuse(format!("expected {KINDS}, found an empty file")));
        }
        None => return Err(refuse(format!("expected {KINDS}, found something else"))),
    };
    // A decoder that stumbles over damaged bytes ends with this image and not with the program.
    std::panic::catch_unwind(|| pixels(bytes, name, kind, limits)).unwrap_or_else(|_| {
        Err(refuse(format!(
            "expected a whole {kind} image, found one that the decoder fails on"
        )))
    })
}

/// What can be decoded.
const KINDS: &str = "JPEG, PNG, BMP, WebP, TIFF or GIF";

fn refused(name: &Path, reason: String) -> Error {
    Error::Image {
        path: name.to_path_buf(),
        reason,
    }
}

/// As [`decode`], of a known kind.
fn pixels(bytes: &[u8], name: &Path, kind: ImageKind, limits: &ImageLimits) -> Result<RgbImage> {
    let damaged = |found: String| {
        let reason = format!("expected a whole {kind} image, found {found}");
        refused(name, reason)
    };
    let bounded = |(width, height): (u32, u32)| {
        if width == 0 || height == 0 {
            let reason = format!("expected at least one pixel, found {width}x{height}");
            return Err(refused(name, reason));
        }
        if u64::from(width) * u64::from(height) > limits.max_pixels {
            let reason = format!(
                "expected at most {} pixels, found {width}x{height}",
                limits.max_pixels
            );
            return Err(refused(name, reason));
        }
        Ok(())
    };
    let memory = allocation_limits(limits);
    let mut whole = Cow::Borrowed(bytes);
    let format = match kind {
        ImageKind::Jpeg => {
            let jpeg = Jpeg::open(bytes).map_err(damaged)?;
            bounded(jpeg.dimensions())?;
            let picture = jpeg.decode().map_err(damaged)?;
            return Ok(upright(picture.into(), jpeg.metadata().orientation()));
        }
        ImageKind::Png => {
            whole = png::ended(bytes);
            ImageFormat::Png
        }
        ImageKind::Tiff => {
            let most = memory.max_alloc.unwrap_or(u64::MAX);
            let mut tiff = Tiff::open(bytes, most).map_err(damaged)?;
            bounded(tiff.dimensions().map_err(damaged)?)?;
            let orientation = tiff.orientation().map_err(damaged)?;
            if let Some(picture) = tiff.decode().map_err(damaged)? {
                return Ok(upright(picture.into(), orientation));
            }
            ImageFormat::Tiff
        }
        ImageKind::Bmp => ImageFormat::Bmp,
        ImageKind::Webp => ImageFormat::WebP,
        ImageKind::Gif => ImageFormat::Gif,
        ImageKind::Avif | ImageKind::Heic => {
            let reason = format!("expected {KINDS}, found {kind}, which is not supported");
            return Err(refused(name, reason));
        }
    };
    let failed = |error: image::ImageError| damaged(error.to_string());
    let mut reader = ImageReader::with_format(Cursor::new(&*whole), format);
    reader.limits(memory);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    bounded(decoder.dimensions())?;
    let orientation = match kind {
        ImageKind::Png => png::metadata(bytes).orientation(),
        ImageKind::Tiff => decoder.orientation().map_err(failed)?,
        _ => Metadata {
            exif: decoder.exif_metadata().map_err(failed)?.map(Cow::Owned),
            xmp: decoder.xmp_metadata().map_err(failed)?.map(Cow::Owned),
        }
        .orientation(),
    };
    let picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok(upright(picture, orientation))
}

fn upright(mut picture: DynamicImage, orientation: Orientation) -> RgbImage {
    picture.apply_orientation(orientation);
    picture.into_rgb8()
}

fn allocation_limits(limits: &ImageLimits) -> Limits {
    /// Four channels of 16 bits.
    const LARGEST_PIXEL: u64 = 8;
    /// What a decoder needs besides the pixels: rows, palettes, metadata.
    const OVERHEAD: u64 = 1 << 24;
    let mut allowed = Limits::no_limits();
    allowed.max_alloc = Some(
        limits
            .max_pixels
            .saturating_mul(LARGEST_PIXEL)
            .saturating_add(OVERHEAD),
    );
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Luma, Rgb};

    const FORMATS: [ImageFormat; 6] = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Bmp,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Gif,
    ];

    fn gradient(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([(x * 5) as u8, (y * 7) as u8, 90])
        })
    }

    fn encode(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decode_here(bytes: &[u8]) -> Result<RgbImage> {
        decode(bytes, Path::new("some/face.jpg"), &ImageLimits::new())
    }

    fn refusal(bytes: &[u8]) -> String {
        let error = decode_here(bytes).unwrap_err();
        assert!(matches!(error, Error::Image { .. }), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("some/face.jpg: expected"), "{text}");
        text
    }

    /// Puts an EXIF segment with `orientation` behind the start-of-image marker of a JPEG.
    fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend((exif.len() as u16 + 2).to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    #[test]
    fn every_format_is_decoded_exactly_but_jpeg_closely_whatever_the_name_says() {
        let image = gradient(20, 10);
        for format in &FORMATS[1..] {
            let format = *format;
            let decoded = decode_here(&encode(image.clone(), format)).unwrap();
            assert_eq!(decoded, image, "{format:?}");
        }
        let jpeg = decode_here(&encode(image.clone(), ImageFormat::Jpeg)).unwrap();
        assert_eq!(jpeg.dimensions(), (20, 10));
        let furthest = jpeg
            .iter()
            .zip(image.iter())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(furthest.unwrap() < 30, "{furthest:?}");
    }

    #[test]
    fn grey_deep_and_transparent_images_become_rgb() {
        let grey = image::GrayImage::from_pixel(3, 2, Luma([77]));
        let decoded = decode_here(&encode(grey.clone(), ImageFormat::Png)).unwrap();
        assert_eq!(decoded.get_pixel(2, 1), &Rgb([77, 77, 77]));
        let decoded = decode_here(&encode(grey, ImageFormat::Jpeg)).unwrap();
        assert_eq!(decoded.get_pixel(2, 1), &Rgb([77, 77, 77]));
        let deep = image::ImageBuffer::from_pixel(2, 2, Rgb([257u16 * 9, 257 * 100, 65535]));
        let decoded = decode_here(&encode(deep, ImageFormat::Png)).unwrap();
        assert_eq!(decoded.get_pixel(0, 0), &Rgb([9, 100, 255]));
        let clear = image::RgbaImage::from_pixel(2, 2, image::Rgba([10, 20, 30, 0]));
        let decoded = decode_here(&encode(clear, ImageFormat::Png)).unwrap();
        assert_eq!(decoded.get_pixel(1, 1), &Rgb([10, 20, 30]));
    }

    #[test]
    fn the_orientation_tag_is_applied() {
        let image = RgbImage::from_fn(32, 16, |x, _| Rgb([if x < 16 { 250 } else { 5 }; 3]));
        let jpeg = encode(image, ImageFormat::Jpeg);
        let turned = decode_here(&with_orientation(&jpeg, 6)).unwrap();
        assert_eq!(turned.dimensions(), (16, 32));
        assert!(turned.get_pixel(8, 3)[0] > 200 && turned.get_pixel(8, 28)[0] < 50);
        let mirrored = decode_here(&with_orientation(&jpeg, 2)).unwrap();
        assert!(mirrored.get_pixel(3, 8)[0] < 50);
        let nonsense = decode_here(&with_orientation(&jpeg, 200)).unwrap();
        assert!(nonsense.get_pixel(3, 8)[0] > 200);
    }

    #[test]
    fn other_formats_and_empty_files_are_refused() {
        let avif = refusal(b"\0\0\0\x14ftypavif\0\0\0\0mif1");
        assert!(avif.contains("expected JPEG, PNG, BMP, WebP, TIFF or GIF, found AVIF"));
        assert!(refusal(b"\0\0\0\x10ftypheic\0\0\0\0").contains("found HEIC"));
        assert!(refusal(b"").contains("an empty file"));
        assert!(refusal(b"not an image").contains("something else"));
    }

    #[test]
    fn images_cut_anywhere_are_whole_or_refused() {
        for format in FORMATS {
            let bytes = encode(gradient(40, 40), format);
            let whole = decode_here(&bytes).unwrap();
            let mut refused = 0;
            for length in 0..bytes.len() {
                // What the pixels are followed by (checksums, the mark of the end) may be missing.
                match decode_here(&bytes[..length]) {
                    Ok(read) => assert!(read == whole, "{format:?} of {length} bytes"),
                    Err(_) => refused += 1,
                }
            }
            assert!(bytes.len() - refused <= 24, "{format:?}: {refused} refused");
        }
    }

    #[test]
    fn what_lies_inside_segments_or_behind_a_jpeg_does_not_matter() {
        let jpeg = encode(gradient(16, 16), ImageFormat::Jpeg);
        let mut long = jpeg.clone();
        long.extend(b"a film \xff\xda and more");
        assert!(decode_here(&long).is_ok());
        let mut with_comment = jpeg[..2].to_vec();
        with_comment.extend(b"\xff\xfe\x00\x06\xff\xd9\xff\xda");
        with_comment.extend(&jpeg[2..]);
        assert!(decode_here(&with_comment).is_ok());
        let cut = with_comment.len() - 20;
        assert!(refusal(&with_comment[..cut]).contains(" % of the data of a scan"));
    }

    #[test]
    fn images_with_damaged_bytes_never_panic() {
        for format in FORMATS {
            let bytes = encode(gradient(24, 24), format);
            for place in 0..bytes.len() {
                for flip in [0x01, 0x80, 0xff] {
                    let mut damaged = bytes.clone();
                    damaged[place] ^= flip;
                    let _ = decode_here(&damaged);
                }
            }
        }
    }

    #[test]
    fn a_huge_image_is_refused_before_it_is_decoded() {
        let mut jpeg = encode(gradient(8, 8), ImageFormat::Jpeg);
        let frame = jpeg
            .windows(2)
            .position(|pair| pair == [0xff, 0xc0])
            .unwrap();
        jpeg[frame + 5..frame + 9].fill(0xff);
        assert!(refusal(&jpeg).contains("at most 50000000 pixels, found 65535x65535"));

        let mut header = Vec::from(*b"IHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0");
        header.extend(crc32(&header).to_be_bytes());
        let mut png = encode(gradient(8, 8), ImageFormat::Png);
        png.splice(12..33, header);
        assert!(refusal(&png).contains("at most"), "{}", refusal(&png));
    }

    #[test]
    fn limits_bind_exactly() {
        let bytes = encode(gradient(8, 6), ImageFormat::Png);
        let name = Path::new("x.png");
        let limits = ImageLimits::new()
            .with_max_pixels(48)
            .with_max_bytes(bytes.len() as u64);
        assert!(decode(&bytes, name, &limits).is_ok());
        let error = decode(&bytes, name, &limits.clone().with_max_pixels(47)).unwrap_err();
        assert!(
            error.to_string().contains("at most 47 pixels, found 8x6"),
            "{error}"
        );

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        std::fs::write(&path, &bytes).unwrap();
        assert!(read(&path, &limits).is_ok());
        let smaller = limits.with_max_bytes(bytes.len() as u64 - 1);
        let error = read(&path, &smaller).unwrap_err().to_string();
        assert!(
            error.contains("x.png: expected a file of at most"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("no/such.jpg"), &ImageLimits::new()).unwrap_err();
        assert!(error.to_string().starts_with("cannot open no/such.jpg"));
    }

    /// The checksum of a PNG chunk.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                if crc & 1 == 1 {
                    (crc >> 1) ^ 0xedb8_8320
                } else {
                    crc >> 1
                }
            })
        })
    }

    #[test]
    fn an_image_that_one_decoder_panics_on_is_read_by_the_other() {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/broke/image/decoder-panics.jpg");
        let image = read(&path, &ImageLimits::default()).unwrap();
        assert_eq!(image.dimensions(), (40, 57));
    }
}
