//! The confusion matrix of the expressions as a picture.

use image::RgbImage;

use super::board::{ACTIVE, Board, Colour, FAINT, INK, PAPER, rectangle};
use super::text::{Align, Style};
use crate::metric::confusion::Confusion;

const CELL: (f32, f32) = (92.0, 56.0);
/// Left of the cells: the labelled classes.
const NAMES: f32 = 150.0;
/// Above the cells: the title and the predicted classes.
const HEAD: f32 = 112.0;
const MARGIN: f32 = 28.0;
/// From this share on, a cell is dark enough for light letters.
const DARK: f32 = 0.85;

/// Draws the matrix: a row for each labelled expression, a column for each predicted one, with the
/// number of rows and their share of the row's label; the darker, the larger the share.
pub fn confusion(confusion: &Confusion) -> RgbImage {
    let cells = |length: f32| confusion.classes().len() as f32 * length;
    let mut board = Board::new(
        MARGIN + NAMES + cells(CELL.0) + MARGIN,
        HEAD + cells(CELL.1) + MARGIN,
    );
    let left = MARGIN + NAMES;
    let title = format!("Expressions of {} labelled rows", confusion.rows());
    board.write(&title, MARGIN, 42.0, Style::new(20.0, INK).bold());
    let quiet = Style::new(14.0, FAINT);
    board.write("labelled", MARGIN, HEAD - 14.0, quiet);
    let middle = left + cells(CELL.0) / 2.0;
    board.write("predicted", middle, HEAD - 38.0, quiet.align(Align::Centre));
    for (place, class) in confusion.classes().iter().enumerate() {
        let across = left + (place as f32 + 0.5) * CELL.0;
        let style = Style::new(15.0, INK).align(Align::Centre);
        board.write(class.name(), across, HEAD - 14.0, style);
        let row = &confusion.matrix()[place];
        let labelled: u64 = row.iter().sum();
        let top = HEAD + place as f32 * CELL.1;
        board.write(
            class.name(),
            MARGIN,
            top + CELL.1 / 2.0 - 1.0,
            Style::new(15.0, INK),
        );
        let rows = match labelled {
            1 => "1 row".to_string(),
            count => format!("{count} rows"),
        };
        board.write(&rows, MARGIN, top + CELL.1 / 2.0 + 16.0, quiet);
        for (column, &count) in row.iter().enumerate() {
            let x = left + column as f32 * CELL.0;
            let share = (labelled > 0).then(|| count as f32 / labelled as f32);
            cell(&mut board, (x, top), count, share);
            if column == place {
                let inner = rectangle(x + 1.5, top + 1.5, CELL.0 - 3.0, CELL.1 - 3.0);
                board.stroke(inner, INK, 1.5);
            }
        }
    }
    board.finish()
}

fn cell(board: &mut Board, (x, y): (f32, f32), count: u64, share: Option<f32>) {
    let (wide, high) = CELL;
    board.fill(
        rectangle(x + 1.0, y + 1.0, wide - 2.0, high - 2.0),
        mixed([238, 240, 240], ACTIVE, share.unwrap_or(0.0)),
    );
    let colour = match share {
        Some(share) if share >= DARK => PAPER,
        _ if count == 0 => FAINT,
        _ => INK,
    };
    let middle = x + wide / 2.0;
    let number = Style::new(17.0, colour).bold().align(Align::Centre);
    board.write(&count.to_string(), middle, y + high / 2.0 - 1.0, number);
    let share = match share {
        Some(share) => format!("{:.0} %", 100.0 * share),
        None => "-".to_string(),
    };
    let style = Style::new(13.5, colour).align(Align::Centre);
    board.write(&share, middle, y + high / 2.0 + 16.0, style);
}

fn mixed(from: Colour, to: Colour, share: f32) -> Colour {
    std::array::from_fn(|level| {
        let [from, to] = [from, to].map(|colour| f32::from(colour[level]));
        (from + share * (to - from)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Expression;

    /// The colour of a cell, beside its numbers.
    fn colour(picture: &RgbImage, row: usize, column: usize) -> [u8; 3] {
        let x = MARGIN + NAMES + column as f32 * CELL.0 + 5.0;
        let y = HEAD + row as f32 * CELL.1 + 5.0;
        picture.get_pixel(x as u32, y as u32).0
    }

    #[test]
    fn a_cell_is_the_darker_the_larger_its_share_of_the_rows_label() {
        let mut counted = Confusion::new(&Expression::AFF_WILD2);
        for (label, predicted, rows) in [(0, 0, 3), (0, 4, 1), (4, 4, 1), (7, 0, 200)] {
            for _ in 0..rows {
                counted.push(label, predicted);
            }
        }
        let picture = confusion(&counted);
        let red = |row, column| colour(&picture, row, column)[0];
        assert_eq!(colour(&picture, 4, 4), ACTIVE);
        assert_eq!(red(7, 0), red(4, 4));
        assert!(red(0, 0) > red(4, 4) && red(0, 4) > red(0, 0));
        assert!(red(0, 1) > red(0, 4) && red(0, 1) == red(3, 3));
    }

    #[test]
    fn a_matrix_without_rows_and_one_with_many_are_drawn() {
        let empty = confusion(&Confusion::new(&Expression::AFF_WILD2));
        assert_eq!(colour(&empty, 0, 0), colour(&empty, 7, 3));
        let mut counted = Confusion::new(&Expression::AFF_WILD2);
        counted.push(1, 2);
        assert_eq!(confusion(&counted).dimensions(), empty.dimensions());
        assert_ne!(confusion(&counted), empty);
    }
}
