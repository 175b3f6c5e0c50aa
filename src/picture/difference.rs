//! Differences with their intervals: what is better, what is worse, and what is noise.

use image::RgbImage;
use tiny_skia::PathBuilder;

use super::board::{ACTIVE, Board, FAINT, INK, QUIET, TRACK, line, rectangle};
use super::scale::Scale;
use super::text::{self, Align, Style};
use crate::{Error, Result};

/// One diagram: the differences of some rows in one score.
#[derive(Clone, Debug, PartialEq)]
pub struct Differences {
    /// What is measured; written above it.
    pub title: String,
    /// The name of each row, its difference, and the interval of that, from low to high.
    pub rows: Vec<(String, f64, [f64; 2])>,
}

const MARGIN: f32 = 22.0;
/// The width of a diagram's plot, and of the gap to the next one.
const PLOT: (f32, f32) = (210.0, 60.0);
const ROW: f32 = 30.0;
/// Above the plots: room for the picture's title, and for the diagrams' own.
const HEAD: (f32, f32) = (34.0, 34.0);
/// Below the plots: room for the numbers, and for what the marks mean.
const FOOT: (f32, f32) = (30.0, 24.0);
const DOT: f32 = 5.0;
const NAME: f32 = 15.0;
const STEPS: usize = 4;
const MOST: usize = 64;

/// Draws diagrams side by side that have the same rows, or some of them: a dot for each difference and a line
/// for its interval, filled where the interval leaves zero out, and pale where it holds it.
///
/// ```
/// use countenance::picture::{Differences, differences};
///
/// let rows = vec![
///     ("smoothed".to_string(), 0.08, [0.05, 0.11]),
///     ("coupled".to_string(), 0.01, [-0.02, 0.04]),
/// ];
/// let picture = differences("above the paper's network", &[Differences { title: "P_AU".into(), rows }])?;
/// assert!(picture.width() > picture.height());
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] unless there are 1 to 64 diagrams, of 1 to 64 rows together.
pub fn differences(title: &str, diagrams: &[Differences]) -> Result<RgbImage> {
    if !(1..=MOST).contains(&diagrams.len()) {
        return Err(Error::argument("diagrams", "1 to 64", diagrams.len()));
    }
    let mut names: Vec<&str> = Vec::new();
    for (name, ..) in diagrams.iter().flat_map(|diagram| &diagram.rows) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if !(1..=MOST).contains(&names.len()) {
        return Err(Error::argument("rows of diagrams", "1 to 64", names.len()));
    }
    let widest = names.iter().map(|name| text::width(name, NAME));
    let left = MARGIN + widest.fold(0.0, f32::max) + 14.0;
    let top = MARGIN + HEAD.0 + HEAD.1;
    let bottom = top + ROW * names.len() as f32;
    let right = left + (PLOT.0 + PLOT.1) * diagrams.len() as f32 - PLOT.1;
    let mut board = Board::new(right + MARGIN + 12.0, bottom + FOOT.0 + FOOT.1 + MARGIN);
    board.write(title, MARGIN, MARGIN + 14.0, Style::new(19.0, INK).bold());
    for (place, name) in names.iter().enumerate() {
        let y = top + ROW * (place as f32 + 0.5) + 5.0;
        board.write(name, MARGIN, y, Style::new(NAME, INK));
    }
    for (place, diagram) in diagrams.iter().enumerate() {
        let values = diagram
            .rows
            .iter()
            .flat_map(|(_, mean, [low, high])| [*mean, *low, *high]);
        let plot = Plot {
            left: left + (PLOT.0 + PLOT.1) * place as f32,
            top,
            bottom,
            scale: Scale::around(values.chain([0.0]), STEPS),
        };
        plot.axes(&mut board, &diagram.title);
        for (name, mean, interval) in &diagram.rows {
            let row = names.iter().position(|other| other == name);
            plot.row(&mut board, row.unwrap_or(0), *mean, *interval);
        }
    }
    let marks = "line: 95 % interval; pale: it holds zero, within the noise";
    let y = bottom + FOOT.0 + FOOT.1;
    board.write(marks, left, y, Style::new(13.5, FAINT));
    Ok(board.finish())
}

