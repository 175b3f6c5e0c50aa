//! What cameras and programs write every day, by `zune-jpeg`.

use image::RgbImage;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::outline::Outline;

/// The picture in `bytes`, or nothing if it cannot be decoded.
///
/// Ones are put behind the data, which no code begins with: where `strict`, a decoder that has not
/// got all of the picture by then fails instead of making up the rest.
pub(super) fn decode(bytes: &[u8], outline: &Outline<'_>, strict: bool) -> Option<RgbImage> {
    /// A byte of ones as it stands in a scan.
    const ONES: [u8; 2] = [0xff, 0];
    /// As many as a decoder may read ahead.
    const AHEAD: usize = 16;
    let mut bounded = bytes[..outline.end].to_vec();
    bounded.extend(ONES.repeat(AHEAD));
    bounded.extend([0xff, 0xd9]);
    let colours = match outline.frame.components.len() {
        1 => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bounded.as_slice()), options);
    // It panics on some damaged files.
    let decoded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decoder.decode().ok()));
    let pixels = decoded.ok().flatten()?;
    let (width, height) = (outline.frame.width as u32, outline.frame.height as u32);
    match colours {
        ColorSpace::Luma => {
            let grey = image::GrayImage::from_raw(width, height, pixels)?;
            Some(image::DynamicImage::from(grey).into_rgb8())
        }
        _ => RgbImage::from_raw(width, height, pixels),
    }
}
