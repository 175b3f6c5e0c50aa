//! TIFF files, beyond what the crate `image` makes of them.
//!
//! JPEG data inside are decoded as JPEG files are, so that they are read or refused by the same
//! rule; palettes, grey with transparency and YCbCr, which `image` refuses, are read; bits that are
//! stored from the last to the first, which it does not notice, are refused.

use std::io::Cursor;

use image::RgbImage;
use image::metadata::Orientation;
use tiff::ColorType;
use tiff::decoder::{ChunkType, Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::jpeg::{self, Colour};

/// How a compressed picture is stored: as JPEG data.
const JPEG: u16 = 7;
/// What the samples are.
const GREY: u16 = 1;
const RGB: u16 = 2;
const PALETTE: u16 = 3;
const INK: u16 = 5;
const YCBCR: u16 = 6;

/// A TIFF file's first picture.
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    decoder: Decoder<Cursor<&'a [u8]>>,
}

fn found(error: tiff::TiffError) -> String {
    error.to_string()
}

impl<'a> Tiff<'a> {
    /// Reads what the file says that it holds; decoding takes at most `memory` bytes.
    ///
    /// # Errors
    /// What was found that should not be there.
    pub(super) fn open(bytes: &'a [u8], memory: u64) -> Result<Self, String> {
        let mut limits = Limits::default();
        limits.decoding_buffer_size = usize::try_from(memory).unwrap_or(usize::MAX);
        limits.intermediate_buffer_size = limits.decoding_buffer_size;
        let decoder = Decoder::new(Cursor::new(bytes)).map_err(found)?;
        let mut file = Self {
            bytes,
            decoder: decoder.with_limits(limits),
        };
        match file.number(Tag::FillOrder)? {
            None | Some(1) => Ok(file),
            Some(_) => Err("bits stored from the last to the first, which is not supported".into()),
        }
    }

    /// Width and height as stored.
    pub(super) fn dimensions(&mut self) -> Result<(u32, u32), String> {
        self.decoder.dimensions().map_err(found)
    }

    /// How the stored picture is to be turned.
    pub(super) fn orientation(&mut self) -> Result<Orientation, String> {
        let number = self.number(Tag::Orientation)?;
        let number = number.and_then(|number| u8::try_from(number).ok());
        let known = number.and_then(Orientation::from_exif);
        Ok(known.unwrap_or(Orientation::NoTransforms))
    }

    /// The picture, if it is of a kind that `image` does not read, or not rightly.
    ///
    /// # Errors
    /// What was found that should not be there, or how much is missing.
    pub(super) fn decode(&mut self) -> Result<Option<RgbImage>, String> {
        let photometric = self.number(Tag::PhotometricInterpretation)?;
        if self.number(Tag::Compression)? == Some(JPEG) {
            return self.jpeg(photometric).map(Some);
        }
        if photometric == Some(PALETTE) {
            return self.palette().map(Some);
        }
        let color = self.decoder.colortype().map_err(found)?;
        let rgb: fn(&[u8]) -> [u8; 3] = match color {
            ColorType::GrayA(8 | 16) => |pixel| [pixel[0]; 3],
            // The same where the file does not say what the second sample is.
            ColorType::Multiband {
                bit_depth: 8 | 16,
                num_samples: 2,
            } if photometric == Some(GREY) => |pixel| [pixel[0]; 3],
            ColorType::YCbCr(8) => |pixel| jpeg::rgb([pixel[0], pixel[1], pixel[2]]),
            _ => return Ok(None),
        };
        let samples = usize::from(color.num_samples());
        let values = match self.decoder.read_image().map_err(found)? {
            DecodingResult::U8(values) => values,
            // Rounded, as `image` rounds 16 bits.
            DecodingResult::U16(values) => {
                let round = |value: u16| ((u32::from(value) + 128) / 257) as u8;
                values.into_iter().map(round).collect()
            }
            _ => return Err("samples that are no whole numbers".into()),
        };
        let pixels = values.chunks_exact(samples).flat_map(rgb).collect();
        self.picture(pixels).map(Some)
    }

    /// A tag that is one small number.
    fn number(&mut self, tag: Tag) -> Result<Option<u16>, String> {
        self.decoder.find_tag_unsigned(tag).map_err(found)
    }

    fn picture(&mut self, pixels: Vec<u8>) -> Result<RgbImage, String> {
        let (width, height) = self.dimensions()?;
        let picture = RgbImage::from_raw(width, height, pixels);
        picture.ok_or_else(|| "fewer samples than pixels".into())
    }

