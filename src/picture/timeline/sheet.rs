//! Drawing a timeline.

use image::RgbImage;

use super::bin::{Bin, Layout};
use super::column::Columns;
use super::legend;
use super::panel::{self, AFFECT_HEIGHT, BANDS_HEIGHT, ROW};
use super::person::{Crowd, Person};
use super::record::Timeline;
use super::time::{self, Times};
use crate::face::Bounds;
use crate::picture::board::{Board, INK};
use crate::picture::colour;
use crate::picture::tag;
use crate::picture::text::Style;

/// The width of what is drawn over time, a pixel a column, and what is left and right of it.
const WIDTH: usize = 1200;
const LEFT: f32 = 104.0;
const RIGHT: f32 = 48.0;
const MARGIN: f32 = 22.0;
const TITLE: f32 = 40.0;
/// The parts of a person's row.
const HEAD: f32 = 30.0;
const PRESENCE: f32 = 8.0;
const GAP: f32 = 7.0;
const TICKS: f32 = 22.0;
const BETWEEN: f32 = 20.0;
const REST: f32 = 34.0;
/// So many people have a row of their own.
const SHOWN: usize = 8;

impl Timeline {
    /// The picture of all frames so far. Of many people, the eight who were seen most have a row.
    pub fn draw(&self) -> RgbImage {
        let nothing = Layout::default();
        let layout = self.layout.as_ref().unwrap_or(&nothing);
        let (shown, rest) = shown(self);
        let rows: Vec<Row> = rows(layout);
        let block = HEAD + rows.iter().map(|row| row.height + GAP).sum::<f32>() + TICKS + BETWEEN;
        let legend = match shown.is_empty() {
            true => 0.0,
            false => legend::height(layout, WIDTH as f32) + BETWEEN,
        };
        let last = if rest.people > 0 { REST } else { 0.0 };
        let height = 2.0 * MARGIN + TITLE + legend + block * shown.len() as f32 + last;
        let mut board = Board::new(LEFT + WIDTH as f32 + RIGHT, height);

        let mut y = MARGIN;
        let times = Times::of(self);
        title(&mut board, &times, shown.len() as u64 + rest.people, y);
        y += TITLE;
        if !shown.is_empty() {
            legend::draw(&mut board, layout, [MARGIN, y], WIDTH as f32);
            y += legend;
        }
        let columns = Columns::new(WIDTH, times.shown(), &self.frames, times.bin);
        for (id, person) in shown {
            let stayed = self.present.contains(&id);
            head(&mut board, id, &times.presence(person, stayed), y);
            let seen = columns.of(person);
            let mut top = y + HEAD;
            for row in &rows {
                row.draw(&mut board, layout, id, &seen, top);
                top += row.height + GAP;
            }
            times.draw(&mut board, LEFT, WIDTH as f32, [y + HEAD, top - GAP]);
            y += block;
        }
        if rest.people > 0 {
            let seconds = time::length(rest.seconds);
            let words = format!("and {} more, seen for {seconds} or less each", rest.people);
            board.write(&words, MARGIN, y + 16.0, Style::new(16.0, INK));
        }
        board.finish()
    }
}

/// Those who were seen most, by their number, and the others.
fn shown(timeline: &Timeline) -> (Vec<(usize, &Person)>, Crowd) {
    let mut people: Vec<_> = timeline
        .people
        .iter()
        .map(|(id, person)| (*id, person))
        .collect();
    people.sort_by_key(|(id, person)| (std::cmp::Reverse(person.frames), *id));
    let mut rest = timeline.gone;
    for (_, person) in people.iter().skip(SHOWN) {
        rest.add(person);
    }
    people.truncate(SHOWN);
    people.sort_by_key(|(id, _)| *id);
    (people, rest)
}

fn title(board: &mut Board, times: &Times, people: u64, y: f32) {
    let who = match people {
        0 => "Nobody".to_string(),
        1 => "1 person".to_string(),
        people => format!("{people} people"),
    };
    let seconds = time::length(times.seconds());
    let frames = match times.frames {
        1 => "1 frame".to_string(),
        frames => format!("{frames} frames"),
    };
    let words = format!("{who} in {seconds} ({frames})");
    board.write(&words, MARGIN, y + 18.0, Style::new(22.0, INK).bold());
}

/// Who it is, and for how long they were seen.
fn head(board: &mut Board, id: usize, words: &str, y: f32) {
    let (name, size) = (format!("#{id}"), 16.0);
    let place = Bounds {
        x: MARGIN,
        y,
        width: tag::width(&name, size).ceil(),
        height: 22.0,
    };
    tag::draw(board, &name, place, size, colour::person(id));
    let style = Style::new(15.0, INK);
    board.write(words, place.x + place.width + 10.0, y + 16.0, style);
}

/// A part of every person's row.
struct Row {
    kind: Kind,
    height: f32,
}

enum Kind {
    Presence,
    Bands,
    Raster,
    Affect,
}

/// The parts for what is read.
fn rows(layout: &Layout) -> Vec<Row> {
    let raster = ROW * layout.units.len() as f32;
    let parts = [
        (true, Kind::Presence, PRESENCE),
        (!layout.classes.is_empty(), Kind::Bands, BANDS_HEIGHT),
        (!layout.units.is_empty(), Kind::Raster, raster),
        (layout.affect, Kind::Affect, AFFECT_HEIGHT),
    ];
    let there = parts.into_iter().filter(|(there, ..)| *there);
    there
        .map(|(_, kind, height)| Row { kind, height })
        .collect()
}

impl Row {
    fn draw(&self, board: &mut Board, layout: &Layout, id: usize, seen: &[Option<Bin>], top: f32) {
        let corner = [LEFT, top];
        match self.kind {
            Kind::Presence => panel::presence(board, seen, corner, self.height, id),
            Kind::Bands => panel::bands(board, seen, corner, layout),
            Kind::Raster => panel::raster(board, seen, corner, layout),
            Kind::Affect => panel::affect(board, seen, corner, layout),
        }
    }
}
