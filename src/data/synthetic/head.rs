//! Painting the head: hair, neck, skin and its folds.

use tiny_skia::Path;

use super::brush::{self, Canvas, area, ink};
use super::face::Face;
use super::identity::Identity;
use super::palette::{Palette, WHITE, mix};
use super::point::HALF;
use super::scene::Colour;

/// What lies behind the face: long hair, neck, clothes, the hair's mass, ears.
pub(super) fn body(
    canvas: &mut Canvas,
    identity: &Identity,
    face: &Face,
    palette: &Palette,
    clothes: Colour,
) {
    let w = identity.width;
    let hair = ink(palette.hair, 1.0);
    if identity.long_hair {
        let long = brush::ring(&[
            [0.0, -54.0],
            [34.0 * w, -44.0],
            [45.0 * w, -10.0],
            [45.0 * w, 30.0],
            [36.0 * w, 58.0],
            [-36.0 * w, 58.0],
            [-45.0 * w, 30.0],
            [-45.0 * w, -10.0],
            [-34.0 * w, -44.0],
        ]);
        canvas.fill(long.as_ref(), hair, None);
    }
    let shoulders = brush::ring(&[
        [-70.0, 75.0],
        [-52.0, 56.0],
        [-22.0, 49.0],
        [0.0, 51.0],
        [22.0, 49.0],
        [52.0, 56.0],
        [70.0, 75.0],
    ]);
    canvas.fill(shoulders.as_ref(), ink(clothes, 1.0), None);
    let neck = brush::ring(&[
        [-19.0, 22.0],
        [19.0, 22.0],
        [20.0, 48.0],
        [0.0, 57.0],
        [-20.0, 48.0],
    ]);
    canvas.fill(
        neck.as_ref(),
        ink(mix(palette.skin, palette.shade, 0.7), 1.0),
        None,
    );
    canvas.glow(
        [0.0, 43.0 + face.jaw_drop],
        22.0,
        ink(palette.crease, 0.35),
        None,
    );
    canvas.fill(cap(w).as_ref(), hair, None);
    if !identity.long_hair {
        for side in [-1.0, 1.0] {
            let ear = brush::ring(&[
                [side * 35.0 * w, -10.0],
                [side * 40.0 * w, -11.0],
                [side * 40.5 * w, -2.0],
                [side * 36.5 * w, 8.0],
            ]);
            canvas.fill(
                ear.as_ref(),
                ink(mix(palette.skin, palette.shade, 0.35), 1.0),
                None,
            );
        }
    }
}

/// The hair's mass over the skull.
fn cap(width: f32) -> Option<Path> {
    let half = [(39.0, -8.0), (39.5, -30.0), (22.0, -49.5)];
    let right = half.map(|(x, y)| [x * width, y]);
    let left = half.map(|(x, y)| [-x * width, y]);
    let [a, b, c] = left;
    let [f, e, d] = right;
    brush::ring(&[a, b, c, [0.0, -53.5], d, e, f])
}

/// The face itself, its shading, folds and the hair that frames it.
pub(super) fn skin(canvas: &mut Canvas, identity: &Identity, face: &Face, palette: &Palette) {
    let outline = brush::ring(&face.outline);
    let outline = outline.as_ref();
    let inside = canvas.mask(outline);
    let inside = inside.as_ref();
    canvas.fill(outline, ink(palette.skin, 1.0), None);
    // The sides fall away from the light.
    for side in [-1.0, 1.0] {
        let rim = side * 38.0 * identity.width;
        let half = area([rim, -HALF], [side * 17.0, HALF]);
        canvas.fade(
            half.as_ref(),
            ([rim, 0.0], ink(palette.shade, 0.55)),
            ([side * 17.0, 0.0], ink(palette.shade, 0.0)),
            inside,
        );
    }
    let (chin, low) = (36.0 + face.jaw_drop, 50.0 + face.jaw_drop);
    canvas.fade(
        area([-HALF, chin], [HALF, low + 6.0]).as_ref(),
        ([0.0, low], ink(palette.shade, 0.5)),
        ([0.0, chin], ink(palette.shade, 0.0)),
        inside,
    );
    canvas.glow([0.0, -26.0], 18.0, ink(WHITE, 0.12), inside);
    for eye in &face.eyes {
        let [x, y] = eye.iris;
        canvas.glow([x, y - 2.0], 11.5, ink(palette.shade, 0.3), inside);
    }
    for &(middle, radius, strength) in &face.cheeks {
        let [x, y] = middle;
        canvas.glow(
            [x, y + 2.5],
            radius,
            ink(mix(palette.skin, [214.0, 90.0, 80.0], 0.5), strength),
            inside,
        );
        canvas.glow(
            [x, y - 2.5],
            0.55 * radius,
            ink(WHITE, 0.6 * strength),
            inside,
        );
    }
    if identity.beard > 0.0 {
        beard(canvas, identity, face, palette);
    }
    for crease in &face.creases {
        // Shallower than this and no camera sees it; most folds of most faces are.
        if crease.depth > 0.04 {
            let path = brush::curve(&crease.points);
            canvas.stroke(
                path.as_ref(),
                ink(palette.crease, crease.depth),
                crease.width,
                inside,
            );
        }
    }
    fringe(canvas, identity, face, palette);
}

/// The hair in front of the forehead, with some strands that catch the light.
fn fringe(canvas: &mut Canvas, identity: &Identity, face: &Face, palette: &Palette) {
    // Beyond the skull on every side: the cap is what limits it.
    let crown: Vec<_> = face
        .hairline
        .iter()
        .map(|&[x, y]| [1.3 * x, y - 40.0])
        .collect();
    let fringe = brush::between(&crown, &face.hairline);
    let cap = canvas.mask(cap(identity.width).as_ref());
    canvas.fill(fringe.as_ref(), ink(palette.hair, 1.0), cap.as_ref());
    let light = ink(mix(palette.hair, WHITE, 0.35), 0.4);
    for share in [-0.85, -0.6, -0.35, 0.15, 0.4, 0.65, 0.9_f32] {
        let end = 33.0 * identity.width * share;
        let low = -34.0 * identity.hairline + 15.0 * share * share;
        let strand = brush::curve(&[
            [0.55 * end - 1.5, -50.0],
            [0.85 * end, 0.5 * (low - 50.0)],
            [end, low],
        ]);
        canvas.stroke(strand.as_ref(), light, 0.9, cap.as_ref());
    }
}

fn beard(canvas: &mut Canvas, identity: &Identity, face: &Face, palette: &Palette) {
    let inside = canvas.mask(brush::ring(&face.outline).as_ref());
    let w = identity.width;
    let drop = face.jaw_drop;
    let upper = [
        [-38.0 * w, 6.0],
        [-30.0 * w, 20.0],
        [-17.0, 25.0],
        [-9.0, 19.5],
        [0.0, 19.0],
        [9.0, 19.5],
        [17.0, 25.0],
        [30.0 * w, 20.0],
        [38.0 * w, 6.0],
    ];
    let lower = upper.map(|[x, _]| [x, 54.0 + drop]);
    let path = brush::between(&upper, &lower);
    canvas.fill(
        path.as_ref(),
        ink(palette.brow, identity.beard),
        inside.as_ref(),
    );
}
