//! The part of a picture that a network reads.

use std::fmt;
use std::str::FromStr;

use image::{RgbImage, imageops};
use serde::{Deserialize, Serialize};

use super::detection::{Bounds, Detection};
use super::similarity::Similarity;
use super::warp::warped;
use crate::{Error, Result};

/// Which crop of a face a network expects; it belongs to the model, for one that was trained on the
/// other kind reads worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// 112x112 pixels in which the five landmarks lie closest to [`TEMPLATE`], as s-Aff-Wild2's images
    /// are.
    #[default]
    Aligned,
    /// The detector's box, its corners cut to whole numbers, without a margin and not turned: as
    /// HSEmotion and OpenFace 3.0 cut faces.
    Box,
}

/// The side of an aligned crop, in pixels.
pub const ALIGNED: u32 = 112;

/// Where the landmarks lie in an aligned crop: ArcFace's template (Deng et al., arXiv 1801.07698) for
/// the right eye, the left eye, the nose and the corners of the mouth, each `[x, y]`.
pub const TEMPLATE: [[f32; 2]; 5] = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];

/// How many times as long as the picture an aligned crop may be, which is at least a pixel: landmarks
/// that lie further apart are of no face in it.
const WIDEST: f32 = 4.0;

impl Crop {
    /// The crop of a face.
    ///
    /// What lies outside the picture is black in an aligned crop, and left out of a box.
    ///
    /// # Errors
    /// [`Error::Argument`] if nothing of the face is within the picture, or its landmarks are those of
    /// no face: within a pixel, not finite, or much further apart than the picture is long.
    pub fn cut(self, picture: &RgbImage, face: &Detection) -> Result<RgbImage> {
        let crop = match self {
            Self::Aligned => aligned(picture, &face.landmarks),
            Self::Box => boxed(picture, &face.bounds),
        };
        crop.ok_or_else(|| match self {
            Self::Aligned => Error::argument(
                "the face's landmarks",
                "five places of a face in the picture",
                format!("{:?}", face.landmarks),
            ),
            Self::Box => Error::argument(
                "the face's box",
                "one with a pixel of the picture in it",
                format!("{:?}", <[f32; 4]>::from(face.bounds)),
            ),
        })
    }
}

fn aligned(picture: &RgbImage, landmarks: &[[f32; 2]; 5]) -> Option<RgbImage> {
    let transform = Similarity::fit(landmarks, &TEMPLATE)?;
    let back = transform.inverse()?;
    let sides = [picture.width(), picture.height()].map(|side| side as f32);
    let length = back.scale() * ALIGNED as f32;
    if !(1.0..=WIDEST * sides[0].max(sides[1])).contains(&length) {
        return None;
    }
    let last = ALIGNED as f32 - 1.0;
    let corners = [[0.0, 0.0], [last, 0.0], [0.0, last], [last, last]].map(|end| back.apply(end));
    let is_within = (0..2).all(|axis| {
        let places = corners.map(|corner| corner[axis]);
        let lowest = places.into_iter().fold(f32::INFINITY, f32::min);
        let highest = places.into_iter().fold(f32::NEG_INFINITY, f32::max);
        lowest < sides[axis] && highest > -1.0
    });
    is_within.then(|| warped(picture, &back, ALIGNED))
}

fn boxed(picture: &RgbImage, bounds: &Bounds) -> Option<RgbImage> {
    let edges = |start: f32, length: f32, side: u32| {
        let within = |edge: f32| (edge.max(0.0) as u32).min(side);
        (within(start), within(start + length))
    };
    let (left, right) = edges(bounds.x, bounds.width, picture.width());
    let (top, bottom) = edges(bounds.y, bounds.height, picture.height());
    (left < right && top < bottom).then(|| {
        let (width, height) = (right - left, bottom - top);
        imageops::crop_imm(picture, left, top, width, height).to_image()
    })
}

impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Aligned => "aligned",
            Self::Box => "box",
        })
    }
}

