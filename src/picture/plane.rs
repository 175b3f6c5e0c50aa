//! The plane of valence and arousal.

use tiny_skia::PathBuilder;

use super::board::{Board, Colour, PAPER, QUIET, line, rectangle};
use super::range::within;

const GROUND: Colour = [242, 243, 242];

/// Draws the plane as a circle around a point, with a dot at `[valence, arousal]`: valence to the right,
/// arousal upwards, each from -1 to 1 at the circle.
pub(super) fn draw(
    board: &mut Board,
    [x, y]: [f32; 2],
    radius: f32,
    affect: [f32; 2],
    colour: Colour,
) {
    let circle = PathBuilder::from_circle(x, y, radius);
    board.fill(circle.clone(), GROUND);
    board.stroke(circle, QUIET, 1.0);
    board.fill(rectangle(x - radius, y - 0.5, 2.0 * radius, 1.0), QUIET);
    board.fill(rectangle(x - 0.5, y - radius, 1.0, 2.0 * radius), QUIET);
    let [valence, arousal] = affect.map(|value| within(value, -1.0, 1.0));
    let dot = (x + radius * valence, y - radius * arousal);
    board.stroke(line([(x, y), dot]), colour, 1.5);
    let size = (radius / 12.0).max(3.0);
    board.fill(PathBuilder::from_circle(dot.0, dot.1, size + 1.5), PAPER);
    board.fill(PathBuilder::from_circle(dot.0, dot.1, size), colour);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_is_where_valence_and_arousal_say() {
        let dot: Colour = [200, 0, 0];
        for (affect, [x, y]) in [
            ([0.5, 0.5], [130, 70]),
            ([-0.5, 0.25], [70, 85]),
            ([0.0, -1.0], [100, 160]),
            ([7.0, f32::NAN], [160, 100]),
        ] {
            let mut board = Board::new(200.0, 200.0);
            draw(&mut board, [100.0; 2], 60.0, affect, dot);
            let picture = board.finish();
            assert_eq!(picture.get_pixel(x, y).0, dot, "{affect:?}");
            assert_ne!(picture.get_pixel(200 - x, 200 - y).0, dot, "{affect:?}");
        }
    }
}
