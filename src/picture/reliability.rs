//! Reliability diagrams: how far probabilities are from shares of right answers.

use image::RgbImage;
use tiny_skia::PathBuilder;

use super::board::{ACTIVE, Board, FAINT, INK, PAPER, QUIET, TOP, TRACK, line, rectangle};
use super::text::{Align, Style};
use crate::calibrate::{Reliability, ReliabilityBin};
use crate::{Error, Result};

/// The size of a diagram.
const PANEL: (f32, f32) = (310.0, 372.0);
const MARGIN: f32 = 14.0;
/// Left of the plot: room for the axis's numbers.
const LEFT: f32 = 48.0;
/// Above the plot: room for the title.
const TITLE: f32 = 48.0;
/// The side of the plot, a square.
const SIDE: f32 = 230.0;
/// The bars of rows below it: how far away and how high.
const BARS: (f32, f32) = (8.0, 34.0);
/// Below the diagrams: room for what the marks mean.
const FOOT: f32 = 30.0;
const DOT: f32 = 4.5;
/// Of fewer rows than this a bin's share says little, and its dot is hollow.
const FEW: u64 = 20;
/// The most characters of a title.
const LONGEST: usize = 18;
/// More diagrams in one picture are a slip.
const MOST: usize = 64;

/// Draws a diagram for each action unit or task, by its name, four to a row: each bin's share of rows that
/// were so above their mean probability, joined by a line, with what is missing to the diagonal, on which
/// every probability means what it says. Below are the rows of each bin, above the expected
/// calibration error.
///
/// ```
/// use countenance::calibrate::Reliability;
/// use countenance::picture::reliability;
///
/// let labels = [Some(true), Some(false), Some(true)];
/// let counted = Reliability::of_unit(&[0.9, 0.4, 0.7], &labels)?;
/// let picture = reliability(&[("AU12", counted)])?;
/// assert!(picture.width() < picture.height());
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] unless there are 1 to 64 diagrams.
pub fn reliability<N: AsRef<str>>(diagrams: &[(N, Reliability)]) -> Result<RgbImage> {
    if !(1..=MOST).contains(&diagrams.len()) {
        return Err(Error::argument("diagrams", "1 to 64", diagrams.len()));
    }
    let columns = diagrams.len().min(4);
    let rows = diagrams.len().div_ceil(columns);
    let mut board = Board::new(
        2.0 * MARGIN + PANEL.0 * columns as f32,
        2.0 * MARGIN + PANEL.1 * rows as f32 + FOOT,
    );
    for (place, (name, counted)) in diagrams.iter().enumerate() {
        let plot = Plot {
            left: MARGIN + PANEL.0 * (place % columns) as f32 + LEFT,
            top: MARGIN + PANEL.1 * (place / columns) as f32 + TITLE,
        };
        plot.title(&mut board, name.as_ref(), counted);
        plot.axes(&mut board);
        plot.dots(&mut board, &counted.bins());
        plot.rows(&mut board, counted);
    }
    let y = 2.0 * MARGIN + PANEL.1 * rows as f32;
    let quiet = Style::new(13.5, FAINT);
    let (first, second) = ("dots: share that was so;", "hollow: fewer than 20 rows");
    match columns {
        1 => {
            board.write(first, MARGIN + LEFT, y - 2.0, quiet);
            board.write(second, MARGIN + LEFT, y + 16.0, quiet);
        }
        _ => board.write(&format!("{first} {second}"), MARGIN + LEFT, y + 10.0, quiet),
    }
    Ok(board.finish())
}

/// Where a diagram's plot is.
#[derive(Clone, Copy)]
struct Plot {
    left: f32,
    top: f32,
}

impl Plot {
    /// Where a probability and a share are.
    fn at(self, probability: f64, share: f64) -> (f32, f32) {
        let [across, up] = [probability, share].map(|value| value as f32 * SIDE);
        (self.left + across, self.top + SIDE - up)
    }

