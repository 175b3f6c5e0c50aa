//! Painting the features: nose, mouth, eyes, brows, glasses.

use super::brush::{self, Canvas, ink};
use super::face::Face;
use super::identity::Identity;
use super::palette::{BLACK, IRIS, Palette, WHITE, mix};
use super::part::{Eye, Mouth, Nose};
use super::point::Point;

pub(super) fn nose(canvas: &mut Canvas, nose: &Nose, palette: &Palette) {
    for (bridge, opacity) in nose.bridge.iter().zip([0.3, 0.18]) {
        let path = brush::curve(bridge);
        canvas.stroke(path.as_ref(), ink(palette.shade, opacity), 2.2, None);
    }
    canvas.glow(nose.tip, 5.0, ink(WHITE, 0.2), None);
    let base = brush::curve(&nose.base);
    canvas.stroke(base.as_ref(), ink(palette.crease, 0.62), 1.1, None);
    for &nostril in &nose.nostrils {
        let path = brush::disc(nostril, 1.25);
        canvas.fill(path.as_ref(), ink(palette.crease, 0.85), None);
    }
}

pub(super) fn mouth(canvas: &mut Canvas, mouth: &Mouth, palette: &Palette) {
    let lips = brush::between(&mouth.top, &mouth.bottom);
    canvas.fill(lips.as_ref(), ink(palette.lips, 0.95), None);
    let upper = brush::between(&mouth.top, &mouth.upper);
    canvas.fill(upper.as_ref(), ink(palette.crease, 0.22), None);
    let hollow = brush::between(&mouth.upper, &mouth.lower);
    if mouth.gap > 0.7 {
        let inside = canvas.mask(hollow.as_ref());
        canvas.fill(hollow.as_ref(), ink([58.0, 16.0, 20.0], 1.0), None);
        let depth = (0.75 * mouth.gap).min(3.6);
        let edge: Vec<_> = mouth.upper.iter().map(|&[x, y]| [x, y + depth]).collect();
        let teeth = brush::between(&mouth.upper, &edge);
        canvas.fill(
            teeth.as_ref(),
            ink([240.0, 236.0, 226.0], 0.95),
            inside.as_ref(),
        );
        if mouth.gap > 6.0 {
            let middle = mouth.lower[mouth.lower.len() / 2];
            canvas.glow(
                [middle[0], middle[1] + 1.0],
                7.0,
                ink([186.0, 84.0, 86.0], 0.9),
                inside.as_ref(),
            );
        }
    }
    let line = brush::curve(&mouth.upper);
    let dark = mix(palette.crease, [40.0, 10.0, 12.0], 0.5);
    canvas.stroke(
        line.as_ref(),
        ink(dark, 0.75),
        1.0 + 0.7 * mouth.press,
        None,
    );
    let outer = brush::curve(&mouth.bottom);
    canvas.stroke(outer.as_ref(), ink(palette.crease, 0.3), 0.9, None);
}

pub(super) fn eye(canvas: &mut Canvas, eye: &Eye, identity: &Identity, palette: &Palette) {
    let opening = brush::between(&eye.upper, &eye.lower);
    let inside = canvas.mask(opening.as_ref());
    let inside = inside.as_ref();
    canvas.fill(opening.as_ref(), ink(WHITE, 1.0), None);
    let [x, y] = eye.iris;
    for (radius, colour) in [
        (eye.radius, IRIS[identity.iris]),
        (0.45 * eye.radius, BLACK),
    ] {
        let path = brush::disc(eye.iris, radius);
        canvas.fill(path.as_ref(), ink(colour, 1.0), inside);
    }
    let glint = brush::disc([x - 1.1, y - 1.1], 0.75);
    canvas.fill(glint.as_ref(), ink(WHITE, 0.9), inside);
    let fold = brush::curve(&eye.fold);
    canvas.stroke(fold.as_ref(), ink(palette.crease, 0.4), 0.8, None);
    let lower = brush::curve(&eye.lower);
    canvas.stroke(lower.as_ref(), ink(palette.crease, 0.6), 0.8, None);
    let upper = brush::curve(&eye.upper);
    canvas.stroke(upper.as_ref(), ink(BLACK, 0.85), 1.5, None);
}

pub(super) fn glasses(canvas: &mut Canvas, face: &Face) {
    let frame = ink([30.0, 28.0, 32.0], 0.9);
    for eye in &face.eyes {
        let [x, y] = middle(eye);
        let rim = brush::disc([x, y], 11.0);
        canvas.stroke(rim.as_ref(), frame, 1.2, None);
    }
    let [left, right] = [middle(&face.eyes[0]), middle(&face.eyes[1])];
    let bridge = brush::curve(&[
        [left[0] + 11.0, left[1] - 1.0],
        [(left[0] + right[0]) / 2.0, left[1] - 3.0],
        [right[0] - 11.0, right[1] - 1.0],
    ]);
    canvas.stroke(bridge.as_ref(), frame, 1.2, None);
}

fn middle(eye: &Eye) -> Point {
    let (first, last) = (eye.upper[0], eye.upper[eye.upper.len() - 1]);
    [(first[0] + last[0]) / 2.0, (first[1] + last[1]) / 2.0]
}

pub(super) fn brow(canvas: &mut Canvas, [upper, lower]: &[Vec<Point>; 2], palette: &Palette) {
    let path = brush::between(upper, lower);
    canvas.fill(path.as_ref(), ink(palette.brow, 0.92), None);
}
