//! What every picture is drawn on, and in which colours.

use image::{Rgb, RgbImage};
use tiny_skia::{
    Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Shader, Stroke, StrokeDash, Transform,
};

use super::text::{self, Style};

/// Red, green, blue.
pub(super) type Colour = [u8; 3];

pub(super) const PAPER: Colour = [250, 250, 248];
pub(super) const TRACK: Colour = [230, 231, 230];
pub(super) const INK: Colour = [28, 32, 38];
pub(super) const FAINT: Colour = [104, 110, 118];
pub(super) const QUIET: Colour = [160, 172, 184];
pub(super) const ACTIVE: Colour = [20, 116, 138];
pub(super) const TOP: Colour = [208, 84, 36];

/// A picture while it is being drawn.
pub(super) struct Board {
    pixmap: Pixmap,
}

impl Board {
    /// An empty one of at least a pixel.
    pub fn new(width: f32, height: f32) -> Self {
        let [width, height] = [width, height].map(|length| length.ceil() as u32);
        let mut pixmap = Pixmap::new(width, height).expect("a picture is larger than nothing");
        pixmap.fill(solid(PAPER));
        Self { pixmap }
    }

    /// Writes with the baseline at `y`.
    pub fn write(&mut self, words: &str, x: f32, y: f32, style: Style) {
        text::write(&mut self.pixmap, words, x, y, style);
    }

    /// Fills a shape; none is nothing.
    pub fn fill(&mut self, path: Option<Path>, colour: Colour) {
        if let Some(path) = path {
            let (rule, identity) = (FillRule::Winding, Transform::identity());
            self.pixmap
                .fill_path(&path, &paint(colour), rule, identity, None);
        }
    }

    /// Draws along a path.
    pub fn stroke(&mut self, path: Option<Path>, colour: Colour, width: f32) {
        self.draw(path, colour, width, None);
    }

    /// Draws along a path with a dash and a gap as long in turn.
    pub fn dash(&mut self, path: Option<Path>, colour: Colour, width: f32, length: f32) {
        self.draw(path, colour, width, StrokeDash::new(vec![length; 2], 0.0));
    }

    fn draw(&mut self, path: Option<Path>, colour: Colour, width: f32, dash: Option<StrokeDash>) {
        let stroke = Stroke {
            width,
            dash,
            ..Stroke::default()
        };
        if let Some(path) = path {
            self.pixmap
                .stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
        }
    }

    /// Puts an image there, all of which must fit.
    pub fn paste(&mut self, image: &RgbImage, left: u32, top: u32) {
        let wide = self.pixmap.width();
        let data = self.pixmap.data_mut();
        for (x, y, pixel) in image.enumerate_pixels() {
            let at = 4 * ((top + y) * wide + left + x) as usize;
            data[at..at + 3].copy_from_slice(&pixel.0);
        }
    }

    /// The picture.
    pub fn finish(self) -> RgbImage {
        let wide = self.pixmap.width();
        let data = self.pixmap.data();
        RgbImage::from_fn(wide, self.pixmap.height(), |x, y| {
            let at = 4 * (y * wide + x) as usize;
            Rgb([data[at], data[at + 1], data[at + 2]])
        })
    }
}

fn solid([red, green, blue]: Colour) -> Color {
    Color::from_rgba8(red, green, blue, 255)
}

fn paint(colour: Colour) -> Paint<'static> {
    Paint {
        shader: Shader::SolidColor(solid(colour)),
        ..Paint::default()
    }
}

/// A rectangle, or nothing if it has no area.
pub(super) fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    Rect::from_xywh(x, y, width, height).map(PathBuilder::from_rect)
}

/// A line through some points, or nothing if they are fewer than two.
pub(super) fn line(points: impl IntoIterator<Item = (f32, f32)>) -> Option<Path> {
    let mut points = points.into_iter();
    let mut path = PathBuilder::new();
    let (x, y) = points.next()?;
    path.move_to(x, y);
    for (x, y) in points {
        path.line_to(x, y);
    }
    path.finish()
}
