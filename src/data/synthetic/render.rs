//! Painting a face in its scene.

use image::{Rgb, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tiny_skia::Transform;

use super::brush::{Canvas, area, ink};
use super::face::Face;
use super::identity::Identity;
use super::palette::Palette;
use super::point::HALF;
use super::scene::{Backdrop, Light, Scene};
use super::{feature, head};

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
    let pose = frame.pre_concat(Transform::from_row(cosine, sine, -sine, cosine, x, y));

    let mut canvas = Canvas::new(side);
    canvas.look(frame);
    backdrop(&mut canvas, &scene.backdrop);
    canvas.look(pose);
    head::body(
        &mut canvas,
        identity,
        face,
        &palette,
        scene.backdrop.clothes,
    );
    head::skin(&mut canvas, identity, face, &palette);
    feature::nose(&mut canvas, &face.nose, &palette);
    feature::mouth(&mut canvas, &face.mouth, &palette);
    for eye in &face.eyes {
        feature::eye(&mut canvas, eye, identity, &palette);
    }
    for brow in &face.brows {
        feature::brow(&mut canvas, brow, &palette);
    }
    if identity.glasses {
        feature::glasses(&mut canvas, face);
    }
    if let Some((middle, radius, colour)) = scene.obstacle {
        canvas.glow(middle, radius, ink(colour, 1.0), None);
    }
    develop(canvas, side, &scene.light, sensor)
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
