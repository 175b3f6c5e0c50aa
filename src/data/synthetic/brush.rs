//! Curves through points, and a canvas to paint them on.

use tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Mask, Paint, Path,
    PathBuilder, Pixmap, RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::point::Point;
use super::scene::Colour;

/// A smooth open curve through the points.
pub(super) fn curve(points: &[Point]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    start(&mut builder, points)?;
    follow(&mut builder, points, false);
    builder.finish()
}

/// A smooth closed curve through the points.
pub(super) fn ring(points: &[Point]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    start(&mut builder, points)?;
    follow(&mut builder, points, true);
    builder.close();
    builder.finish()
}

/// The area between two curves that run in the same direction.
pub(super) fn between(one: &[Point], other: &[Point]) -> Option<Path> {
    let back: Vec<Point> = other.iter().rev().copied().collect();
    let mut builder = PathBuilder::new();
    start(&mut builder, one)?;
    follow(&mut builder, one, false);
    let &[x, y] = back.first()?;
    builder.line_to(x, y);
    follow(&mut builder, &back, false);
    builder.close();
    builder.finish()
}

/// The rectangle between two opposite corners.
pub(super) fn area(one: Point, other: Point) -> Option<Path> {
    let [left, right] = [one[0].min(other[0]), one[0].max(other[0])];
    Rect::from_ltrb(left, one[1].min(other[1]), right, one[1].max(other[1]))
        .map(PathBuilder::from_rect)
}

/// A disc.
pub(super) fn disc([x, y]: Point, radius: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, radius)
}

fn start(builder: &mut PathBuilder, points: &[Point]) -> Option<()> {
    let &[x, y] = points.first()?;
    builder.move_to(x, y);
    Some(())
}

/// Appends the Catmull-Rom spline through `points`, the first of which is the current position.
fn follow(builder: &mut PathBuilder, points: &[Point], closed: bool) {
    let count = points.len();
    let last = count.saturating_sub(1);
    let segments = if closed { count } else { last };
    let neighbour = |index: usize, step: isize| {
        let moved = index as isize + step;
        if closed {
            points[moved.rem_euclid(count as isize) as usize]
        } else {
            points[moved.clamp(0, last as isize) as usize]
        }
    };
    for index in 0..segments {
        let [before, from, to, after] = [-1, 0, 1, 2].map(|step| neighbour(index, step));
        builder.cubic_to(
            from[0] + (to[0] - before[0]) / 6.0,
            from[1] + (to[1] - before[1]) / 6.0,
            to[0] - (after[0] - from[0]) / 6.0,
            to[1] - (after[1] - from[1]) / 6.0,
            to[0],
            to[1],
        );
    }
}

/// `colour` at the given opacity.
pub(super) fn ink(colour: Colour, opacity: f32) -> Color {
    let [red, green, blue] = colour.map(|level| (level / 255.0).clamp(0.0, 1.0));
    Color::from_rgba(red, green, blue, opacity.clamp(0.0, 1.0)).unwrap_or(Color::TRANSPARENT)
}

/// A square picture with the face's coordinates.
pub(super) struct Canvas {
    pixmap: Pixmap,
    transform: Transform,
}

impl Canvas {
    /// `side` pixels square, `side` at least 1.
    pub(super) fn new(side: u32) -> Self {
        let pixmap = Pixmap::new(side, side).expect("the canvas is not empty");
        Self {
            pixmap,
            transform: Transform::identity(),
        }
    }

    /// Sets the map from the face's coordinates to pixels for what is painted from now on.
    pub(super) fn look(&mut self, transform: Transform) {
        self.transform = transform;
    }

    pub(super) fn into_pixmap(self) -> Pixmap {
        self.pixmap
    }

    /// The pixels inside a path, to paint within.
    pub(super) fn mask(&self, path: Option<&Path>) -> Option<Mask> {
        let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height())?;
        mask.fill_path(path?, FillRule::Winding, true, self.transform);
        Some(mask)
    }

    pub(super) fn fill(&mut self, path: Option<&Path>, colour: Color, within: Option<&Mask>) {
        self.shade(path, Shader::SolidColor(colour), within);
    }

    /// Fills a path with a gradient from `from` to `to`.
    pub(super) fn fade(
        &mut self,
        path: Option<&Path>,
        from: (Point, Color),
        to: (Point, Color),
        within: Option<&Mask>,
    ) {
        let shader = LinearGradient::new(
            pin(from.0),
            pin(to.0),
            vec![GradientStop::new(0.0, from.1), GradientStop::new(1.0, to.1)],
            SpreadMode::Pad,
            Transform::identity(),
        );
        self.shade(path, shader.unwrap_or(Shader::SolidColor(from.1)), within);
    }

    /// A disc that fades out towards its rim.
    pub(super) fn glow(
        &mut self,
        middle: Point,
        radius: f32,
        colour: Color,
        within: Option<&Mask>,
    ) {
        let mut rim = colour;
        rim.set_alpha(0.0);
        let shader = RadialGradient::new(
            pin(middle),
            0.0,
            pin(middle),
            radius,
            vec![
                GradientStop::new(0.0, colour),
                GradientStop::new(0.45, colour),
                GradientStop::new(1.0, rim),
            ],
            SpreadMode::Pad,
            Transform::identity(),
        );
        let path = disc(middle, radius);
        self.shade(
            path.as_ref(),
            shader.unwrap_or(Shader::SolidColor(rim)),
            within,
        );
    }

    pub(super) fn stroke(
        &mut self,
        path: Option<&Path>,
        colour: Color,
        width: f32,
        within: Option<&Mask>,
    ) {
        let Some(path) = path else { return };
        let paint = paint(Shader::SolidColor(colour));
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.pixmap
            .stroke_path(path, &paint, &stroke, self.transform, within);
    }

    fn shade(&mut self, path: Option<&Path>, shader: Shader<'_>, within: Option<&Mask>) {
        // A path without area (a closed mouth) is nothing to paint.
        let Some(path) = path else { return };
        self.pixmap.fill_path(
            path,
            &paint(shader),
            FillRule::Winding,
            self.transform,
            within,
        );
    }
}

fn pin([x, y]: Point) -> tiny_skia::Point {
    tiny_skia::Point::from_xy(x, y)
}

fn paint(shader: Shader<'_>) -> Paint<'_> {
    Paint {
        shader,
        anti_alias: true,
        ..Paint::default()
    }
}
