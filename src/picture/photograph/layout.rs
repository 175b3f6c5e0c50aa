//! Where everything is on the picture of a photograph.

use super::legend::{Arrangement, Legend};
use crate::face::{Bounds, Detection};
use crate::picture::caption::Caption;
use crate::picture::space::{Space, grown, part};
use crate::picture::{tag, text};

/// The longer side that a smaller photograph is enlarged to, so that there is room to write, and how
/// much it is enlarged at most.
const LEAST: f32 = 1000.0;
const MOST: f32 = 8.0;
/// Text is at least so high, in pixels, and a share of what would be the side if the picture were square:
/// a page of so many lines.
const SMALLEST: f32 = 16.0;
const LINES: f32 = 68.0;
/// A number beside a face is at most so high as a share of the face's side.
const SHARE: f32 = 0.6;

/// Where everything is, in pixels of the picture that is drawn.
pub(super) struct Layout {
    /// How many times as large as the photograph the picture of it is.
    pub scale: f32,
    /// The width and the height of the enlarged photograph.
    pub photograph: [f32; 2],
    /// The width and the height of everything.
    pub size: [f32; 2],
    /// The size of the text.
    pub text: f32,
    /// The size of the faces' numbers where they stand alone.
    pub number: f32,
    /// How thick lines are.
    pub line: f32,
    /// What is told of each face.
    pub captions: Vec<Caption>,
    /// The part of each face's box that is in the photograph, if any is.
    pub boxes: Vec<Option<Bounds>>,
    /// Where each face's number is, with its scores or without.
    pub labels: Vec<Option<Bounds>>,
    /// The table with the scores, unless they stand with the numbers.
    pub legend: Option<(Legend, Arrangement)>,
}

impl Layout {
    /// The layout for some faces in a photograph that has a pixel.
    pub fn new([width, height]: [u32; 2], faces: &[&Detection], captions: Vec<Caption>) -> Self {
        let longest = width.max(height) as f32;
        let scale = (LEAST / longest).clamp(1.0, MOST);
        let photograph = [width, height].map(|side| (side as f32 * scale).round().max(1.0));
        let text = (photograph[0] * photograph[1]).sqrt() / LINES;
        let text = text.max(SMALLEST).round();
        let line = (text / 8.0).max(1.5);
        let boxes: Vec<Option<Bounds>> = faces
            .iter()
            .map(|face| part(face.scaled(scale).bounds, photograph))
            .collect();
        let mut layout = Self {
            scale,
            photograph,
            size: photograph,
            text,
            number: number(&boxes, text),
            line,
            captions,
            boxes,
            labels: Vec::new(),
            legend: None,
        };
        if let Some(labels) = layout.labelled() {
            layout.labels = labels;
            return layout;
        }
        layout.labels = layout.numbered();
        if layout.captions.iter().any(|caption| !caption.is_empty()) {
            let legend = Legend::new(&layout.captions, text);
            let place = legend.arrange(photograph);
            layout.size = place.size;
            layout.legend = Some((legend, place));
        }
        layout
    }

    /// The faces in the photograph with the lines around them, each with its place among all.
    fn space(&self) -> (Space, Vec<usize>) {
        let seen = self.boxes.iter().enumerate();
        let (places, faces) = seen
            .filter_map(|(place, bounds)| Some((place, grown((*bounds)?, self.line))))
            .unzip();
        (Space::new(self.photograph, faces), places)
    }

    /// Places for the scores beside the faces, if all of them have one.
    fn labelled(&self) -> Option<Vec<Option<Bounds>>> {
        let (mut space, places) = self.space();
        if places.len() < self.boxes.len() {
            return None;
        }
        let captions = self.captions.iter().enumerate();
        captions
            .map(|(face, caption)| Some(Some(space.beside(face, self.label(face, caption))?)))
            .collect()
    }

    /// Places for the numbers alone.
    fn numbered(&self) -> Vec<Option<Bounds>> {
        let (mut space, places) = self.space();
        let mut labels = vec![None; self.boxes.len()];
        for (index, face) in places.into_iter().enumerate() {
            let size = [
                tag::width(&face.to_string(), self.number),
                tag::LINE * self.number,
            ];
            labels[face] = space.near(index, size);
        }
        labels
    }

    /// The width and the height of a face's number with its scores.
    fn label(&self, face: usize, caption: &Caption) -> [f32; 2] {
        let lines = caption.lines();
        let number = tag::width(&face.to_string(), self.text);
        let widths = lines.iter().enumerate().map(|(place, line)| {
            let before = if place == 0 { number } else { 0.0 };
            before + text::width(line, self.text) + 2.0 * self.side()
        });
        let width = widths.fold(number, f32::max);
        let rows = lines.len().max(1) as f32;
        let below = if lines.len() > 1 {
            0.3 * self.text
        } else {
            0.0
        };
        [width.ceil(), (tag::LINE * self.text * rows + below).ceil()]
    }

    /// What is left free beside text.
    pub fn side(&self) -> f32 {
        0.45 * self.text
    }
}

/// The size of the faces' numbers: large enough to be read, and not larger than most faces.
fn number(boxes: &[Option<Bounds>], text: f32) -> f32 {
    let mut sides: Vec<f32> = boxes
        .iter()
        .flatten()
        .map(|bounds| bounds.width.min(bounds.height))
        .collect();
    sides.sort_by(f32::total_cmp);
    let median = sides.get(sides.len() / 2).copied().unwrap_or(text);
    text.min((SHARE * median / tag::LINE).max(SMALLEST)).round()
}
