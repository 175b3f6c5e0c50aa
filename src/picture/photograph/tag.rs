//! The number of a face on a ground of its own.

use crate::face::Bounds;
use crate::picture::board::{ACTIVE, Board, PAPER, rectangle};
use crate::picture::text::{self, Align, Style};

/// The height of a line, in sizes of its text.
pub(super) const LINE: f32 = 1.3;
/// Left and right of a number, in sizes of its text.
const SIDE: f32 = 0.32;

/// The width of a tag.
pub(super) fn width(number: usize, text: f32) -> f32 {
    let digits = text::width(&number.to_string(), text);
    (digits + 2.0 * SIDE * text).max(LINE * text)
}

/// Where text in a line of this height stands that begins at `y`.
pub(super) fn baseline(y: f32, line: f32, text: f32) -> f32 {
    y + line / 2.0 + 0.3 * text
}

/// Draws a tag there.
pub(super) fn draw(board: &mut Board, number: usize, place: Bounds, text: f32) {
    let ground = rectangle(place.x, place.y, place.width, place.height);
    board.fill(ground, ACTIVE);
    let style = Style::new(text, PAPER).bold().align(Align::Centre);
    let baseline = baseline(place.y, place.height, text);
    let middle = place.x + place.width / 2.0;
    board.write(&number.to_string(), middle, baseline, style);
}
