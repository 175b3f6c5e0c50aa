//! A face with its scores beside it.

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::board::{ACTIVE, Board, Colour, FAINT, INK, QUIET, TOP, TRACK, rectangle};
use super::range::{signed, within};
use super::text::{Align, Style};
use super::{bar, plane};
use crate::label::{ActionUnit, Expression};

/// The scores to draw; a part that a network does not produce stays empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct OverlayScores<'a> {
    /// Each unit's probability, in [0, 1].
    pub action_units: &'a [(ActionUnit, f32)],
    /// Each class's probability, in [0, 1].
    pub expressions: &'a [(Expression, f32)],
    /// Valence and arousal, each in [-1, 1].
    pub valence_arousal: Option<[f32; 2]>,
    /// The units that are active, where a tuning has decided on them; otherwise those from 0.5 on are.
    pub active_units: Option<&'a [ActionUnit]>,
    /// The class that was decided on, where it may be another than the most probable one.
    pub expression: Option<&'a Expression>,
}

impl OverlayScores<'_> {
    /// Whether a unit with this value is active.
    pub(super) fn is_active(&self, unit: ActionUnit, value: f32) -> bool {
        match self.active_units {
            Some(active) => active.contains(&unit),
            None => value >= THRESHOLD,
        }
    }

    /// The class that was decided on, or the most probable one.
    pub(super) fn top(&self) -> Option<&(Expression, f32)> {
        let finite = |(_, value): &&(Expression, f32)| value.is_finite();
        let mut classes = self.expressions.iter().filter(finite);
        match self.expression {
            Some(decided) => classes.find(|(class, _)| class == decided),
            None => classes.max_by(|one, other| one.1.total_cmp(&other.1)),
        }
    }
}

const MARGIN: f32 = 28.0;
/// Side of the square the face is enlarged to.
const FACE: f32 = 336.0;
/// Width of the column of bars.
const COLUMN: f32 = 432.0;
const ROW: f32 = 24.0;
const HEADING: f32 = 34.0;
const GAP: f32 = 22.0;
/// Side of the square that the circumplex is drawn in.
const PLANE: f32 = 196.0;
/// Where the bars begin within their column, and how long a full one is.
const BAR: (f32, f32) = (206.0, 172.0);
/// The most characters of a class's name.
const LONGEST: usize = 20;
/// A unit counts as active from here on, as in the challenge's F1.
const THRESHOLD: f32 = 0.5;

/// Draws the image, enlarged, with its scores beside it: a bar per action unit, a bar per
/// expression with the most probable one in another colour, and a dot in the plane of valence and
/// arousal.
///
/// Scores outside their range, or not finite, are drawn at the range's nearest end (at zero).
///
/// # Example
/// ```
/// use countenance::ActionUnit;
/// use countenance::data::image::RgbImage;
/// use countenance::picture::{OverlayScores, overlay};
///
/// let face = RgbImage::new(112, 112);
/// let scores = OverlayScores {
///     action_units: &[(ActionUnit::AU12, 0.9)],
///     valence_arousal: Some([0.6, 0.2]),
///     ..OverlayScores::default()
/// };
/// let picture = overlay(&face, &scores);
/// assert!(picture.width() > face.width());
/// ```
pub fn overlay(image: &RgbImage, scores: &OverlayScores<'_>) -> RgbImage {
    let left = FACE
        + scores
            .valence_arousal
            .map_or(0.0, |_| GAP + HEADING + PLANE);
    let section = |rows: usize| match rows {
        0 => 0.0,
        rows => HEADING + ROW * rows as f32 + GAP,
    };
    let right = section(scores.action_units.len()) + section(scores.expressions.len()) - GAP;
    let columns = if right > 0.0 { MARGIN + COLUMN } else { 0.0 };
    let mut board = Board::new(
        2.0 * MARGIN + FACE + columns,
        2.0 * MARGIN + left.max(right),
    );

    board.face(image);
    if let Some(affect) = scores.valence_arousal {
        board.circumplex(affect, MARGIN + FACE + GAP);
    }
    let x = 2.0 * MARGIN + FACE;
    let mut y = MARGIN;
    if !scores.action_units.is_empty() {
        board.heading("Action units", x, y);
        y += HEADING;
        for &(unit, value) in scores.action_units {
            let colour = match scores.is_active(unit, value) {
                true => ACTIVE,
                false => QUIET,
            };
            board.bar(x, y, (&unit.to_string(), unit.name()), value, colour);
            y += ROW;
        }
        y += GAP;
    }
    if !scores.expressions.is_empty() {
        board.heading("Expression", x, y);
        y += HEADING;
        let top = scores
            .expressions
            .iter()
            .map(|(_, value)| *value)
            .max_by(f32::total_cmp);
        for (expression, value) in scores.expressions {
            let value = *value;
            let is_top = match scores.expression {
                Some(decided) => expression == decided,
                None => Some(value) == top,
            };
            let colour = if is_top { TOP } else { QUIET };
            let name = shortened(expression.name());
            board.bar(x, y, (&name, ""), value, colour);
            y += ROW;
        }
    }
    board.finish()
}

