//! A bar for a probability.

use tiny_skia::{Path, PathBuilder};

use super::board::{Board, Colour, TRACK};
use super::range::within;

/// Draws a bar as long as `value` of its track, which is so wide and high.
pub(super) fn draw(
    board: &mut Board,
    [x, y]: [f32; 2],
    [width, height]: [f32; 2],
    value: f32,
    colour: Colour,
) {
    let value = within(value, 0.0, 1.0);
    board.fill(rounded(x, y, width, height), TRACK);
    if value > 0.0 {
        // Shorter than it is high, a rounded bar would not be round.
        let length = (value * width).max(height / 2.0);
        board.fill(rounded(x, y, length, height), colour);
    }
}

/// A bar with square left and rounded right end.
fn rounded(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    let corner = (height / 2.0).min(width);
    let (right, bottom) = (x + width, y + height);
    // The handle that makes a cubic curve follow a quarter circle.
    let handle = 0.448 * corner;
    let mut builder = PathBuilder::new();
    builder.move_to(x, y);
    builder.line_to(right - corner, y);
    builder.cubic_to(right - handle, y, right, y + handle, right, y + corner);
    builder.line_to(right, bottom - corner);
    builder.cubic_to(
        right,
        bottom - handle,
        right - handle,
        bottom,
        right - corner,
        bottom,
    );
    builder.line_to(x, bottom);
    builder.close();
    builder.finish()
}
