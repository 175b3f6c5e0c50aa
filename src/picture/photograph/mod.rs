//! A photograph with the faces in it.

mod layout;
mod legend;

use image::RgbImage;
use image::imageops::{self, FilterType};
use tiny_skia::PathBuilder;

use self::layout::Layout;
use super::board::{ACTIVE, Board, INK, PAPER, TOP, line, rectangle};
use super::caption::Caption;
use super::overlay::OverlayScores;
use super::tag;
use super::text::Style;
use crate::face::{Bounds, Detection};

/// A face to mark in a photograph.
#[derive(Clone, Copy, Debug)]
pub struct MarkedFace<'a> {
    /// Where it is.
    pub detection: &'a Detection,
    /// What was read from it; nothing is told of a part that is absent.
    pub scores: OverlayScores<'a>,
}

/// Draws the photograph with each face's box, landmarks, number (from 0, in the order of `faces`) and
/// scores: the most probable expression, valence and arousal, and the active action units.
///
/// Where every face has room beside it, its scores stand there. Otherwise only the numbers do, and the
/// scores are in a table right of the photograph or below it. Lines and text grow with the photograph; a
/// small one is enlarged. Without a face the photograph comes back as it is.
///
/// # Example
/// ```
/// use countenance::ActionUnit;
/// use countenance::data::image::RgbImage;
/// use countenance::face::{Bounds, Detection};
/// use countenance::picture::{MarkedFace, OverlayScores, photograph};
///
/// let detection = Detection {
///     bounds: Bounds { x: 200.0, y: 120.0, width: 90.0, height: 110.0 },
///     confidence: 0.98,
///     landmarks: [[226.0, 163.0], [264.0, 163.0], [245.0, 185.0], [230.0, 205.0], [260.0, 205.0]],
/// };
/// let scores = OverlayScores {
///     action_units: &[(ActionUnit::AU12, 0.9)],
///     ..OverlayScores::default()
/// };
/// let faces = [MarkedFace { detection: &detection, scores }];
/// let picture = photograph(&RgbImage::new(640, 480), &faces);
/// assert!(picture.width() > 640, "it is enlarged");
/// ```
pub fn photograph(image: &RgbImage, faces: &[MarkedFace<'_>]) -> RgbImage {
    let (width, height) = image.dimensions();
    if faces.is_empty() || width == 0 || height == 0 {
        return image.clone();
    }
    let found: Vec<&Detection> = faces.iter().map(|face| face.detection).collect();
    let captions = faces.iter().map(|face| Caption::of(&face.scores)).collect();
    let layout = Layout::new([width, height], &found, captions);
    let mut board = Board::new(layout.size[0], layout.size[1]);
    let [width, height] = layout.photograph.map(|side| side as u32);
    match (width, height) == image.dimensions() {
        true => board.paste(image, 0, 0),
        false => {
            let enlarged = imageops::resize(image, width, height, FilterType::CatmullRom);
            board.paste(&enlarged, 0, 0);
        }
    }
    // Lines first, so that none crosses a text.
    for (face, bounds) in found.iter().zip(&layout.boxes) {
        if let Some(bounds) = bounds {
            board.mark(*bounds, face, &layout);
        }
    }
    for (label, bounds) in layout.labels.iter().zip(&layout.boxes) {
        if let (Some(label), Some(bounds)) = (label, bounds) {
            board.lead(*label, *bounds, layout.line);
        }
    }
    for (face, label) in layout.labels.iter().enumerate() {
        if let Some(label) = label {
            match layout.legend {
                Some(_) => board.number(face, *label, &layout),
                None => board.label(face, *label, &layout),
            }
        }
    }
    if let Some((legend, place)) = &layout.legend {
        legend.draw(&mut board, place);
    }
    board.finish()
}

impl Board {
    /// A face's box and landmarks, visible on any ground.
    fn mark(&mut self, bounds: Bounds, face: &Detection, layout: &Layout) {
        let side = bounds.width.min(bounds.height);
        let width = layout.line.min(side / 8.0).max(1.0);
        // Inside the photograph also where the face is at its border.
        let inset = |away: f32| {
            let [wide, high] = [bounds.width, bounds.height].map(|side| side - 2.0 * away);
            rectangle(bounds.x + away, bounds.y + away, wide, high)
        };
        self.stroke(inset(width), PAPER, 2.0 * width);
        self.stroke(inset(width), ACTIVE, width);
        let radius = (0.024 * side).clamp(0.8, 0.25 * layout.text);
        for point in face.landmarks {
            let [x, y] = point.map(|place| place * layout.scale);
            let [right, bottom] = layout.photograph;
            if (0.0..right).contains(&x) && (0.0..bottom).contains(&y) {
                self.fill(PathBuilder::from_circle(x, y, 1.5 * radius), PAPER);
                self.fill(PathBuilder::from_circle(x, y, radius), TOP);
            }
        }
    }

    /// A line from a number to the face that it is of, if it stands away from it.
    fn lead(&mut self, label: Bounds, face: Bounds, width: f32) {
        let within = |place: f32, start: f32, length: f32| place.clamp(start, start + length);
        let end = (
            within(label.x + label.width / 2.0, face.x, face.width),
            within(label.y + label.height / 2.0, face.y, face.height),
        );
        let start = (
            within(end.0, label.x, label.width),
            within(end.1, label.y, label.height),
        );
        if (start.0 - end.0).hypot(start.1 - end.1) > 2.0 * width {
            self.stroke(line([start, end]), PAPER, 2.0 * width);
            self.stroke(line([start, end]), ACTIVE, width);
        }
    }

    /// A face's number alone.
    fn number(&mut self, face: usize, place: Bounds, layout: &Layout) {
        tag::draw(self, &face.to_string(), place, layout.number, ACTIVE);
    }

    /// A face's number and its scores.
    fn label(&mut self, face: usize, place: Bounds, layout: &Layout) {
        let (text, high) = (layout.text, tag::LINE * layout.text);
        self.fill(
            rectangle(place.x, place.y, place.width, place.height),
            PAPER,
        );
        let number = face.to_string();
        let tag = Bounds {
            width: tag::width(&number, text),
            height: high,
            ..place
        };
        tag::draw(self, &number, tag, text, ACTIVE);
        for (row, words) in layout.captions[face].lines().iter().enumerate() {
            let before = if row == 0 { tag.width } else { 0.0 };
            let baseline = tag::baseline(place.y + row as f32 * high, high, text);
            let style = Style::new(text, INK);
            let style = if row == 0 { style.bold() } else { style };
            let x = place.x + before + layout.side();
            self.write(words, x, baseline, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::face::TEMPLATE;
    use crate::label::{ActionUnit, Expression};
    use crate::picture::space::overlaps;

    const GREY: [u8; 3] = [90, 90, 90];

    fn face(x: f32, y: f32, side: f32) -> Detection {
        let bounds = Bounds {
            x,
            y,
            width: side,
            height: 1.25 * side,
        };
        let landmarks = TEMPLATE.map(|[px, py]| [x + side * px / 112.0, y + side * py / 112.0]);
        Detection {
            bounds,
            confidence: 0.9,
            landmarks,
        }
    }

    const EXPRESSIONS: [(Expression, f32); 2] =
        [(Expression::Surprise, 0.8), (Expression::Neutral, 0.2)];

    fn scores() -> OverlayScores<'static> {
        OverlayScores {
            action_units: &[
                (ActionUnit::AU1, 0.9),
                (ActionUnit::AU2, 0.8),
                (ActionUnit::AU4, 0.1),
                (ActionUnit::AU25, 0.7),
                (ActionUnit::AU26, 0.7),
            ],
            expressions: &EXPRESSIONS,
            valence_arousal: Some([0.1, 0.8]),
            ..OverlayScores::default()
        }
    }

    fn drawn(image: &RgbImage, found: &[Detection], scores: OverlayScores<'_>) -> RgbImage {
        let faces: Vec<_> = found
            .iter()
            .map(|detection| MarkedFace { detection, scores })
            .collect();
        photograph(image, &faces)
    }

    fn layout(size: [u32; 2], found: &[Detection]) -> Layout {
        let faces: Vec<&Detection> = found.iter().collect();
        Layout::new(size, &faces, vec![Caption::of(&scores()); found.len()])
    }

    /// So many faces in rows that fill a share of the picture's cells.
    fn crowd([width, height]: [u32; 2], count: usize, share: f32) -> Vec<Detection> {
        let columns = (count as f32 * width as f32 / height as f32).sqrt().ceil() as usize;
        let cell = width as f32 / columns as f32;
        (0..count)
            .map(|number| {
                let (column, row) = (number % columns, number / columns);
                face(column as f32 * cell, row as f32 * cell, share * cell)
            })
            .collect()
    }

    #[test]
    fn marks_are_where_the_face_is_and_nowhere_else() {
        let image = RgbImage::from_pixel(1200, 900, Rgb(GREY));
        let one = face(500.0, 300.0, 100.0);
        let picture = drawn(&image, &[one], scores());
        assert_eq!(picture.dimensions(), image.dimensions(), "no table for one");
        for [x, y] in one.landmarks {
            assert_eq!(picture.get_pixel(x as u32, y as u32).0, TOP, "{x}, {y}");
        }
        // The line around the box begins at its sides and goes inwards.
        for (x, y) in [(502, 360), (597, 360), (550, 302), (550, 422)] {
            assert_eq!(picture.get_pixel(x, y).0, ACTIVE, "{x}, {y}");
        }
        let label = layout([1200, 900], &[one]).labels[0].unwrap();
        let all = [label, one.bounds];
        for (x, y, pixel) in picture.enumerate_pixels() {
            let point = Bounds {
                x: x as f32,
                y: y as f32,
                width: 1.0,
                height: 1.0,
            };
            let marked = all.iter().any(|part| part.intersection(&point) > 0.0);
            assert!(marked || pixel.0 == GREY, "{x}, {y}");
        }
        // The scores are written there: dark on light.
        let [left, top, width, height] =
            [label.x, label.y, label.width, label.height].map(|length| length as u32);
        let words = image::imageops::crop_imm(&picture, left, top, width, height).to_image();
        let inked = |pixel: &&Rgb<u8>| pixel.0.iter().all(|&level| level < 150);
        assert!(words.pixels().filter(inked).count() > 200);
    }

    #[test]
    fn labels_stay_in_the_picture_and_cover_neither_faces_nor_each_other() {
        for size in [[1, 1], [60, 90], [1000, 700], [4000, 3000], [20000, 200]] {
            for (count, share) in [
                (1, 0.1),
                (1, 1.0),
                (3, 0.2),
                (8, 0.3),
                (30, 0.6),
                (200, 0.9),
            ] {
                let found = crowd(size, count, share);
                let layout = layout(size, &found);
                let [width, height] = layout.photograph;
                let labels: Vec<_> = layout.labels.iter().flatten().collect();
                for (index, label) in labels.iter().enumerate() {
                    assert!(label.x >= 0.0 && label.y >= 0.0, "{label:?}");
                    assert!(label.x + label.width <= width, "{label:?}");
                    assert!(label.y + label.height <= height, "{label:?}");
                    for other in &labels[..index] {
                        assert!(!overlaps(label, other), "{label:?} and {other:?}");
                    }
                    if layout.legend.is_none() {
                        let mut faces = layout.boxes.iter().flatten();
                        assert!(!faces.any(|face| overlaps(label, face)), "{label:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn scores_stand_beside_few_faces_and_in_a_table_beside_many() {
        let few = layout([1000, 700], &crowd([1000, 700], 2, 0.2));
        assert!(few.legend.is_none());
        let many = layout([1600, 1100], &crowd([1600, 1100], 30, 0.6));
        assert!(many.legend.is_some());
        assert_eq!(many.labels.iter().flatten().count(), 30, "each is numbered");
        // No room is left beside a face that fills the picture.
        let large = layout([1000, 1000], &[face(0.0, 0.0, 1000.0)]);
        assert!(large.legend.is_some() && large.labels[0].is_some());
        // With nothing to tell there is no table.
        let found = crowd([1000, 700], 30, 0.6);
        let image = RgbImage::from_pixel(1000, 700, Rgb(GREY));
        let numbers = drawn(&image, &found, OverlayScores::default());
        assert_eq!(numbers.dimensions(), image.dimensions());
        assert_ne!(numbers, image);
    }

    #[test]
    fn lines_and_text_grow_with_the_photograph_and_a_small_one_is_enlarged() {
        let [small, usual, large] = [[200, 150], [1600, 1200], [4000, 3000]].map(|size| {
            let found = [face(size[0] as f32 / 3.0, size[1] as f32 / 3.0, 30.0)];
            layout(size, &found)
        });
        assert_eq!(small.photograph, [1000.0, 750.0]);
        assert_eq!(usual.photograph, [1600.0, 1200.0]);
        assert!(small.text >= 16.0 && small.text < usual.text);
        let share = |layout: &Layout| layout.text / layout.photograph[0];
        assert!((share(&large) / share(&usual) - 1.0).abs() < 0.1);
        assert!(large.line > 2.0 * usual.line);
        let picture = drawn(
            &RgbImage::new(200, 150),
            &[face(60.0, 50.0, 30.0)],
            scores(),
        );
        assert_eq!(picture.dimensions(), (1000, 750));
    }

    #[test]
    fn without_a_face_the_photograph_stays_as_it_is() {
        let image = RgbImage::from_fn(30, 20, |x, y| Rgb([x as u8, y as u8, 3]));
        assert_eq!(photograph(&image, &[]), image);
        assert_eq!(photograph(&RgbImage::new(0, 0), &[]), RgbImage::new(0, 0));
    }

    #[test]
    fn any_picture_and_any_box_are_drawn() {
        let mut odd = face(f32::NAN, 0.0, 10.0);
        odd.landmarks[0] = [f32::INFINITY; 2];
        let found = [
            face(-40.0, -40.0, 80.0),
            odd,
            face(1e30, 1e30, 1e30),
            face(-1e30, -1e30, f32::MAX),
            face(5.0, 5.0, -3.0),
            face(0.0, 0.0, 1.0),
        ];
        for (width, height) in [(1, 1), (3, 400), (900, 2), (300, 300)] {
            let image = RgbImage::from_pixel(width, height, Rgb(GREY));
            for count in 1..=found.len() {
                let picture = drawn(&image, &found[..count], scores());
                assert!(picture.width() >= width && picture.height() >= height);
            }
        }
        let alone = drawn(&RgbImage::new(0, 0), &found, scores());
        assert_eq!(alone.dimensions(), (0, 0));
    }

    #[test]
    fn marks_do_not_run_into_the_table() {
        let image = RgbImage::from_pixel(1000, 1000, Rgb(GREY));
        let found = [face(-200.0, -200.0, 2000.0)];
        let picture = drawn(&image, &found, scores());
        assert!(picture.width() * picture.height() > 1000 * 1000);
        // The border of the photograph is the last thing before the table's ground.
        let (x, y) = if picture.width() > 1000 {
            (1001, 990)
        } else {
            (990, 1001)
        };
        assert_eq!(picture.get_pixel(x, y).0, PAPER);
    }
}
