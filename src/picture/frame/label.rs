//! What is told of a person in a frame, in more or less detail.

use super::panel::{self, SIDE};
use super::seat::Detail;
use crate::face::Bounds;
use crate::picture::board::{Board, INK};
use crate::picture::caption::Caption;
use crate::picture::colour;
use crate::picture::overlay::{OverlayScores, shortened};
use crate::picture::tag::{self, LINE};
use crate::picture::text::{self, Align, Style};

/// The least width of several lines: of the longest that is usual.
const WIDTH: f32 = 11.0;

/// The words and bars for one person.
pub(super) struct Label<'a> {
    id: String,
    colour: [u8; 3],
    scores: &'a OverlayScores<'a>,
    caption: Caption,
    /// The longest name that the expression may have.
    longest: Option<String>,
}

impl<'a> Label<'a> {
    /// For some scores.
    pub fn new(id: usize, scores: &'a OverlayScores<'a>) -> Self {
        let names = scores.expressions.iter();
        let names = names.map(|(class, _)| shortened(class.name()));
        Self {
            id: format!("#{id}"),
            colour: colour::person(id),
            scores,
            caption: Caption::of(scores),
            longest: names.max_by(|one, other| {
                let width = |name: &str| text::width(name, 1.0);
                width(one).total_cmp(&width(other))
            }),
        }
    }

    /// The width and the height of each detail: the same whatever the scores are, so that nothing jumps.
    pub fn sizes(&self, text: f32) -> [(Detail, [f32; 2]); 4] {
        let line = (LINE * text).ceil();
        let brief = self.header(self.longest.as_deref(), text);
        let wide = brief.max(WIDTH * text).ceil();
        let affect = self.scores.valence_arousal.is_some();
        let rows = 1 + usize::from(affect) + usize::from(self.caption.units.is_some());
        let brief = [brief.ceil(), line];
        let [full, lines] = match rows {
            1 => [brief; 2],
            rows => [
                [wide, panel::height(self.scores, text).ceil()],
                [wide, rows as f32 * line],
            ],
        };
        [
            (Detail::Full, full),
            (Detail::Lines, lines),
            (Detail::Brief, brief),
            (Detail::Number, [tag::width(&self.id, text).ceil(), line]),
        ]
    }

    /// How wide its ground is. A line alone is as wide as its words.
    pub fn width(&self, detail: Detail, text: f32) -> f32 {
        let name = self
            .caption
            .expression
            .as_ref()
            .map(|[name, _]| name.as_str());
        match detail {
            Detail::Brief => self.header(name, text).ceil(),
            Detail::Full | Detail::Lines | Detail::Number => f32::INFINITY,
        }
    }

    /// The width of the first line.
    fn header(&self, name: Option<&str>, text: f32) -> f32 {
        let name = name.map_or(0.0, |name| {
            text::width(name, text) + text::width("0.00", text) + (2.0 * SIDE + 0.5) * text
        });
        tag::width(&self.id, text) + name
    }

    /// Draws it on a board of its size.
    pub fn draw(&self, board: &mut Board, detail: Detail, [width, height]: [f32; 2], text: f32) {
        let line = (LINE * text).ceil();
        let tag = tag::width(&self.id, text).ceil();
        let place = Bounds {
            x: 0.0,
            y: 0.0,
            width: tag,
            height: line,
        };
        tag::draw(board, &self.id, place, text, self.colour);
        let baseline = |row: usize| tag::baseline(row as f32 * line, line, text);
        let told = self.caption.expression.as_ref();
        if let Some([name, probability]) = told.filter(|_| detail > Detail::Number) {
            let style = Style::new(text, INK);
            let end = width - SIDE * text;
            board.write(probability, end, baseline(0), style.align(Align::Right));
            board.write(name, tag + SIDE * text, baseline(0), style.bold());
        }
        match detail {
            Detail::Number | Detail::Brief => {}
            Detail::Lines => self.lines(board, width, text, baseline),
            Detail::Full => panel::draw(board, self.scores, [width, height], text),
        }
    }

    /// Valence and arousal, and the active units as far as there is room.
    fn lines(&self, board: &mut Board, width: f32, text: f32, baseline: impl Fn(usize) -> f32) {
        let style = Style::new(text, INK);
        let (left, right) = (SIDE * text, width - SIDE * text);
        let mut row = 1;
        if let Some([valence, arousal]) = &self.caption.affect {
            board.write(&format!("V {valence}"), left, baseline(row), style);
            let end = style.align(Align::Right);
            board.write(&format!("A {arousal}"), right, baseline(row), end);
            row += 1;
        }
        let Some(units) = &self.caption.units else {
            return;
        };
        let numbers: Vec<_> = units.iter().map(|unit| unit.number().to_string()).collect();
        let fits = |words: &str| text::width(words, text) <= right - left;
        let words = match numbers.as_slice() {
            [] => "no unit active".to_string(),
            numbers => (1..=numbers.len())
                .rev()
                .map(|count| {
                    let more = if count < numbers.len() { " ..." } else { "" };
                    format!("AU {}{more}", numbers[..count].join(" "))
                })
                .find(|words| fits(words))
                .unwrap_or_default(),
        };
        board.write(&words, left, baseline(row), style);
    }
}
