//! A picture's colours out of its planes.

use image::RgbImage;

use super::frame::Frame;
use super::plane::Plane;
use super::stream::Stream;

/// What the planes of a picture stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Colour {
    Grey,
    Rgb,
    YCbCr,
    /// Inks, inverted as every program writes them into JPEG files.
    Cmyk,
    /// Inks as they are, as in TIFF files.
    Ink,
    /// YCbCr of the inverted first three, and the fourth.
    Ycck,
}

impl Colour {
    /// Planes of a picture in these colours.
    pub(super) fn planes(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk | Self::Ink | Self::Ycck => 4,
        }
    }

    /// What libjpeg-turbo takes the components for: by their number, by what a JFIF or an Adobe
    /// segment says, by their names.
    pub(super) fn of(stream: &Stream<'_>, frame: &Frame) -> Self {
        match (frame.components.len(), stream.adobe) {
            (1, _) => Self::Grey,
            (4, None | Some(0)) => Self::Cmyk,
            (4, _) => Self::Ycck,
            _ if stream.jfif => Self::YCbCr,
            (_, Some(0)) => Self::Rgb,
            (_, None) if frame.ids() == *b"RGB" => Self::Rgb,
            _ => Self::YCbCr,
        }
    }

    /// The picture of `planes`, all of one size.
    pub(super) fn picture(self, planes: &[Plane]) -> Option<RgbImage> {
        let (width, height) = (planes[0].width, planes[0].height);
        let mut pixels = vec![0; 3 * width * height];
        for (place, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            let sample = |plane: usize| planes[plane].samples[place];
            let three = || [0, 1, 2].map(sample);
            let rgb = match self {
                Self::Grey => [sample(0); 3],
                Self::Rgb => three(),
                Self::YCbCr => rgb(three()),
                Self::Cmyk => three().map(|ink| printed(ink, sample(3))),
                Self::Ink => three().map(|ink| printed(255 - ink, 255 - sample(3))),
                Self::Ycck => rgb(three()).map(|ink| printed(255 - ink, sample(3))),
            };
            pixel.copy_from_slice(&rgb);
        }
        RgbImage::from_raw(width as u32, height as u32, pixels)
    }
}

/// ITU-R BT.601 as JFIF has it, in 16 bits behind the point.
pub(in super::super) fn rgb([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    const POINT: u32 = 16;
    const HALF: i32 = 1 << (POINT - 1);
    const fn fixed(number: f64) -> i32 {
        (number * (1 << POINT) as f64 + 0.5) as i32
    }
    let (luma, blue, red) = (i32::from(luma), i32::from(blue) - 128, i32::from(red) - 128);
    let clip = |value: i32| value.clamp(0, 255) as u8;
    [
        clip(luma + ((fixed(1.402) * red + HALF) >> POINT)),
        clip(luma + ((-fixed(0.344_14) * blue - fixed(0.714_14) * red + HALF) >> POINT)),
        clip(luma + ((fixed(1.772) * blue + HALF) >> POINT)),
    ]
}

/// What is seen of white under an ink and black, both inverted.
fn printed(ink: u8, black: u8) -> u8 {
    let product = u32::from(ink) * u32::from(black);
    ((product + 127) / 255) as u8
}
