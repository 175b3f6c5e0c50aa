//! The bars and the plane below a person's expression.

use crate::label::ActionUnit;
use crate::picture::board::{ACTIVE, Board, FAINT, INK, QUIET};
use crate::picture::overlay::OverlayScores;
use crate::picture::range::signed;
use crate::picture::tag::LINE;
use crate::picture::text::{self, Align, Style};
use crate::picture::{bar, plane};

/// What is left free beside text, in sizes of it.
pub(super) const SIDE: f32 = 0.4;

/// The height of a unit's row, and of the plane with what is around it, in sizes of the text.
const ROW: f32 = 1.12;
const PLANE: f32 = 5.4;
const GAP: f32 = 0.35;

/// How high a panel with the expression's line is.
pub(super) fn height(scores: &OverlayScores<'_>, text: f32) -> f32 {
    let units = scores.action_units.len() as f32;
    let bars = if units > 0.0 {
        units * ROW + 2.0 * GAP
    } else {
        0.0
    };
    let plane = if scores.valence_arousal.is_some() {
        PLANE
    } else {
        0.0
    };
    (LINE * text).ceil() + (bars + plane) * text
}

/// Draws what is below the expression's line, on a board of this size.
pub(super) fn draw(
    board: &mut Board,
    scores: &OverlayScores<'_>,
    [width, height]: [f32; 2],
    text: f32,
) {
    let (left, right) = (SIDE * text, width - SIDE * text);
    let small = 0.92 * text;
    let names = scores.action_units.iter();
    let names = names.map(|(unit, _)| text::width(&unit.to_string(), small));
    let start = left + names.fold(0.0, f32::max) + 0.5 * text;
    let mut y = (LINE * text).ceil() + GAP * text;
    for &(unit, value) in scores.action_units {
        let active = scores.is_active(unit, value);
        row(board, (unit, value), active, [left, start, right], y, text);
        y += ROW * text;
    }
    if let Some(affect) = scores.valence_arousal {
        let radius = (PLANE / 2.0 - GAP) * text;
        let middle = [left + radius, height - (PLANE / 2.0) * text];
        plane::draw(board, middle, radius, affect, ACTIVE);
        let style = Style::new(small, FAINT).align(Align::Right);
        let names = ["valence", "arousal"].into_iter().zip(affect);
        for ((name, value), up) in names.zip([1.35, -1.0]) {
            let y = middle[1] - up * text;
            board.write(name, right, y, style);
            let style = Style::new(small, INK).bold().align(Align::Right);
            board.write(&signed(value), right, y + 1.05 * text, style);
        }
    }
}

/// One unit: its name, and a bar; both are stronger if it is active.
fn row(
    board: &mut Board,
    (unit, value): (ActionUnit, f32),
    active: bool,
    [left, start, right]: [f32; 3],
    y: f32,
    text: f32,
) {
    let style = Style::new(0.92 * text, if active { INK } else { FAINT });
    let style = if active { style.bold() } else { style };
    board.write(&unit.to_string(), left, y + 0.85 * text, style);
    let high = (0.55 * text).round();
    let colour = if active { ACTIVE } else { QUIET };
    let place = [start.round(), (y + 0.28 * text).round()];
    bar::draw(board, place, [right - start.round(), high], value, colour);
}
