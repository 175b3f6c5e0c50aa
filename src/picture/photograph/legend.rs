//! The table beside a photograph whose faces have no room for their scores.

use crate::face::Bounds;
use crate::picture::board::{ACTIVE, Board, Colour, FAINT, INK, TRACK, rectangle};
use crate::picture::caption::Caption;
use crate::picture::tag;
use crate::picture::text::{self, Align, Style};

/// What stands above the columns behind the faces' numbers.
const TITLES: [&str; 5] = ["expression", "", "valence", "arousal", "active units"];
/// Whether a column's words end at its right side, as numbers do.
const NUMBERS: [bool; 5] = [false, true, true, true, false];
/// Between a face's number and what is told of it, in sizes of the text.
const GAP: f32 = 0.6;
/// The most rows of which every arrangement is tried.
const TRIED: usize = 400;

/// A row for each face, in blocks next to each other.
pub(super) struct Legend {
    rows: Vec<[String; 5]>,
    widths: [f32; 5],
    tag: f32,
    text: f32,
}

/// Where a legend is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arrangement {
    /// Its upper left corner.
    pub corner: [f32; 2],
    /// The rows of a block.
    pub rows: usize,
    /// The width and the height of the picture with it.
    pub size: [f32; 2],
}

impl Legend {
    /// The rows of some faces with text of this size.
    pub fn new(captions: &[Caption], text: f32) -> Self {
        let rows: Vec<[String; 5]> = captions.iter().map(Caption::cells).collect();
        let widths = std::array::from_fn(|column| {
            let words = rows.iter().map(|row| row[column].as_str());
            let widest = words.map(|words| text::width(words, text));
            match widest.fold(0.0, f32::max) {
                // No face has it.
                0.0 => 0.0,
                widest => widest.max(text::width(TITLES[column], text)) + text,
            }
        });
        Self {
            tag: tag::width(&captions.len().saturating_sub(1).to_string(), text) + GAP * text,
            rows,
            widths,
            text,
        }
    }

    /// Right of or below a photograph of this width and height: so that the longer side of the whole is
    /// shortest, and it is shown largest.
    pub fn arrange(&self, [width, height]: [f32; 2]) -> Arrangement {
        let margin = self.text;
        let arranged = (1..=self.rows.len().min(TRIED)).flat_map(|blocks| {
            let rows = self.rows.len().div_ceil(blocks);
            let wide = 2.0 * margin + blocks as f32 * (self.block() + margin) - margin;
            let high = 2.0 * margin + (rows + 1) as f32 * self.line();
            let right = Arrangement {
                corner: [width + margin, margin],
                rows,
                size: [width + wide, height.max(high)],
            };
            let below = Arrangement {
                corner: [margin, height + margin],
                rows,
                size: [width.max(wide), height + high],
            };
            [right, below]
        });
        let longer = |one: &Arrangement| one.size[0].max(one.size[1]);
        let area = |one: &Arrangement| one.size[0] * one.size[1];
        arranged
            .min_by(|one, other| {
                let shorter = longer(one).total_cmp(&longer(other));
                shorter.then(area(one).total_cmp(&area(other)))
            })
            .expect("a legend has a row")
    }

    /// Draws it there.
    pub fn draw(&self, board: &mut Board, place: &Arrangement) {
        let [left, top] = place.corner;
        let line = self.line();
        for (block, rows) in self.rows.chunks(place.rows).enumerate() {
            let x = left + block as f32 * (self.block() + self.text);
            self.words(board, TITLES, [x, top], FAINT);
            let thick = (self.text / 14.0).max(1.0);
            let rule = rectangle(x, top + line - thick, self.block(), thick);
            board.fill(rule, TRACK);
            for (row, words) in rows.iter().enumerate() {
                let y = top + (row + 1) as f32 * line;
                let number = block * place.rows + row;
                // A little lower than a row, so that numbers below each other do not touch.
                let gap = 0.06 * line;
                let tag = Bounds {
                    x,
                    y: y + gap,
                    width: self.tag - GAP * self.text,
                    height: line - 2.0 * gap,
                };
                tag::draw(board, &number.to_string(), tag, self.text, ACTIVE);
                self.words(board, words.each_ref().map(String::as_str), [x, y], INK);
            }
        }
    }

    /// One row's words in their columns.
    fn words(&self, board: &mut Board, words: [&str; 5], [x, y]: [f32; 2], colour: Colour) {
        let mut x = x + self.tag;
        let baseline = tag::baseline(y, self.line(), self.text);
        for ((words, width), ends_right) in words.into_iter().zip(self.widths).zip(NUMBERS) {
            let style = Style::new(self.text, colour);
            match ends_right {
                _ if width == 0.0 => {}
                true => {
                    let style = style.align(Align::Right);
                    board.write(words, x + width - self.text, baseline, style);
                }
                false => board.write(words, x, baseline, style),
            }
            x += width;
        }
    }

    fn line(&self) -> f32 {
        tag::LINE * self.text
    }

    /// The width of a block.
    fn block(&self) -> f32 {
        self.tag + self.widths.iter().sum::<f32>() - self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captions(count: usize) -> Vec<Caption> {
        let caption = Caption {
            expression: Some(["Happiness".into(), "0.93".into()]),
            ..Caption::default()
        };
        vec![caption; count]
    }

    #[test]
    fn a_legend_grows_where_the_picture_leaves_room() {
        let legend = Legend::new(&captions(45), 16.0);
        let high = legend.arrange([300.0, 1000.0]);
        assert_eq!((high.corner, high.rows), ([316.0, 16.0], 45), "beside");
        let wide = legend.arrange([4000.0, 300.0]);
        assert_eq!(wide.corner, [16.0, 316.0], "below");
        assert!(wide.rows < 5 && wide.size[0] == 4000.0, "{wide:?}");
    }

    #[test]
    fn a_legend_is_as_large_as_it_says() {
        for count in [1, 2, 7, 30, 500] {
            let legend = Legend::new(&captions(count), 16.0);
            for size in [[8.0, 8.0], [300.0, 2000.0], [2000.0, 300.0]] {
                let place = legend.arrange(size);
                let blocks = count.div_ceil(place.rows) as f32;
                let right = place.corner[0] + blocks * (legend.block() + 16.0) - 16.0;
                let bottom = place.corner[1] + (place.rows + 1) as f32 * legend.line();
                assert!(
                    right <= place.size[0] && bottom <= place.size[1],
                    "{place:?}"
                );
            }
        }
    }

    #[test]
    fn a_column_that_no_face_has_takes_no_room() {
        let legend = Legend::new(&captions(3), 16.0);
        assert!(legend.widths[0] > 0.0 && legend.widths[1] > 0.0);
        assert_eq!(legend.widths[2..], [0.0; 3]);
    }
}