    fn title(self, board: &mut Board, name: &str, counted: &Reliability) {
        let shown: String = match name.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}...", name[..end].trim_end()),
            None => name.to_string(),
        };
        let y = self.top - 18.0;
        board.write(&shown, self.left, y, Style::new(18.0, INK).bold());
        let error = match counted.expected_calibration_error() {
            Some(error) => format!("ECE {error:.3}"),
            None => "no rows".to_string(),
        };
        let style = Style::new(15.0, INK).align(Align::Right);
        board.write(&error, self.left + SIDE, y, style);
    }

    fn axes(self, board: &mut Board) {
        let bottom = self.top + SIDE;
        for quarter in 0..=4 {
            let share = f64::from(quarter) / 4.0;
            let (x, y) = self.at(share, share);
            board.fill(rectangle(self.left, y - 0.5, SIDE, 1.0), TRACK);
            board.fill(rectangle(x - 0.5, self.top, 1.0, SIDE), TRACK);
            if quarter % 2 == 0 {
                let style = Style::new(13.5, FAINT);
                let text = format!("{share:.1}");
                let (below, centre) = (bottom + BARS.0 + BARS.1 + 17.0, style.align(Align::Centre));
                board.write(&text, x, below, centre);
                board.write(&text, self.left - 8.0, y + 5.0, style.align(Align::Right));
            }
        }
        board.fill(rectangle(self.left, bottom - 0.5, SIDE, 1.0), FAINT);
        board.fill(rectangle(self.left - 0.5, self.top, 1.0, SIDE), FAINT);
        let diagonal = line([self.at(0.0, 0.0), self.at(1.0, 1.0)]);
        board.dash(diagonal, QUIET, 1.2, 5.0);
    }

    fn dots(self, board: &mut Board, bins: &[ReliabilityBin]) {
        let filled = bins
            .iter()
            .filter_map(|bin| Some((bin.rows, bin.confidence?, bin.accuracy?)));
        for (_, confidence, accuracy) in filled.clone() {
            let gap = line([
                self.at(confidence, accuracy),
                self.at(confidence, confidence),
            ]);
            board.stroke(gap, TOP, 1.5);
        }
        let points = filled
            .clone()
            .map(|(_, confidence, accuracy)| self.at(confidence, accuracy));
        board.stroke(line(points), ACTIVE, 2.0);
        for (rows, confidence, accuracy) in filled {
            let (x, y) = self.at(confidence, accuracy);
            board.fill(PathBuilder::from_circle(x, y, DOT), ACTIVE);
            if rows < FEW {
                board.fill(PathBuilder::from_circle(x, y, DOT - 1.8), PAPER);
            }
        }
    }

    /// A bar for the rows of each bin, the fullest as high as there is room.
    fn rows(self, board: &mut Board, counted: &Reliability) {
        let bins = counted.bins();
        let most = bins.iter().map(|bin| bin.rows).max().unwrap_or(0).max(1);
        let bottom = self.top + SIDE + BARS.0 + BARS.1;
        for bin in bins.iter().filter(|bin| bin.rows > 0) {
            let [(from, _), (to, _)] = bin.bounds.map(|bound| self.at(bound, 0.0));
            // What is not nothing is seen.
            let high = (bin.rows as f32 / most as f32 * BARS.1).max(1.5);
            let bar = rectangle(from + 1.0, bottom - high, to - from - 2.0, high);
            board.fill(bar, QUIET);
        }
        board.fill(rectangle(self.left, bottom, SIDE, 1.0), FAINT);
        let rows = match counted.rows() {
            1 => "probability; 1 row".to_string(),
            rows => format!("probability; {rows} rows"),
        };
        let style = Style::new(13.5, INK).align(Align::Centre);
        board.write(&rows, self.left + SIDE / 2.0, bottom + 34.0, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(rows: &[(f32, usize, usize)]) -> Reliability {
        let mut counted = Reliability::new(Reliability::BINS).unwrap();
        for &(probability, right, all) in rows {
            for row in 0..all {
                counted.push(probability, row < right).unwrap();
            }
        }
        counted
    }

    fn colour(picture: &RgbImage, (x, y): (f32, f32)) -> [u8; 3] {
        picture.get_pixel(x as u32, y as u32).0
    }

    #[test]
    fn a_dot_stands_at_its_probability_and_share_and_is_hollow_of_few_rows() {
        let one = counted(&[(0.25, 30, 100), (0.75, 9, 10)]);
        let picture = reliability(&[("AU1", one.clone()), ("AU2", one)]).unwrap();
        for place in [0.0, 1.0] {
            let plot = Plot {
                left: MARGIN + LEFT + place * PANEL.0,
                top: MARGIN + TITLE,
            };
            assert_eq!(colour(&picture, plot.at(0.25, 0.3)), ACTIVE);
            assert_eq!(colour(&picture, plot.at(0.75, 0.9)), PAPER);
            // Between the dot and the diagonal.
            assert_eq!(colour(&picture, plot.at(0.75, 0.8)), TOP);
            assert_ne!(colour(&picture, plot.at(0.3, 0.25)), ACTIVE);
        }
    }

    #[test]
    fn bars_are_as_high_as_their_bins_are_full_and_none_is_lost() {
        let picture = reliability(&[(
            "Expressions",
            counted(&[(0.15, 1, 5000), (0.55, 0, 2500), (0.95, 1, 1)]),
        )]);
        let picture = picture.unwrap();
        let high = |bin: f32| {
            let x = MARGIN + LEFT + (bin + 0.5) * SIDE / 10.0;
            let top = MARGIN + TITLE + SIDE + 2.0;
            let column = (0..(BARS.0 + BARS.1) as u32).map(|y| (x, top + y as f32));
            column
                .filter(|&place| colour(&picture, place) == QUIET)
                .count()
        };
        assert!((32..=34).contains(&high(1.0)), "{}", high(1.0));
        assert!((16..=17).contains(&high(5.0)), "{}", high(5.0));
        assert!((1..=2).contains(&high(9.0)), "{}", high(9.0));
        assert_eq!(high(3.0), 0);
    }

    #[test]
    fn diagrams_without_rows_and_with_long_names_are_drawn_and_too_many_are_not() {
        let empty = counted(&[]);
        let long = "an expression with quite a long name".to_string();
        let picture = reliability(&[(long, empty.clone())]).unwrap();
        assert!(picture.width() < 400);
        let many = vec![("AU1", empty.clone()); 13];
        let picture = reliability(&many).unwrap();
        assert_eq!(picture.width(), (2.0 * MARGIN + 4.0 * PANEL.0) as u32);
        for count in [0, 65] {
            let refused = reliability(&vec![("AU1", empty.clone()); count]);
            assert!(matches!(refused, Err(Error::Argument { .. })));
        }
    }
}