    /// Strips or tiles that are JPEG files, whose tables may stand apart.
    fn jpeg(&mut self, photometric: Option<u16>) -> Result<RgbImage, String> {
        let colour = match photometric {
            Some(RGB) => Some(Colour::Rgb),
            Some(INK) => Some(Colour::Ink),
            Some(YCBCR) => Some(Colour::YCbCr),
            _ => None,
        };
        if self.number(Tag::PlanarConfiguration)? == Some(2) {
            return Err("JPEG data of separate planes, which are not supported".into());
        }
        let (offsets, lengths) = match self.decoder.get_chunk_type() {
            ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
            ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
        };
        let mut numbers = |tag| self.decoder.get_tag_u64_vec(tag).map_err(found);
        let (offsets, lengths) = (numbers(offsets)?, numbers(lengths)?);
        let tables = self.decoder.find_tag(Tag::JPEGTables).map_err(found)?;
        let tables = tables.map(|tables| tables.into_u8_vec()).transpose();
        let tables = tables.map_err(found)?.unwrap_or_default();
        let (width, height) = self.dimensions()?;
        let (wide, high) = self.decoder.chunk_dimensions();
        let across = width.div_ceil(wide.max(1));
        let needed = across as usize * height.div_ceil(high.max(1)) as usize;
        if offsets.len().min(lengths.len()) < needed {
            return Err(format!("{} of {needed} pieces", offsets.len()));
        }
        let mut picture = RgbImage::new(width, height);
        for (place, (&offset, &length)) in offsets.iter().zip(&lengths).take(needed).enumerate() {
            let piece = usize::try_from(offset)
                .ok()
                .zip(usize::try_from(length).ok());
            let piece = piece.and_then(|(offset, length)| {
                let end = offset.checked_add(length)?;
                self.bytes.get(offset..end)
            });
            let piece = piece.ok_or("a piece beyond the end of the file")?;
            // Both have a start and an end; the tables' end and the data's start are left off.
            let tables = tables.strip_suffix(&[0xff, 0xd9]).unwrap_or(&tables);
            let data = match tables {
                [] => piece,
                _ => piece.get(2..).ok_or("a piece without data")?,
            };
            let whole = [tables, data].concat();
            let (x, y) = (place as u32 % across * wide, place as u32 / across * high);
            let piece = jpeg::piece(&whole, (wide, high), colour)?;
            image::imageops::replace(&mut picture, &piece, i64::from(x), i64::from(y));
        }
        Ok(picture)
    }

    /// A picture of places in a palette, decoded as if it were grey.
    fn palette(&mut self) -> Result<RgbImage, String> {
        let bits = self.number(Tag::BitsPerSample)?.unwrap_or(1);
        if bits != 8 {
            return Err(format!("a palette of {bits} bits, where 8 are supported"));
        }
        let map = self.decoder.get_tag_u16_vec(Tag::ColorMap).map_err(found)?;
        if map.len() != 3 * 256 {
            return Err(format!("a palette of {} numbers", map.len()));
        }
        let grey = as_grey(self.bytes).ok_or("a palette in a file of 64 bits")?;
        let mut decoder = Decoder::new(Cursor::new(grey)).map_err(found)?;
        let DecodingResult::U8(places) = decoder.read_image().map_err(found)? else {
            return Err("places in a palette that are no bytes".into());
        };
        let level = |place: u8, of: usize| (map[256 * of + usize::from(place)] >> 8) as u8;
        let pixels = places.into_iter();
        let pixels = pixels.flat_map(|place| [0, 1, 2].map(|of| level(place, of)));
        let pixels = pixels.collect();
        self.picture(pixels)
    }
}

/// The file with its first picture called a grey one; nothing for a file of 64 bits.
fn as_grey(bytes: &[u8]) -> Option<Vec<u8>> {
    const ENTRY: usize = 12;
    let little = bytes.starts_with(b"II*\0");
    if !little && !bytes.starts_with(b"MM\0*") {
        return None;
    }
    let number = |place: usize, size: usize| {
        let field = bytes.get(place..place.checked_add(size)?)?;
        let add = |sum: usize, &byte: &u8| sum << 8 | usize::from(byte);
        Some(match little {
            true => field.iter().rev().fold(0, add),
            false => field.iter().fold(0, add),
        })
    };
    let directory = number(4, 4)?;
    let photometric = usize::from(Tag::PhotometricInterpretation.to_u16());
    let entries = (0..number(directory, 2)?).map(|place| directory + 2 + ENTRY * place);
    let entry = { entries }.find(|&entry| number(entry, 2) == Some(photometric))?;
    let mut grey = bytes.to_vec();
    let value = match little {
        true => GREY.to_le_bytes(),
        false => GREY.to_be_bytes(),
    };
    grey.get_mut(entry + 8..entry + 10)?.copy_from_slice(&value);
    Some(grey)
}
