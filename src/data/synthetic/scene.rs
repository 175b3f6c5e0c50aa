//! What varies around the face and must not matter: pose, light, background, sensor.

use rand_chacha::ChaCha8Rng;

use super::point::Point;
use super::random::{between, happens, normal};

/// A colour with components from 0 to 255.
pub(super) type Colour = [f32; 3];

/// The head's turn out of the image plane, and where the eyes look.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn {
    /// Towards the image's right, about [-1, 1].
    pub(super) yaw: f32,
    /// Downwards, about [-1, 1].
    pub(super) pitch: f32,
    /// The iris' offset in pixels.
    pub(super) gaze: Point,
}

impl Turn {
    /// Where a point of the frontal face ends up; `relief` is how far it stands out of the dome
    /// that approximates a head (nose above 0, silhouette below).
    pub(super) fn project(&self, x: f32, y: f32, relief: f32) -> Point {
        let dome = (1.0 - (x / 42.0) * (x / 42.0) - (y / 66.0) * (y / 66.0)).max(0.0);
        let depth = dome + relief;
        [
            x * (1.0 - 0.05 * self.yaw.abs()) + 6.0 * self.yaw * depth,
            y + 3.5 * self.pitch * depth,
        ]
    }
}

/// One frame's circumstances.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) turn: Turn,
    /// Tangent of the head's roll.
    pub(super) roll: f32,
    pub(super) scale: f32,
    pub(super) shift: Point,
    pub(super) backdrop: Backdrop,
    pub(super) light: Light,
    /// What is in front of the face: where, how far it reaches, its colour.
    pub(super) obstacle: Option<(Point, f32, Colour)>,
}

/// What stands behind the head: a gradient and some blurred discs.
#[derive(Clone, Debug)]
pub(super) struct Backdrop {
    pub(super) top: Colour,
    pub(super) bottom: Colour,
    pub(super) discs: Vec<(Point, f32, Colour)>,
    pub(super) clothes: Colour,
}

/// How the finished picture is lit and recorded.
#[derive(Clone, Debug)]
pub(super) struct Light {
    pub(super) gain: Colour,
    /// Change of brightness per half image width and height.
    pub(super) slope: Point,
    /// Standard deviation of the sensor's noise, in levels.
    pub(super) noise: f32,
}

impl Scene {
    /// A frontal, evenly lit head on grey.
    pub(super) fn studio() -> Self {
        Self {
            turn: Turn::default(),
            roll: 0.0,
            scale: 1.0,
            shift: [0.0, 0.0],
            backdrop: Backdrop {
                top: [206.0, 211.0, 217.0],
                bottom: [176.0, 182.0, 190.0],
                discs: Vec::new(),
                clothes: [92.0, 104.0, 122.0],
            },
            light: Light {
                gain: [1.0; 3],
                slope: [0.06, -0.05],
                noise: 0.0,
            },
            obstacle: None,
        }
    }

    /// What one video's frames share: the place and, roughly, the pose and the light.
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let brightness = between(rng, 0.62, 1.12);
        let warmth = 0.045 * normal(rng).clamp(-2.0, 2.0);
        Self {
            turn: Turn {
                yaw: 0.25 * normal(rng).clamp(-2.0, 2.0),
                pitch: 0.2 * normal(rng).clamp(-2.0, 2.0),
                gaze: [0.0, 0.0],
            },
            roll: 0.03 * normal(rng).clamp(-2.0, 2.0),
            scale: between(rng, 0.94, 1.07),
            shift: [0.9 * normal(rng), 0.9 * normal(rng)],
            backdrop: Backdrop {
                top: colour(rng, 30.0, 220.0),
                bottom: colour(rng, 30.0, 220.0),
                discs: (0..4)
                    .map(|_| {
                        let at = [between(rng, -60.0, 60.0), between(rng, -60.0, 60.0)];
                        (at, between(rng, 8.0, 34.0), colour(rng, 30.0, 230.0))
                    })
                    .collect(),
                clothes: colour(rng, 20.0, 210.0),
            },
            light: Light {
                gain: [
                    brightness * (1.0 + warmth),
                    brightness,
                    brightness * (1.0 - warmth),
                ],
                slope: [0.16 * normal(rng), 0.08 * normal(rng)],
                noise: between(rng, 1.0, 5.0),
            },
            obstacle: None,
        }
    }

    /// The same place a moment later: the head has moved a little.
    pub(super) fn moment(&self, rng: &mut ChaCha8Rng) -> Self {
        let mut scene = self.clone();
        scene.turn.yaw += 0.15 * normal(rng).clamp(-2.0, 2.0);
        scene.turn.pitch += 0.12 * normal(rng).clamp(-2.0, 2.0);
        scene.turn.gaze = [0.9, 0.35].map(|reach| reach * normal(rng).clamp(-2.0, 2.0));
        scene.roll += 0.02 * normal(rng).clamp(-2.0, 2.0);
        scene.scale *= between(rng, 0.985, 1.015);
        scene.shift = scene.shift.map(|offset| offset + 0.6 * normal(rng));
        let flicker = between(rng, 0.96, 1.04);
        scene.light.gain = scene.light.gain.map(|gain| gain * flicker);
        scene
    }

    /// The same place in a frame that shows the face badly: the head turns, the light flickers, the sensor
    /// is noisy, and now and then something is in front of the face.
    pub(super) fn glimpse(&self, rng: &mut ChaCha8Rng) -> Self {
        let mut scene = self.moment(rng);
        scene.turn.yaw += 0.3 * normal(rng).clamp(-2.0, 2.0);
        scene.turn.pitch += 0.25 * normal(rng).clamp(-2.0, 2.0);
        let flicker = between(rng, 0.75, 1.15);
        scene.light.gain = scene.light.gain.map(|gain| gain * flicker);
        scene.light.slope[0] += 0.15 * normal(rng);
        scene.light.noise += between(rng, 0.0, 18.0);
        scene.obstacle = happens(rng, 0.15).then(|| {
            let at = [between(rng, -28.0, 28.0), between(rng, -26.0, 40.0)];
            (at, between(rng, 14.0, 26.0), colour(rng, 40.0, 220.0))
        });
        scene
    }
}

fn colour(rng: &mut ChaCha8Rng, low: f32, high: f32) -> Colour {
    let level = between(rng, low, high);
    [0; 3].map(|_| (level + between(rng, -35.0, 35.0)).clamp(0.0, 255.0))
}
