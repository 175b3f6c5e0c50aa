//! Text on a picture.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use tiny_skia::Pixmap;

/// The font that every picture of this crate is lettered in.
static PARSED: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(epaint_default_fonts::UBUNTU_LIGHT).expect("the bundled font is valid")
});

/// Where a text stands relative to its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// The text begins at the position.
    Left,
    /// The text is centred on the position.
    Centre,
    /// The text ends at the position.
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Height of a line, in pixels.
    pub size: f32,
    /// Red, green, blue.
    pub colour: [u8; 3],
    /// Where it stands.
    pub align: Align,
    /// Whether strokes are thickened; the bundled font is a light one.
    pub bold: bool,
}

impl Style {
    /// Plain, beginning at its position.
    pub const fn new(size: f32, colour: [u8; 3]) -> Self {
        Self {
            size,
            colour,
            align: Align::Left,
            bold: false,
        }
    }

    /// The same with thickened strokes.
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same, standing so.
    pub const fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }
}

/// Width of `text` in pixels.
pub(crate) fn width(text: &str, size: f32) -> f32 {
    let font = PARSED.as_scaled(PxScale::from(size));
    let mut width = 0.0;
    let mut previous = None;
    for character in text.chars() {
        let glyph = font.glyph_id(character);
        width += previous.map_or(0.0, |before| font.kern(before, glyph)) + font.h_advance(glyph);
        previous = Some(glyph);
    }
    width
}

/// Writes `text` with its baseline at `y`; what falls outside the picture is cut off.
pub(crate) fn write(pixmap: &mut Pixmap, text: &str, x: f32, y: f32, style: Style) {
    let font = PARSED.as_scaled(PxScale::from(style.size));
    let mut x = match style.align {
        Align::Left => x,
        Align::Centre => x - width(text, style.size) / 2.0,
        Align::Right => x - width(text, style.size),
    };
    let mut previous = None;
    for character in text.chars() {
        let id = font.glyph_id(character);
        x += previous.map_or(0.0, |before| font.kern(before, id));
        let offsets: &[f32] = if style.bold {
            &[0.0, 0.45, 0.9]
        } else {
            &[0.0, 0.3]
        };
        let glyph = |offset: f32| id.with_scale_and_position(style.size, point(x + offset, y));
        let shapes: Vec<_> = offsets
            .iter()
            .filter_map(|&offset| font.outline_glyph(glyph(offset)))
            .collect();
        stamp(pixmap, &shapes, style.colour);
        x += font.h_advance(id);
        previous = Some(id);
    }
}

/// Blends the union of some shapes: each pixel takes the largest coverage among them.
fn stamp(pixmap: &mut Pixmap, shapes: &[ab_glyph::OutlinedGlyph], colour: [u8; 3]) {
    let Some(bounds) = shapes
        .iter()
        .map(ab_glyph::OutlinedGlyph::px_bounds)
        .reduce(|one, other| ab_glyph::Rect {
            min: point(one.min.x.min(other.min.x), one.min.y.min(other.min.y)),
            max: point(one.max.x.max(other.max.x), one.max.y.max(other.max.y)),
        })
    else {
        return;
    };
    let (wide, high) = (
        bounds.width().ceil() as usize,
        bounds.height().ceil() as usize,
    );
    let mut cover = vec![0.0f32; wide * high];
    for shape in shapes {
        let own = shape.px_bounds();
        let left = (own.min.x - bounds.min.x) as usize;
        let top = (own.min.y - bounds.min.y) as usize;
        shape.draw(|column, row, share| {
            let (column, row) = (left + column as usize, top + row as usize);
            if column < wide && row < high {
                let at = row * wide + column;
                cover[at] = cover[at].max(share);
            }
        });
    }
    for row in 0..high {
        for column in 0..wide {
            let x = bounds.min.x as i64 + column as i64;
            let y = bounds.min.y as i64 + row as i64;
            blend(
                pixmap,
                x,
                y,
                colour,
                cover[row * wide + column].clamp(0.0, 1.0),
            );
        }
    }
}

/// Mixes a colour into one pixel of an opaque picture.
fn blend(pixmap: &mut Pixmap, x: i64, y: i64, colour: [u8; 3], share: f32) {
    let (wide, high) = (i64::from(pixmap.width()), i64::from(pixmap.height()));
    if !(0..wide).contains(&x) || !(0..high).contains(&y) {
        return;
    }
    let at = 4 * (y * wide + x) as usize;
    for (level, target) in pixmap.data_mut()[at..at + 3].iter_mut().zip(colour) {
        let mixed = f32::from(*level) + share * (f32::from(target) - f32::from(*level));
        *level = mixed.round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_its_alignment_assumes_and_is_cut_off_at_the_edge() {
        let mut pixmap = Pixmap::new(40, 20).unwrap();
        pixmap.fill(tiny_skia::Color::WHITE);
        let style = Style {
            size: 16.0,
            colour: [0, 0, 0],
            align: Align::Centre,
            bold: true,
        };
        write(&mut pixmap, "wider than the picture", 20.0, 15.0, style);
        assert!(width("wider than the picture", 16.0) > 40.0);
        assert!(pixmap.pixels().iter().any(|pixel| pixel.red() < 128));
    }
}
