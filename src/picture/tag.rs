//! Whose face it is, on a ground of its own.

use super::board::{Board, Colour, rectangle};
use super::colour::readable;
use super::text::{self, Align, Style};
use crate::face::Bounds;

/// The height of a line, in sizes of its text.
pub(super) const LINE: f32 = 1.3;
/// Left and right of the words, in sizes of their text.
const SIDE: f32 = 0.32;

/// The width of a tag.
pub(super) fn width(words: &str, text: f32) -> f32 {
    (text::width(words, text) + 2.0 * SIDE * text).max(LINE * text)
}

/// Where text in a line of this height stands that begins at `y`.
pub(super) fn baseline(y: f32, line: f32, text: f32) -> f32 {
    y + line / 2.0 + 0.3 * text
}

/// Draws a tag there.
pub(super) fn draw(board: &mut Board, words: &str, place: Bounds, text: f32, colour: Colour) {
    let ground = rectangle(place.x, place.y, place.width, place.height);
    board.fill(ground, colour);
    let style = Style::new(text, readable(colour))
        .bold()
        .align(Align::Centre);
    let baseline = baseline(place.y, place.height, text);
    let middle = place.x + place.width / 2.0;
    board.write(words, middle, baseline, style);
}
