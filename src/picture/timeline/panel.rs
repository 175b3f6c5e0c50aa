//! The parts of a person's row.

use image::{Rgb, RgbImage};
use tiny_skia::PathBuilder;

use super::bin::{Bin, Layout};
use super::legend::{self, AFFECT, READ, UNREAD};
use crate::picture::board::{Board, Colour, FAINT, INK, QUIET, line, rectangle};
use crate::picture::colour;
use crate::picture::text::{Align, Style};

/// How high the bands of expressions are, a unit's row, and the lines of valence and arousal.
pub(super) const BANDS_HEIGHT: f32 = 84.0;
pub(super) const ROW: f32 = 14.0;
pub(super) const AFFECT_HEIGHT: f32 = 84.0;
/// Between a name and what it is of.
const AWAY: f32 = 9.0;
const SIZE: f32 = 13.0;

/// When somebody was seen.
pub(super) fn presence(
    board: &mut Board,
    seen: &[Option<Bin>],
    corner: [f32; 2],
    height: f32,
    id: usize,
) {
    let own = colour::person(id);
    strip(board, seen, corner, height, |_, _| Some(own));
}

/// The expressions' probabilities upon each other.
pub(super) fn bands(board: &mut Board, seen: &[Option<Bin>], corner: [f32; 2], layout: &Layout) {
    let colours = legend::classes(layout);
    let first = layout.units.len();
    strip(board, seen, corner, BANDS_HEIGHT, |bin, up| {
        let share = |class: usize| bin.mean(first + class).unwrap_or(0.0).max(0.0);
        let sum: f32 = (0..colours.len()).map(share).sum();
        let mut reached = 0.0;
        let mut classes = colours.iter().enumerate().filter(|(class, _)| {
            reached += share(*class) / sum;
            up < reached
        });
        match (classes.next(), sum > 0.0) {
            (Some((_, colour)), _) => Some(*colour),
            // The shares are a rounding error short of one.
            (None, true) => colours.last().copied(),
            (None, false) => None,
        }
    });
    let style = Style::new(SIZE, INK).align(Align::Right);
    let middle = corner[1] + BANDS_HEIGHT / 2.0 + 4.5;
    board.write("expression", corner[0] - AWAY, middle, style);
}

/// A row for each unit, darker where it is more probable.
pub(super) fn raster(board: &mut Board, seen: &[Option<Bin>], corner: [f32; 2], layout: &Layout) {
    let style = Style::new(SIZE, INK).align(Align::Right);
    for (place, unit) in layout.units.iter().enumerate() {
        let top = corner[1] + ROW * place as f32;
        strip(board, seen, [corner[0], top], ROW, |bin, _| {
            bin.mean(place).map(legend::probability)
        });
        board.write(&unit.to_string(), corner[0] - AWAY, top + 11.5, style);
    }
}

/// Valence and arousal as lines from -1 to 1.
pub(super) fn affect(board: &mut Board, seen: &[Option<Bin>], corner: [f32; 2], layout: &Layout) {
    let first = layout.units.len() + layout.classes.len();
    strip(board, seen, corner, AFFECT_HEIGHT, |bin, _| {
        bin.mean(first).map(|_| READ)
    });
    let [left, top] = corner;
    let y = |value: f32| top + AFFECT_HEIGHT * (1.0 - value) / 2.0;
    let style = Style::new(SIZE, FAINT).align(Align::Right);
    for (name, value, down) in [("1", 1.0, 10.0), ("0", 0.0, 4.5), ("-1", -1.0, 0.0)] {
        board.write(name, left - AWAY, y(value) + down, style);
    }
    let zero = rectangle(left, y(0.0).floor(), seen.len() as f32, 1.0);
    board.fill(zero, QUIET);
    for (place, colour) in AFFECT.into_iter().enumerate() {
        let value = |bin: &Option<Bin>| bin.as_ref()?.mean(first + place);
        let points = seen.iter().map(value).enumerate();
        let points: Vec<Option<(f32, f32)>> = points
            .map(|(x, value)| {
                let value = value?.clamp(-1.0, 1.0);
                Some((left + x as f32 + 0.5, y(value)))
            })
            .collect();
        // A line for each stretch without a gap.
        for stretch in points.split(Option::is_none) {
            let stretch: Vec<_> = stretch.iter().flatten().copied().collect();
            match stretch.as_slice() {
                [] => {}
                &[(x, y)] => board.fill(PathBuilder::from_circle(x, y, 1.5), colour),
                points => board.stroke(line(points.iter().copied()), colour, 1.6),
            }
        }
    }
}

/// A strip with a column for each of those that are seen. The colour depends on how far up in the strip it
/// is, from 0 to 1; there is none where nothing was read.
fn strip(
    board: &mut Board,
    seen: &[Option<Bin>],
    [left, top]: [f32; 2],
    height: f32,
    colour: impl Fn(&Bin, f32) -> Option<Colour>,
) {
    let [left, top] = [left, top].map(|place| place as u32);
    let strip = RgbImage::from_fn(seen.len() as u32, height as u32, |x, y| {
        let up = 1.0 - (y as f32 + 0.5) / height;
        Rgb(match &seen[x as usize] {
            Some(bin) => colour(bin, up).unwrap_or(UNREAD),
            None => legend::unseen(left + x, top + y),
        })
    });
    board.paste(&strip, left, top);
}
