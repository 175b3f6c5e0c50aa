//! The frame that curves are drawn in: where values lie, the epochs and the axes' numbers.

use super::board::{Board, FAINT, INK, TRACK, rectangle};
use super::scale::{Scale, whole_ticks};
use super::text::{Align, Style};

/// At most how many epochs are numbered.
const EPOCHS: usize = 8;

/// Where in the picture a diagram's values lie.
pub(super) struct Plot {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    /// The first epoch and the last.
    pub epochs: (usize, usize),
}

impl Plot {
    /// Where an epoch is.
    pub fn x(&self, epoch: usize) -> f32 {
        let (first, last) = self.epochs;
        // A single epoch stands in the middle.
        let share = match last - first {
            0 => 0.5,
            width => (epoch as f64 - first as f64) as f32 / width as f32,
        };
        self.left + share * (self.right - self.left)
    }

    /// Where a value is, of which `share` says where on its scale it is.
    pub fn y(&self, share: f32) -> f32 {
        self.bottom - share * (self.bottom - self.top)
    }

    /// Whether an epoch is in the picture.
    pub fn holds(&self, epoch: usize) -> bool {
        (self.epochs.0..=self.epochs.1).contains(&epoch)
    }

    /// The epochs below the plot.
    pub fn draw_epochs(&self, board: &mut Board) {
        board.fill(
            rectangle(self.left, self.bottom, self.right - self.left, 1.0),
            FAINT,
        );
        let style = Style::new(14.0, FAINT).align(Align::Centre);
        for epoch in whole_ticks(self.epochs.0, self.epochs.1, EPOCHS) {
            let x = self.x(epoch);
            board.fill(rectangle(x - 0.5, self.bottom, 1.0, 5.0), FAINT);
            board.write(&epoch.to_string(), x, self.bottom + 19.0, style);
        }
        let middle = (self.left + self.right) / 2.0;
        let style = Style::new(15.0, INK).align(Align::Centre);
        board.write("epoch", middle, self.bottom + 40.0, style);
    }

    /// An axis's name and numbers, left of the plot if they are aligned right, and the lines across it.
    pub fn draw_axis(&self, board: &mut Board, name: &str, scale: Scale, align: Align) {
        let (x, away) = match align {
            Align::Right => (self.left, -8.0),
            _ => (self.right, 8.0),
        };
        let style = Style::new(14.0, FAINT).align(align);
        for tick in scale.ticks() {
            let y = self.y(scale.share(tick));
            if align == Align::Right && y < self.bottom {
                board.fill(
                    rectangle(self.left, y - 0.5, self.right - self.left, 1.0),
                    TRACK,
                );
            }
            board.write(&scale.label(tick), x + away, y + 5.0, style);
        }
        board.fill(
            rectangle(x - 0.5, self.top, 1.0, self.bottom - self.top),
            FAINT,
        );
        // Inwards, so that a long name does not leave the diagram.
        let style = Style::new(15.0, INK).align(match align {
            Align::Right => Align::Left,
            _ => Align::Right,
        });
        board.write(name, x, self.top - 14.0, style);
    }
}
