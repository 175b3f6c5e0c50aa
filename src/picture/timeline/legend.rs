//! What the colours of a timeline mean.

use image::{Rgb, RgbImage};

use super::bin::Layout;
use crate::picture::board::{ACTIVE, Board, Colour, FAINT, INK, PAPER, QUIET, TOP, rectangle};
use crate::picture::colour::{self, between};
use crate::picture::overlay::shortened;
use crate::picture::text::{self, Style};

/// The colours of valence and arousal.
pub(super) const AFFECT: [Colour; 2] = [ACTIVE, TOP];
/// The ground where something was read, and where somebody was seen and nothing was.
pub(super) const READ: Colour = [255, 255, 255];
pub(super) const UNREAD: Colour = [224, 227, 229];
/// Lines across where somebody was not seen.
const HATCH: Colour = [206, 210, 211];
/// A unit that is surely there.
const SURE: Colour = [6, 58, 74];

const SIZE: f32 = 14.0;
const LINE: f32 = 24.0;
const SAMPLE: f32 = 16.0;
const GAP: f32 = 20.0;
/// How wide the names of the lines are.
const NAMES: f32 = 130.0;

/// The colour of a unit's probability.
pub(super) fn probability(value: f32) -> Colour {
    between(READ, SURE, value.clamp(0.0, 1.0))
}

/// The ground where somebody was not seen, in a pixel.
pub(super) fn unseen(x: u32, y: u32) -> Colour {
    match (x + y) % 7 {
        0 => HATCH,
        _ => PAPER,
    }
}

/// The colours of the classes, in their order.
pub(super) fn classes(layout: &Layout) -> Vec<Colour> {
    let classes = layout.classes.iter().enumerate();
    classes
        .map(|(place, class)| colour::expression(class, place))
        .collect()
}

/// How high the legend is.
pub(super) fn height(layout: &Layout, width: f32) -> f32 {
    LINE * lines(layout, width).len() as f32
}

/// Draws it from a corner on.
pub(super) fn draw(board: &mut Board, layout: &Layout, [left, top]: [f32; 2], width: f32) {
    for (row, line) in lines(layout, width).into_iter().enumerate() {
        let baseline = top + row as f32 * LINE + 16.0;
        board.write(line.name, left, baseline, Style::new(SIZE, FAINT));
        for entry in line.entries {
            entry.draw(board, left + NAMES + entry.x, baseline);
        }
    }
}

struct Line {
    name: &'static str,
    entries: Vec<Entry>,
}

/// What is seen where something is.
#[derive(Clone, Copy)]
enum Sample {
    Plain(Colour),
    Unseen,
}

impl Sample {
    fn pixel(self, x: u32, y: u32) -> Colour {
        match self {
            Self::Plain(colour) => colour,
            Self::Unseen => unseen(x, y),
        }
    }
}

/// Samples and what they mean.
struct Entry {
    x: f32,
    samples: Vec<Sample>,
    name: String,
}

impl Entry {
    fn width(&self) -> f32 {
        SAMPLE * self.samples.len() as f32 + 6.0 + text::width(&self.name, SIZE)
    }

    fn draw(&self, board: &mut Board, x: f32, baseline: f32) {
        let end = x + SAMPLE * self.samples.len() as f32;
        // An edge, so that light colours are seen on the paper.
        board.fill(
            rectangle(x - 1.0, baseline - 13.0, end - x + 2.0, 16.0),
            QUIET,
        );
        for (place, sample) in self.samples.iter().enumerate() {
            let left = x + SAMPLE * place as f32;
            let sample = RgbImage::from_fn(SAMPLE as u32, 14, |x, y| Rgb(sample.pixel(x, y)));
            board.paste(&sample, left as u32, (baseline - 12.0) as u32);
        }
        board.write(&self.name, end + 6.0, baseline, Style::new(SIZE, INK));
    }
}

/// The lines, broken where they would become longer than the width.
fn lines(layout: &Layout, width: f32) -> Vec<Line> {
    let one = |colour: Colour, name: &str| (vec![Sample::Plain(colour)], name.to_string());
    let mut parts: Vec<(&str, Vec<(Vec<Sample>, String)>)> = Vec::new();
    if !layout.classes.is_empty() {
        let names = layout.classes.iter().map(|class| shortened(class.name()));
        let entries = classes(layout).into_iter().zip(names);
        let entries = entries.map(|(colour, name)| one(colour, &name));
        parts.push(("expression", entries.collect()));
    }
    if !layout.units.is_empty() {
        let shades = (0..=5).map(|step| Sample::Plain(probability(step as f32 / 5.0)));
        parts.push((
            "action units",
            vec![(shades.collect(), "probability 0 to 1".into())],
        ));
    }
    if layout.affect {
        let entries = AFFECT.into_iter().zip(["valence", "arousal"]);
        parts.push((
            "affect",
            entries.map(|(colour, name)| one(colour, name)).collect(),
        ));
    }
    let unseen = (vec![Sample::Unseen], "not seen".to_string());
    parts.push(("without", vec![unseen, one(UNREAD, "not read")]));
    let mut lines = Vec::new();
    for (name, entries) in parts {
        let mut line = Line {
            name,
            entries: Vec::new(),
        };
        let mut x = 0.0;
        for (samples, words) in entries {
            let mut entry = Entry {
                x,
                samples,
                name: words,
            };
            if x > 0.0 && NAMES + x + entry.width() > width {
                lines.push(std::mem::replace(
                    &mut line,
                    Line {
                        name: "",
                        entries: Vec::new(),
                    },
                ));
                (entry.x, x) = (0.0, 0.0);
            }
            x += entry.width() + GAP;
            line.entries.push(entry);
        }
        lines.push(line);
    }
    lines
}
