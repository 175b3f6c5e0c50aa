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

/// A name and what stands behind it.
struct Line {
    name: &'static str,
    entries: Vec<Entry>,
}

impl Line {
    fn new(name: &'static str) -> Self {
        let entries = Vec::new();
        Self { name, entries }
    }
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
    fn new(samples: impl IntoIterator<Item = Sample>, name: &str) -> Self {
        Self {
            x: 0.0,
            samples: samples.into_iter().collect(),
            name: name.to_string(),
        }
    }

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
    let mut lines = Vec::new();
    for whole in whole_lines(layout) {
        let mut line = Line::new(whole.name);
        let mut x = 0.0;
        for entry in whole.entries {
            if x > 0.0 && NAMES + x + entry.width() > width {
                lines.push(std::mem::replace(&mut line, Line::new("")));
                x = 0.0;
            }
            let next = x + entry.width() + GAP;
            line.entries.push(Entry { x, ..entry });
            x = next;
        }
        lines.push(line);
    }
    lines
}

/// A line for each part of a row, however long.
fn whole_lines(layout: &Layout) -> Vec<Line> {
    let plain = |(colour, name): (Colour, &str)| Entry::new([Sample::Plain(colour)], name);
    let mut lines = Vec::new();
    if !layout.classes.is_empty() {
        let names: Vec<_> = layout
            .classes
            .iter()
            .map(|class| shortened(class.name()))
            .collect();
        let entries = classes(layout)
            .into_iter()
            .zip(names.iter().map(String::as_str));
        lines.push(Line {
            name: "expression",
            entries: entries.map(plain).collect(),
        });
    }
    if !layout.units.is_empty() {
        let shades = (0..=5).map(|step| Sample::Plain(probability(step as f32 / 5.0)));
        lines.push(Line {
            name: "action units",
            entries: vec![Entry::new(shades, "probability 0 to 1")],
        });
    }
    if layout.affect {
        let entries = AFFECT.into_iter().zip(["valence", "arousal"]);
        lines.push(Line {
            name: "affect",
            entries: entries.map(plain).collect(),
        });
    }
    lines.push(Line {
        name: "otherwise",
        entries: vec![
            Entry::new([Sample::Unseen], "not seen"),
            plain((UNREAD, "not read")),
        ],
    });
    lines
}