/// A name that ends before the bars begin.
pub(super) fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", name[..end].trim_end()),
        None => name.to_string(),
    }
}

impl Board {
    fn face(&mut self, image: &RgbImage) {
        let (width, height) = image.dimensions();
        let longest = width.max(height).max(1);
        let [width, height] = [width, height]
            .map(|side| ((side as f32 * FACE / longest as f32).round() as u32).max(1));
        let enlarged = imageops::resize(image, width, height, FilterType::CatmullRom);
        let left = MARGIN as u32 + (FACE as u32 - width) / 2;
        let top = MARGIN as u32 + (FACE as u32 - height) / 2;
        self.paste(&enlarged, left, top);
    }

    fn heading(&mut self, title: &str, x: f32, y: f32) {
        self.write(title, x, y + 15.0, Style::new(18.0, INK).bold());
        self.fill(rectangle(x, y + 22.0, COLUMN, 1.0), TRACK);
    }

    /// One labelled bar, whose row begins at `y`.
    fn bar(&mut self, x: f32, y: f32, (code, name): (&str, &str), value: f32, colour: Colour) {
        let (start, full) = BAR;
        let value = within(value, 0.0, 1.0);
        let strong = colour != QUIET;
        let baseline = y + 15.0;
        let shade = if strong { INK } else { FAINT };
        let (plain, weighted) = (Style::new(15.5, shade), |colour| Style {
            bold: strong,
            ..Style::new(15.5, colour)
        });
        self.write(code, x, baseline, weighted(INK));
        self.write(name, x + 50.0, baseline, plain);
        bar::draw(self, [x + start, y + 4.0], [full, 12.0], value, colour);
        let number = format!("{value:.2}");
        let style = weighted(shade).align(Align::Right);
        self.write(&number, x + COLUMN, baseline, style);
    }

    /// Valence to the right, arousal upwards.
    fn circumplex(&mut self, affect: [f32; 2], y: f32) {
        let x = MARGIN;
        let heading = Style::new(18.0, INK).bold();
        self.write("Valence and arousal", x, y + 15.0, heading);
        self.fill(rectangle(x, y + 22.0, FACE, 1.0), TRACK);
        let radius = PLANE / 2.0 - 14.0;
        let (middle_x, middle_y) = (x + 118.0, y + HEADING + PLANE / 2.0 + 2.0);
        plane::draw(self, [middle_x, middle_y], radius, affect, ACTIVE);
        let [valence, arousal] = affect;
        let ends = [
            ("aroused", 0.0, -radius - 6.0, Align::Centre),
            ("calm", 0.0, radius + 14.0, Align::Centre),
            ("pleasant", radius - 6.0, -5.0, Align::Right),
            ("unpleasant", -radius + 6.0, -5.0, Align::Left),
        ];
        for (word, across, down, align) in ends {
            let style = Style::new(12.5, FAINT).align(align);
            self.write(word, middle_x + across, middle_y + down, style);
        }
        for (name, value, down) in [("valence", valence, -6.0), ("arousal", arousal, 18.0)] {
            let baseline = middle_y + down;
            self.write(name, x + 236.0, baseline, Style::new(15.5, FAINT));
            let style = Style::new(15.5, INK).bold().align(Align::Right);
            self.write(&signed(value), x + FACE, baseline, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn face() -> RgbImage {
        RgbImage::from_pixel(112, 112, Rgb([200, 150, 120]))
    }

    #[test]
    fn every_part_may_be_absent() {
        let face = face();
        let alone = overlay(&face, &OverlayScores::default());
        let affect = OverlayScores {
            valence_arousal: Some([f32::NAN, 7.0]),
            ..OverlayScores::default()
        };
        let units = [(ActionUnit::AU12, f32::INFINITY), (ActionUnit::AU1, -0.5)];
        let bars = OverlayScores {
            action_units: &units,
            ..OverlayScores::default()
        };
        assert!(overlay(&face, &affect).height() > alone.height());
        assert!(overlay(&face, &bars).width() > alone.width());
    }

    #[test]
    fn a_longer_bar_means_a_higher_score() {
        let inked = |value: f32| {
            let units = [(ActionUnit::AU12, value)];
            let scores = OverlayScores {
                action_units: &units,
                ..OverlayScores::default()
            };
            let picture = overlay(&face(), &scores);
            picture.pixels().filter(|pixel| pixel.0 == ACTIVE).count()
        };
        assert!(inked(0.9) > inked(0.6));
        assert_eq!(inked(0.4), 0);
    }

    #[test]
    fn images_of_any_shape_fit() {
        for (width, height) in [(1, 1), (640, 3), (3, 640), (400, 400)] {
            let image = RgbImage::new(width, height);
            let picture = overlay(&image, &OverlayScores::default());
            assert_eq!(picture.width(), (2.0 * MARGIN + FACE) as u32);
        }
    }
}
