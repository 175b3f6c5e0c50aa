//! What part of time a timeline shows.

use super::axis;
use super::person::Person;
use super::record::Timeline;
use crate::picture::board::{Board, FAINT, rectangle};
use crate::picture::text::{Align, Style};

/// At most how many times are named.
const TIMES: usize = 10;

/// From the first frame until the last one is over.
pub(super) struct Times {
    first: f64,
    /// From the first frame to the last one, in seconds, and how long that is seen: as long as the others
    /// on average.
    length: f64,
    frame: f64,
    /// How many frames there are.
    pub frames: u64,
    /// The seconds of a bin.
    pub bin: f64,
}

impl Times {
    /// The time of a timeline.
    pub fn of(timeline: &Timeline) -> Self {
        let frames: u64 = timeline
            .frames
            .iter()
            .map(|frames| u64::from(*frames))
            .sum();
        let [first, length, bin] = timeline.span.map_or([0.0, 0.0, 1.0], |span| {
            [span.first, span.last - span.first, span.bin]
        });
        Self {
            first,
            length,
            frame: length / (frames.max(2) - 1) as f64,
            frames,
            bin,
        }
    }

    /// How long it lasts; 0 of a single frame.
    pub fn seconds(&self) -> f64 {
        self.length + self.frame
    }

    /// How much of it is drawn, which is more than nothing.
    pub fn shown(&self) -> f64 {
        self.seconds().max(self.bin)
    }

    /// For how long somebody was seen, who was in the last frame or not.
    pub fn presence(&self, person: &Person, stayed: bool) -> String {
        let seconds = person.seconds + if stayed { self.frame } else { 0.0 };
        let share = match self.seconds() > 0.0 {
            true => seconds / self.seconds(),
            false => 1.0,
        };
        format!(
            "seen for {}, {:.0} %",
            length(seconds),
            100.0 * share.min(1.0)
        )
    }

    /// The round times below something that is so wide, and marks at its border.
    pub fn draw(&self, board: &mut Board, left: f32, width: f32, [top, bottom]: [f32; 2]) {
        let style = Style::new(13.0, FAINT).align(Align::Centre);
        for (time, name) in axis::ticks(self.first, self.first + self.seconds(), TIMES) {
            let share = ((time - self.first) / self.shown()) as f32;
            let x = (left + share * width).floor();
            board.fill(rectangle(x, bottom, 1.0, 5.0), FAINT);
            board.write(&name, x, bottom + 18.0, style);
        }
        board.fill(rectangle(left, bottom, width, 1.0), FAINT);
        board.fill(rectangle(left - 1.0, top, 1.0, bottom - top + 1.0), FAINT);
    }
}

/// A length of time, with a decimal where it is short.
pub(super) fn length(seconds: f64) -> String {
    axis::name(seconds, if seconds < 59.95 { 0.1 } else { 1.0 })
}
