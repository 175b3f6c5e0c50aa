//! JPEG files.
//!
//! The crate `zune-jpeg` decodes what cameras and programs write every day, and fast. Two things it
//! gets wrong without a word: files of rarer structure (a scan for each component beside colour
//! with fewer rows than luma, luma coarser than colour), and files whose end is missing, which it
//! fills up. Those are decoded by [`rare`], which makes the samples that libjpeg-turbo makes and
//! knows whether all of them are there.
//!
//! **When a file is whole.** Every unit of every scan that it begins has its data; then all of the
//! face is there. The end marker itself may be missing, overwritten with zeros or followed by
//! anything; data that end with zeros themselves are refused where many more zeros follow. A
//! file of which less is there is refused, and it is said how much is there; an end marker that a
//! repair tool has added does not change that.

mod block;
mod colour;
mod everyday;
mod frame;
mod header;
mod huffman;
mod outline;
mod plane;
mod rare;
mod scan;
mod stream;

use std::borrow::Cow;

use image::RgbImage;

pub(super) use self::colour::{Colour, rgb};
use self::outline::Outline;
use super::orientation::Metadata;

/// How far apart, in levels of 255, two decoders' roundings may be.
const SAME: u8 = 4;

/// A JPEG file whose segments were read.
pub(super) struct Jpeg<'a> {
    bytes: &'a [u8],
    outline: Outline<'a>,
}

impl<'a> Jpeg<'a> {
    /// Reads what the file says that it holds.
    ///
    /// # Errors
    /// What was found that should not be there, or what is missing.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let outline = Outline::of(bytes)?;
        Ok(Self { bytes, outline })
    }

    /// Width and height as stored.
    pub(super) fn dimensions(&self) -> (u32, u32) {
        let frame = &self.outline.frame;
        (frame.width as u32, frame.height as u32)
    }

    /// What programs have written about the picture.
    pub(super) fn metadata(&self) -> Metadata<'a> {
        Metadata {
            exif: self.outline.exif.clone().map(Cow::Owned),
            xmp: self.outline.xmp.map(Cow::Borrowed),
        }
    }

    /// The picture as stored: it is not turned yet.
    ///
    /// # Errors
    /// What was found that should not be there, or how much is missing.
    pub(super) fn decode(&self) -> Result<RgbImage, String> {
        if self.outline.is_everyday()
            && let Some(picture) = everyday::decode(self.bytes, &self.outline, true)
        {
            return Ok(picture);
        }
        let ours = rare::decode(self.bytes, None)?;
        // Where both are right, the pixels stay those that features were made from before.
        match everyday::decode(self.bytes, &self.outline, false) {
            Some(theirs) if is_same(&ours, &theirs) => Ok(theirs),
            _ => Ok(ours),
        }
    }
}

/// The picture of a JPEG file inside of another, of at most that size and of colours that the other
/// file may tell.
///
/// # Errors
/// What was found that should not be there, or how much is missing.
pub(super) fn piece(
    bytes: &[u8],
    (width, height): (u32, u32),
    colour: Option<Colour>,
) -> Result<RgbImage, String> {
    let outline = Outline::of(bytes)?;
    let (across, down) = (outline.frame.width, outline.frame.height);
    if across == 0 || down == 0 || across > width as usize || down > height as usize {
        return Err(format!(
            "a piece of {across}x{down} in place of {width}x{height}"
        ));
    }
    rare::decode(bytes, colour)
}

fn is_same(one: &RgbImage, other: &RgbImage) -> bool {
    let mut values = one.iter().zip(other.iter());
    one.dimensions() == other.dimensions() && values.all(|(a, b)| a.abs_diff(*b) <= SAME)
}