impl FromStr for Crop {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Aligned, Self::Box]
            .into_iter()
            .find(|crop| crop.to_string() == text)
            .ok_or_else(|| Error::argument("the crop", "aligned or box", text))
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn face(bounds: [f32; 4], landmarks: [[f32; 2]; 5]) -> Detection {
        let [x, y, width, height] = bounds;
        Detection {
            bounds: Bounds {
                x,
                y,
                width,
                height,
            },
            confidence: 0.9,
            landmarks,
        }
    }

    #[test]
    fn landmarks_that_lie_as_the_template_leave_the_picture_as_it_is() {
        let picture = RgbImage::from_fn(112, 112, |x, y| Rgb([x as u8, y as u8, 77]));
        let crop = Crop::Aligned
            .cut(&picture, &face([0.0; 4], TEMPLATE))
            .unwrap();
        assert_eq!(crop, picture);
    }

    #[test]
    fn a_box_is_cut_to_whole_pixels_within_the_picture() {
        let picture = RgbImage::from_fn(30, 20, |x, y| Rgb([x as u8, y as u8, 0]));
        let cut = |bounds| Crop::Box.cut(&picture, &face(bounds, TEMPLATE));
        let crop = cut([4.9, 3.2, 10.0, 5.5]).unwrap();
        assert_eq!(crop.dimensions(), (14 - 4, 8 - 3));
        assert_eq!(*crop.get_pixel(0, 0), Rgb([4, 3, 0]));
        assert_eq!(cut([-5.0, -5.0, 10.0, 8.0]).unwrap().dimensions(), (5, 3));
        assert_eq!(cut([25.0, 15.0, 10.0, 10.0]).unwrap().dimensions(), (5, 5));
        let nothing = [31.0, -6.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        for x in nothing {
            assert!(cut([x, 3.0, 5.0, 5.0]).is_err(), "{x}");
        }
        for size in [0.5, 0.0, -3.0, f32::NAN, f32::NEG_INFINITY] {
            assert!(cut([3.0, 3.0, size, 5.0]).is_err(), "{size}");
            assert!(cut([3.0, 3.0, 5.0, size]).is_err(), "{size}");
        }
        let error = cut([31.0, 3.0, 5.0, 5.0]).unwrap_err().to_string();
        assert_eq!(
            error,
            "the face's box: expected one with a pixel of the picture in it, found [31.0, 3.0, 5.0, \
             5.0]"
        );
    }

    #[test]
    fn landmarks_of_no_face_in_the_picture_have_no_crop() {
        let picture = RgbImage::new(30, 20);
        let cut = |landmarks| Crop::Aligned.cut(&picture, &face([0.0; 4], landmarks));
        let scaled = |factor: f32| TEMPLATE.map(|point| point.map(|place| place * factor));
        let moved = |by: [f32; 2]| TEMPLATE.map(|[x, y]| [x + by[0], y + by[1]]);
        for landmarks in [
            [[3.0; 2]; 5],
            [[f32::NAN; 2]; 5],
            [[f32::INFINITY; 2]; 5],
            scaled(1e30),
            scaled(1e-30),
            scaled(1e-3),
            scaled(30.0 * 4.1 / 112.0),
            moved([0.0, 21.0]),
            moved([-113.0, 0.0]),
            moved([1e9, 0.0]),
        ] {
            let error = cut(landmarks).unwrap_err().to_string();
            assert!(error.starts_with("the face's landmarks: "), "{error}");
        }
        for landmarks in [
            scaled(30.0 * 3.9 / 112.0),
            scaled(0.02),
            moved([29.0, 19.0]),
            moved([-100.0, -100.0]),
        ] {
            assert_eq!(cut(landmarks).unwrap().dimensions(), (112, 112));
        }
    }

    #[test]
    fn faces_at_every_border_of_pictures_of_every_shape_are_cut() {
        for (width, height) in [(1, 1), (1, 300), (300, 1), (5, 7), (200, 120)] {
            let picture = RgbImage::from_pixel(width, height, Rgb([255; 3]));
            let [middle, end] = [0.5, 1.0]
                .map(|share| [width, height].map(|side| (share * (side as f32 - 1.0)).max(0.0)));
            for [x, y] in [[0.0; 2], middle, end, [0.0, end[1]], [end[0], 0.0]] {
                // As small as a pixel, turned, or so large that most of it is outside.
                let most = width.max(height) as f32;
                for (size, turn) in [(1.5, 0.0f32), (1.5 * most, 1.0), (2.0 * most, 3.0)] {
                    let (sine, cosine) = turn.sin_cos();
                    let landmarks = TEMPLATE.map(|[u, v]| {
                        let [u, v] = [u, v].map(|place| (place / 112.0 - 0.5) * size);
                        [x + cosine * u - sine * v, y + sine * u + cosine * v]
                    });
                    let bounds = [x - size / 2.0, y - size / 2.0, size.max(2.0), size.max(2.0)];
                    let face = face(bounds, landmarks);
                    let crop = Crop::Aligned.cut(&picture, &face).unwrap();
                    let brightest = crop.pixels().map(|pixel| pixel[0]).max();
                    assert!(
                        brightest > Some(0),
                        "{width}x{height} {x} {y} {size} {turn}"
                    );
                    let crop = Crop::Box.cut(&picture, &face).unwrap();
                    assert!(crop.pixels().all(|pixel| pixel[0] == 255));
                }
            }
        }
    }

    #[test]
    fn the_names_in_files_and_flags_are_those_of_the_kinds() {
        for (crop, name) in [(Crop::Aligned, "aligned"), (Crop::Box, "box")] {
            assert_eq!(serde_json::to_string(&crop).unwrap(), format!("\"{name}\""));
            assert_eq!(
                (crop.to_string().as_str(), name.parse().unwrap()),
                (name, crop)
            );
        }
        let error = "round".parse::<Crop>().unwrap_err().to_string();
        assert_eq!(error, "the crop: expected aligned or box, found round");
    }
}
