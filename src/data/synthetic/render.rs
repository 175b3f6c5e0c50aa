//! Painting a face in its scene.

use image::{Rgb, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tiny_skia::{Path, PathBuilder, Rect, Transform};

use super::brush::{self, Canvas, ink};
use super::face::{Eye, Face, Identity, Mouth, Nose, Point};
use super::scene::{Backdrop, Colour, Light, Scene};

/// Half of the canvas' side in the face's coordinates.
const HALF: f32 = 56.0;

const HAIR: [Colour; 6] = [
    [28.0, 24.0, 24.0],
    [58.0, 40.0, 30.0],
    [104.0, 70.0, 44.0],
    [188.0, 150.0, 96.0],
    [140.0, 72.0, 40.0],
    [158.0, 156.0, 154.0],
];
const IRIS: [Colour; 4] = [
    [74.0, 48.0, 32.0],
    [98.0, 76.0, 46.0],
    [84.0, 112.0, 132.0],
    [84.0, 108.0, 80.0],
];
const WHITE: Colour = [250.0, 248.0, 244.0];
const BLACK: Colour = [18.0, 14.0, 14.0];

/// A picture of `identity`'s `face` in `scene`, `side` pixels square; `sensor` adds its noise.
pub(super) fn render(
    identity: &Identity,
    face: &Face,
    scene: &Scene,
    side: u32,
    sensor: &mut ChaCha8Rng,
) -> RgbImage {
    let palette = Palette::of(identity);
    let pixels = side as f32;
    let zoom = pixels / (2.0 * HALF);
    let frame = Transform::from_scale(zoom, zoom).post_translate(pixels / 2.0, pixels / 2.0);
    let cosine = scene.scale / (1.0 + scene.roll * scene.roll).sqrt();
    let sine = cosine * scene.roll;
    let [x, y] = scene.shift;
    let head = frame.pre_concat(Transform::from_row(cosine, sine, -sine, cosine, x, y));

    let mut canvas = Canvas::new(side);
    canvas.look(frame);
    backdrop(&mut canvas, &scene.backdrop);
    canvas.look(head);
    body(
        &mut canvas,
        identity,
        face,
        &palette,
        scene.backdrop.clothes,
    );
    skin(&mut canvas, identity, face, &palette);
    nose(&mut canvas, &face.nose, &palette);
    mouth(&mut canvas, &face.mouth, &palette);
    for eye in &face.eyes {
        paint_eye(&mut canvas, eye, identity, &palette);
    }
    for [upper, lower] in &face.brows {
        let path = brush::between(upper, lower);
        canvas.fill(path.as_ref(), ink(palette.brow, 0.92), None);
    }
    if identity.glasses {
        glasses(&mut canvas, face);
    }
    develop(canvas, side, &scene.light, sensor)
}

struct Palette {
    skin: Colour,
    shade: Colour,
    crease: Colour,
    lips: Colour,
    hair: Colour,
    brow: Colour,
}

impl Palette {
    fn of(identity: &Identity) -> Self {
        const LIGHT: Colour = [246.0, 212.0, 188.0];
        const MIDDLE: Colour = [206.0, 154.0, 118.0];
        const DARK: Colour = [118.0, 78.0, 56.0];
        let skin = if identity.skin < 0.55 {
            mix(LIGHT, MIDDLE, identity.skin / 0.55)
        } else {
            mix(MIDDLE, DARK, (identity.skin - 0.55) / 0.45)
        };
        let hair = HAIR[identity.hair];
        Self {
            skin,
            shade: mix(skin, [70.0, 34.0, 24.0], 0.42),
            crease: mix(skin, [52.0, 22.0, 16.0], 0.72),
            lips: mix(
                mix(skin, [150.0, 58.0, 56.0], 0.45),
                [168.0, 46.0, 56.0],
                0.5 * identity.lip_colour,
            ),
            hair,
            // Fair brows would vanish on fair skin.
            brow: mix(hair, [44.0, 30.0, 24.0], 0.45),
        }
    }
}

fn mix(one: Colour, other: Colour, share: f32) -> Colour {
    [0, 1, 2].map(|channel| one[channel] + share * (other[channel] - one[channel]))
}

fn backdrop(canvas: &mut Canvas, backdrop: &Backdrop) {
    canvas.fade(
        area([-HALF, -HALF], [HALF, HALF]).as_ref(),
        ([0.0, -HALF], ink(backdrop.top, 1.0)),
        ([0.0, HALF], ink(backdrop.bottom, 1.0)),
        None,
    );
    for &(middle, radius, colour) in &backdrop.discs {
        canvas.glow(middle, radius, ink(colour, 0.55), None);
    }
}

/// The rectangle between two opposite corners.
fn area(one: Point, other: Point) -> Option<Path> {
    let [left, right] = [one[0].min(other[0]), one[0].max(other[0])];
    Rect::from_ltrb(left, one[1].min(other[1]), right, one[1].max(other[1]))
        .map(PathBuilder::from_rect)
}

/// What lies behind the face: long hair, neck, clothes, the hair's mass, ears.
fn body(canvas: &mut Canvas, identity: &Identity, face: &Face, palette: &Palette, clothes: Colour) {
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
fn skin(canvas: &mut Canvas, identity: &Identity, face: &Face, palette: &Palette) {
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

fn nose(canvas: &mut Canvas, nose: &Nose, palette: &Palette) {
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

fn mouth(canvas: &mut Canvas, mouth: &Mouth, palette: &Palette) {
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

fn paint_eye(canvas: &mut Canvas, eye: &Eye, identity: &Identity, palette: &Palette) {
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

fn glasses(canvas: &mut Canvas, face: &Face) {
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

/// Lights the painted picture and adds the sensor's noise.
fn develop(canvas: Canvas, side: u32, light: &Light, sensor: &mut ChaCha8Rng) -> RgbImage {
    let pixmap = canvas.into_pixmap();
    let painted = pixmap.data();
    let half = side as f32 / 2.0;
    RgbImage::from_fn(side, side, |x, y| {
        let at = 4 * (y * side + x) as usize;
        let [across, down] = [x, y].map(|at| (at as f32 + 0.5) / half - 1.0);
        let level = 1.0 + light.slope[0] * across + light.slope[1] * down;
        let noise = light.noise * noise(sensor.random());
        Rgb([0, 1, 2].map(|channel| {
            let lit = f32::from(painted[at + channel]) * light.gain[channel] * level;
            (lit + noise + 0.5).clamp(0.0, 255.0) as u8
        }))
    })
}

/// A bell-shaped number with standard deviation 1 from one word: its four bytes summed.
fn noise(word: u32) -> f32 {
    let sum: u32 = word.to_le_bytes().into_iter().map(u32::from).sum();
    (sum as f32 - 510.0) / 147.8
}