/// Where a diagram's plot is, and what its width means.
#[derive(Clone, Copy)]
struct Plot {
    left: f32,
    top: f32,
    bottom: f32,
    scale: Scale,
}

impl Plot {
    fn x(self, value: f64) -> f32 {
        self.left + self.scale.share(value) * PLOT.0
    }

    fn axes(self, board: &mut Board, title: &str) {
        let middle = Align::Centre;
        let heading = Style::new(16.0, INK).bold().align(middle);
        board.write(title, self.left + PLOT.0 / 2.0, self.top - 12.0, heading);
        for tick in self.scale.ticks() {
            let x = self.x(tick).floor();
            board.fill(rectangle(x, self.top, 1.0, self.bottom - self.top), TRACK);
            let style = Style::new(12.5, FAINT).align(middle);
            board.write(&self.scale.label(tick), x, self.bottom + 18.0, style);
        }
        let zero = self.x(0.0).floor() + 0.5;
        board.dash(line([(zero, self.top), (zero, self.bottom)]), INK, 1.2, 4.0);
    }

    fn row(self, board: &mut Board, row: usize, mean: f64, [low, high]: [f64; 2]) {
        let y = self.top + ROW * (row as f32 + 0.5);
        let colour = match low <= 0.0 && high >= 0.0 {
            true => QUIET,
            false => ACTIVE,
        };
        board.stroke(line([(self.x(low), y), (self.x(high), y)]), colour, 2.5);
        for end in [low, high] {
            let x = self.x(end);
            board.stroke(line([(x, y - 4.5), (x, y + 4.5)]), colour, 1.5);
        }
        board.fill(PathBuilder::from_circle(self.x(mean), y, DOT), colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(picture: &RgbImage, (x, y): (f32, f32)) -> [u8; 3] {
        picture.get_pixel(x as u32, y as u32).0
    }

    #[test]
    fn a_difference_stands_at_its_value_and_is_pale_where_its_interval_holds_zero() {
        let of = |mean, interval| vec![("row".to_string(), mean, interval)];
        for (mean, interval, expected) in [
            (0.3, [0.1, 0.4], ACTIVE),
            (-0.3, [-0.4, -0.1], ACTIVE),
            (0.1, [-0.2, 0.4], QUIET),
        ] {
            let title = "P_AU".to_string();
            let rows = of(mean, interval);
            let picture = differences("above", &[Differences { title, rows }]).unwrap();
            let plot = Plot {
                left: MARGIN + text::width("row", NAME) + 14.0,
                top: MARGIN + HEAD.0 + HEAD.1,
                bottom: 0.0,
                scale: Scale::around([mean, interval[0], interval[1], 0.0].into_iter(), STEPS),
            };
            let y = plot.top + ROW / 2.0;
            assert_eq!(colour(&picture, (plot.x(mean), y)), expected);
            assert_eq!(colour(&picture, (plot.x(interval[0]) + 2.0, y)), expected);
            assert_ne!(colour(&picture, (plot.x(interval[1]) + 6.0, y)), expected);
        }
    }

    #[test]
    fn rows_that_one_diagram_lacks_keep_their_places_and_nothing_is_refused() {
        let row = |name: &str| (name.to_string(), 0.1, [0.0, 0.2]);
        let diagram = |rows| Differences {
            title: "P_EX".to_string(),
            rows,
        };
        let two = [diagram(vec![row("a"), row("b")]), diagram(vec![row("b")])];
        let one = differences("t", &two[..1]).unwrap();
        let both = differences("t", &two).unwrap();
        assert_eq!(both.height(), one.height());
        assert_eq!(both.width(), one.width() + (PLOT.0 + PLOT.1) as u32);
        assert!(differences("t", &[]).is_err());
        assert!(differences("t", &[diagram(vec![])]).is_err());
    }
}
