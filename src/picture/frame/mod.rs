//! The frames of a video with the faces in them.

mod label;
mod panel;
mod room;
mod seat;
mod seating;

use image::{Rgb, RgbImage, imageops};

use self::label::Label;
use self::seat::{Detail, Guest, Seat};
use self::seating::Seating;
use super::board::{Board, Colour, PAPER};
use super::colour;
use super::overlay::OverlayScores;
use super::space::part;
use crate::face::{Bounds, Detection};

/// A person's face to mark in a frame of a video.
#[derive(Clone, Copy, Debug)]
pub struct FrameFace<'a> {
    /// Whose it is: the same person keeps number, colour and place from frame to frame.
    pub id: usize,
    /// Where it is.
    pub detection: &'a Detection,
    /// What was read from it; nothing is told of a part that is absent.
    pub scores: OverlayScores<'a>,
}

/// Draws the frames of one video, in their order: each face's box in its person's colour, and beside it
/// the person's number, the most probable expression, a bar per action unit, and the plane of valence and
/// arousal.
///
/// A frame keeps its size; lines and text grow with it. Scores stand on the same side of a face for as long
/// as there is room, and do not follow its smallest movements. Where a face leaves no room beside it, or
/// there are more than three, they are told in three lines, of more than six only the expression is, and at
/// last only the number.
///
/// # Example
/// ```
/// use countenance::ActionUnit;
/// use countenance::data::image::RgbImage;
/// use countenance::face::{Bounds, Detection};
/// use countenance::picture::{FrameArtist, FrameFace, OverlayScores};
///
/// let detection = Detection {
///     bounds: Bounds { x: 200.0, y: 120.0, width: 90.0, height: 110.0 },
///     confidence: 0.98,
///     landmarks: [[226.0, 163.0], [264.0, 163.0], [245.0, 185.0], [230.0, 205.0], [260.0, 205.0]],
/// };
/// let scores = OverlayScores {
///     action_units: &[(ActionUnit::AU12, 0.9)],
///     ..OverlayScores::default()
/// };
/// let mut artist = FrameArtist::new();
/// for _ in 0..3 {
///     let mut frame = RgbImage::new(640, 480);
///     artist.draw(&mut frame, &[FrameFace { id: 0, detection: &detection, scores }]);
///     assert_eq!(frame.dimensions(), (640, 480));
/// }
/// ```
#[derive(Debug, Default)]
pub struct FrameArtist {
    seating: Seating,
}

/// The text is a page of so many lines if the frame were square, and at least so high, in pixels.
const LINES: f32 = 54.0;
const SMALLEST: f32 = 12.0;
/// How much of the paper's colour is in the ground of what is written.
const GROUND: f32 = 0.88;
/// Where there are many faces, the text is smaller by this, so that it covers less.
const CROWDED: f32 = 0.75;

impl FrameArtist {
    /// For a video of which no frame was drawn yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Draws the faces of the next frame on its picture.
    pub fn draw(&mut self, picture: &mut RgbImage, faces: &[FrameFace<'_>]) {
        let (width, height) = picture.dimensions();
        let size = [width as f32, height as f32];
        let text = ((size[0] * size[1]).sqrt() / LINES).max(SMALLEST).round();
        let line = (text / 8.0).round().max(1.0);
        let most = self.seating.begin(faces.len());
        let text = match most {
            Detail::Full | Detail::Lines => text,
            Detail::Brief | Detail::Number => (CROWDED * text).max(SMALLEST).round(),
        };
        let seen: Vec<(Bounds, Label<'_>, &FrameFace<'_>)> = faces
            .iter()
            .filter_map(|face| {
                let bounds = part(face.detection.bounds, size)?;
                Some((bounds, Label::new(face.id, &face.scores), face))
            })
            .collect();
        let guests: Vec<Guest> = seen
            .iter()
            .map(|(bounds, label, face)| Guest {
                id: face.id,
                face: *bounds,
                sizes: label.sizes(text),
            })
            .collect();
        let seats = self.seating.seat(size, &guests, most, text, line);
        for (bounds, _, face) in &seen {
            mark(picture, *bounds, line as u32, colour::person(face.id));
        }
        for ((_, label, _), seat) in seen.iter().zip(seats) {
            if let Some(seat) = seat {
                write(picture, label, seat, text);
            }
        }
    }
}

/// A label on a ground through which the picture is seen a little.
fn write(picture: &mut RgbImage, label: &Label<'_>, seat: Seat, text: f32) {
    let place = seat.place;
    let width = label.width(seat.detail, text).min(place.width);
    let [x, y, width, height] = [place.x, place.y, width, place.height].map(|side| side as u32);
    let mut part = imageops::crop_imm(picture, x, y, width, height).to_image();
    for pixel in part.pixels_mut() {
        pixel.0 = colour::between(pixel.0, PAPER, GROUND);
    }
    let mut board = Board::new(width as f32, height as f32);
    board.paste(&part, 0, 0);
    label.draw(&mut board, seat.detail, [width as f32, height as f32], text);
    imageops::replace(picture, &board.finish(), x.into(), y.into());
}

/// A box around a face, with a light edge on both sides so that it is seen on any ground.
fn mark(picture: &mut RgbImage, bounds: Bounds, line: u32, colour: Colour) {
    let [left, top] = [bounds.x, bounds.y].map(|place| place.round() as u32);
    let right = ((bounds.x + bounds.width).round() as u32).min(picture.width());
    let bottom = ((bounds.y + bounds.height).round() as u32).min(picture.height());
    let mut ring = |inset: u32, colour: Colour| {
        let [left, top] = [left, top].map(|place| place + inset);
        let [right, bottom] = [right, bottom].map(|place| place.saturating_sub(inset));
        if left >= right || top >= bottom {
            return;
        }
        let mut dot = |x, y| picture.put_pixel(x, y, Rgb(colour));
        (left..right).for_each(|x| [top, bottom - 1].iter().for_each(|&y| dot(x, y)));
        (top..bottom).for_each(|y| [left, right - 1].iter().for_each(|&x| dot(x, y)));
    };
    ring(0, PAPER);
    (1..=line).for_each(|inset| ring(inset, colour));
    ring(line + 1, PAPER);
}

#[cfg(test)]
mod tests;
