//! The parametric face: who it is and what it does, turned into curves.
//!
//! The canvas has its origin in the middle, x to the right and y down; one unit is one pixel of the
//! 112-pixel image. Coordinates follow the aligned crops of s-Aff-Wild2: eyes a little above the
//! middle, mouth in the lower quarter, chin just inside.

use rand_chacha::ChaCha8Rng;

use super::random::{between, happens, normal};
use super::scene::Turn;
use crate::label::ACTION_UNITS;

/// A position on the canvas, in pixels from its middle.
pub(super) type Point = [f32; 2];

/// How far the chin sinks at AU26's full strength, in pixels.
const JAW_DROP: f32 = 6.5;

/// The geometry that tells one person from another. Lengths are factors of the average face.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) width: f32,
    pub(super) jaw: f32,
    pub(super) length: f32,
    pub(super) hairline: f32,
    pub(super) eye_size: f32,
    pub(super) eye_open: f32,
    pub(super) eye_spacing: f32,
    pub(super) eye_tilt: f32,
    pub(super) brow_thickness: f32,
    pub(super) brow_arch: f32,
    pub(super) brow_height: f32,
    pub(super) nose_width: f32,
    pub(super) nose_length: f32,
    pub(super) mouth_width: f32,
    pub(super) mouth_height: f32,
    pub(super) lips: f32,
    /// How deep this skin folds, from age: 0.6 young, 1.3 old.
    pub(super) folds: f32,
    /// 0 to 1, from light to dark.
    pub(super) skin: f32,
    pub(super) hair: usize,
    pub(super) long_hair: bool,
    pub(super) iris: usize,
    /// Opacity of the beard; 0 for none.
    pub(super) beard: f32,
    pub(super) glasses: bool,
    /// Lip colour over skin colour, 0 to 1.
    pub(super) lip_colour: f32,
}

impl Identity {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut factor = |spread: f32| 1.0 + spread * normal(rng).clamp(-2.0, 2.0);
        Self {
            width: factor(0.045),
            jaw: factor(0.07),
            length: factor(0.025),
            hairline: factor(0.08),
            eye_size: factor(0.06),
            eye_open: factor(0.08),
            eye_spacing: factor(0.03),
            eye_tilt: factor(0.6) - 1.0,
            brow_thickness: factor(0.2),
            brow_arch: factor(0.25),
            brow_height: 1.1 * (factor(1.0) - 1.0),
            nose_width: factor(0.1),
            nose_length: factor(0.05),
            mouth_width: factor(0.06),
            mouth_height: 0.9 * (factor(1.0) - 1.0),
            lips: factor(0.16),
            folds: between(rng, 0.6, 1.3),
            skin: between(rng, 0.0, 1.0),
            hair: between(rng, 0.0, 5.999) as usize,
            long_hair: happens(rng, 0.45),
            iris: between(rng, 0.0, 3.999) as usize,
            beard: if happens(rng, 0.18) {
                between(rng, 0.15, 0.55)
            } else {
                0.0
            },
            glasses: happens(rng, 0.1),
            lip_colour: between(rng, 0.3, 1.0),
        }
    }
}

/// How far each muscle moves, in [0, 1].
#[derive(Clone, Debug, Default)]
pub(super) struct Movement {
    /// The annotated units, in the order of s-Aff-Wild2.
    pub(super) units: [f32; ACTION_UNITS],
    /// Upper lid raiser, AU5.
    pub(super) upper_lid: f32,
    /// Nose wrinkler, AU9.
    pub(super) nose_wrinkle: f32,
    /// Chin raiser, AU17.
    pub(super) chin: f32,
    /// Lip stretcher, AU20.
    pub(super) stretch: f32,
    /// Jaw and mouth drawn to one side, AU30; in [-1, 1].
    pub(super) aside: f32,
    /// How much more the image's right half moves than its left; small, of either sign.
    pub(super) asymmetry: f32,
}

/// A face as curves, ready to paint.
pub(super) struct Face {
    pub(super) outline: Vec<Point>,
    pub(super) hairline: Vec<Point>,
    /// Per side: the brow's upper and lower edge, from the inner to the outer end.
    pub(super) brows: [[Vec<Point>; 2]; 2],
    pub(super) eyes: [Eye; 2],
    pub(super) nose: Nose,
    pub(super) mouth: Mouth,
    /// Soft bulges of the cheeks: middle, radius, opacity.
    pub(super) cheeks: [(Point, f32, f32); 2],
    pub(super) creases: Vec<Crease>,
    /// How far the chin has dropped, for the neck's shadow.
    pub(super) jaw_drop: f32,
}

pub(super) struct Eye {
    pub(super) upper: Vec<Point>,
    pub(super) lower: Vec<Point>,
    /// The fold above the upper lid.
    pub(super) fold: Vec<Point>,
    pub(super) iris: Point,
    pub(super) radius: f32,
}

pub(super) struct Nose {
    pub(super) base: Vec<Point>,
    pub(super) nostrils: [Point; 2],
    pub(super) bridge: [Vec<Point>; 2],
    pub(super) tip: Point,
}

pub(super) struct Mouth {
    /// Outer edge of the upper lip, corner to corner.
    pub(super) top: Vec<Point>,
    /// Inner edge of the upper lip.
    pub(super) upper: Vec<Point>,
    /// Inner edge of the lower lip.
    pub(super) lower: Vec<Point>,
    /// Outer edge of the lower lip.
    pub(super) bottom: Vec<Point>,
    /// Height of the gap between the lips.
    pub(super) gap: f32,
    /// How strongly the lips press; darkens the line between them.
    pub(super) press: f32,
}

/// A fold or wrinkle of the skin.
pub(super) struct Crease {
    pub(super) points: Vec<Point>,
    pub(super) width: f32,
    /// 0 to 1; how dark it is.
    pub(super) depth: f32,
}

impl Face {
    /// The curves of `identity` doing `movement`, its head turned by `turn`.
    pub(super) fn new(identity: &Identity, movement: &Movement, turn: &Turn) -> Self {
        let sides = [-1.0, 1.0].map(|side| Half {
            identity,
            turn,
            side,
            gain: 1.0 + side * movement.asymmetry,
            movement,
        });
        let mut creases = Vec::new();
        for half in &sides {
            half.creases(&mut creases);
        }
        mouth_creases(identity, movement, turn, &mut creases);
        let [.., jaw] = movement.units;
        Self {
            outline: outline(identity, jaw, movement.aside, turn),
            hairline: hairline(identity, turn),
            brows: sides.each_ref().map(Half::brow),
            eyes: sides.each_ref().map(Half::eye),
            nose: nose(identity, movement, turn),
            mouth: mouth(identity, movement, turn),
            cheeks: sides.each_ref().map(Half::cheek),
            creases,
            jaw_drop: JAW_DROP * jaw,
        }
    }
}

/// One half of the face; `side` is -1 for the image's left and 1 for its right.
struct Half<'a> {
    identity: &'a Identity,
    movement: &'a Movement,
    turn: &'a Turn,
    side: f32,
    gain: f32,
}

impl Half<'_> {
    /// A point given by its distance from the midline.
    fn at(&self, x: f32, y: f32) -> Point {
        self.turn.project(self.side * x, y, 0.0)
    }

    fn units(&self) -> [f32; ACTION_UNITS] {
        self.movement.units.map(|unit| unit * self.gain)
    }

    /// AU1 lifts the inner end, AU2 the outer half, AU4 lowers the whole and draws it inwards.
    fn brow(&self) -> [Vec<Point>; 2] {
        let [au1, au2, au4, _, au7, ..] = self.units();
        let id = self.identity;
        let base = -16.8 + id.brow_height - 0.8 * self.movement.upper_lid
            + 1.2 * self.movement.nose_wrinkle;
        let arch = 3.2 * id.brow_arch;
        // Inner end, inner third, arch, outer end: where each rests and what moves it.
        let knots = [
            (
                8.5 - 3.2 * au4,
                base - 5.6 * au1 + 0.2 * au2 + 4.6 * au4,
                1.5,
            ),
            (
                13.5 - 2.4 * au4,
                base - 0.55 * arch - 3.8 * au1 - 1.4 * au2 + 4.2 * au4,
                1.75,
            ),
            (
                20.5 - 0.8 * au4,
                base - arch - 0.8 * au1 - 6.0 * au2 + 2.8 * au4,
                1.4,
            ),
            (
                27.5,
                base + 0.5 + 0.1 * au1 - 7.4 * au2 + 1.4 * au4 + 0.2 * au7,
                0.55,
            ),
        ];
        let edge = |direction: f32| {
            knots
                .iter()
                .map(|&(x, y, half)| self.at(x, y + direction * half * id.brow_thickness))
                .collect()
        };
        [edge(-1.0), edge(1.0)]
    }

    /// AU7 flattens and raises the lower lid and lowers the upper; AU6 pushes the lower lid up a
    /// little; AU5 opens the eye wide.
    fn eye(&self) -> Eye {
        let [_, _, au4, au6, au7, ..] = self.units();
        let id = self.identity;
        let half = 7.6 * id.eye_size;
        let (x, y) = (17.0 * id.eye_spacing, -7.0);
        let up = 4.3 * id.eye_open * (1.0 + 0.5 * self.movement.upper_lid) * (1.0 - 0.42 * au7)
            - 0.4 * au4;
        let down = 2.9 * id.eye_open * (1.0 - 1.02 * au7) * (1.0 - 0.35 * au6);
        let tilt = 0.9 * id.eye_tilt;
        let line = |height: f32| {
            [(-1.0, 0.6), (-0.42, 0.15), (0.3, -0.2), (1.0, -0.4)]
                .iter()
                .zip([0.0, 0.92, 1.0, 0.0])
                .map(|(&(along, slant), swell)| {
                    self.at(x + along * half, y + slant * tilt * 1.6 + swell * height)
                })
                .collect::<Vec<_>>()
        };
        let [gaze_x, gaze_y] = self.turn.gaze;
        let [iris_x, iris_y] = self.at(x, y + 0.3 * (down - up) + gaze_y);
        Eye {
            upper: line(-up),
            lower: line(down),
            fold: line(-up - 2.0),
            iris: [iris_x + gaze_x, iris_y],
            radius: 3.5 * id.eye_size,
        }
    }

    /// AU6 lifts and rounds the cheek; AU12 helps.
    fn cheek(&self) -> (Point, f32, f32) {
        let [_, _, _, au6, _, _, au12, ..] = self.units();
        let middle = self.at(21.0, 13.5 - 6.5 * au6 - 1.5 * au12);
        (middle, 10.5 + 1.0 * au12, 0.10 + 0.42 * au6 + 0.08 * au12)
    }

    fn creases(&self, creases: &mut Vec<Crease>) {
        let [au1, au2, au4, au6, au7, au10, au12, au15, ..] = self.units();
        let wrinkle = self.movement.nose_wrinkle;
        let folds = self.identity.folds;
        let mut crease = |points: &[Point], width: f32, depth: f32| {
            creases.push(Crease {
                points: points.iter().map(|&[x, y]| self.at(x, y)).collect(),
                width,
                depth: (depth * folds).min(0.9),
            });
        };
        // Forehead: AU1 folds its middle, AU2 its sides.
        for row in [0.0, 4.0] {
            let lift = -24.5 - row - 1.5 * au1.max(au2);
            crease(
                &[[0.0, lift - 0.5], [5.0, lift - 0.6], [9.5, lift + 0.6]],
                1.0,
                0.6 * au1,
            );
            crease(
                &[[14.0, lift], [20.0, lift - 1.0], [26.0, lift + 1.6]],
                1.0,
                0.6 * au2,
            );
        }
        // Between the brows: AU4.
        crease(&[[2.4, -19.5], [2.0, -16.0], [2.6, -12.5]], 1.2, 0.7 * au4);
        // Bridge of the nose: AU9.
        for y in [-8.0, -5.5, -3.0] {
            crease(
                &[[0.0, y], [2.2, y + 0.4], [4.0, y + 1.6]],
                0.8,
                0.55 * wrinkle,
            );
        }
        // Under the eye: everybody's lid furrow, pushed up and cut deep by AU6.
        let under = 1.6 - 1.6 * au6;
        crease(
            &[
                [10.0, under - 1.0],
                [17.0, under + 1.6],
                [25.5, under - 1.8],
            ],
            0.9 + 0.7 * au6,
            0.14 + 0.55 * au6,
        );
        // AU7 tightens the lid itself: a line right below the lashes.
        crease(&[[11.5, -3.4], [17.5, -2.9], [23.5, -4.2]], 0.9, 0.35 * au7);
        // Crow's feet: AU6.
        for (fan, reach) in [(-2.6, 32.0), (0.4, 33.0), (3.2, 32.0)] {
            crease(
                &[[27.2, -6.6 + 0.35 * fan], [reach, -6.6 + 1.6 * fan]],
                0.9,
                0.75 * au6,
            );
        }
        // From the wing of the nose to the mouth: AU10 cuts it deep and lifts it, AU12 bows it out.
        let wing = 7.2 * self.identity.nose_width;
        let corner = 13.5 * self.identity.mouth_width + 4.0 + 3.0 * au12;
        crease(
            &[
                [wing + 0.6, 9.5 - 2.2 * au10],
                [wing + 4.2 + 2.2 * au12 + 1.4 * au10, 13.5 - 2.6 * au10],
                [corner, 24.0 - 2.5 * au12 - 1.2 * au10],
            ],
            1.0 + 0.9 * au10,
            0.12 + 0.6 * au10.max(wrinkle * 0.5) + 0.18 * au12,
        );
        // Below the corners: AU15 pulls a short furrow down.
        let down = 13.6 * self.identity.mouth_width;
        crease(
            &[[down + 0.5, 32.0], [down + 1.4, 35.5], [down + 0.2, 39.0]],
            1.2,
            0.6 * au15,
        );
    }
}

/// Furrows around the lips: AU23 radiates short lines, AU24 bulges above and below, AU17 dimples
/// the chin.
fn mouth_creases(id: &Identity, movement: &Movement, turn: &Turn, creases: &mut Vec<Crease>) {
    let [.., au23, au24, _, _] = movement.units;
    let y = mouth_line(id);
    let mut crease = |points: &[Point], width: f32, depth: f32| {
        creases.push(Crease {
            points: points
                .iter()
                .map(|&[x, y]| turn.project(x + 5.5 * movement.aside, y, 0.1))
                .collect(),
            width,
            depth: (depth * id.folds).min(0.9),
        });
    };
    for x in [-6.0, -2.2, 2.2, 6.0] {
        crease(&[[x, y - 3.6], [1.25 * x, y - 7.2]], 1.1, 0.75 * au23);
        crease(&[[x, y + 4.2], [1.2 * x, y + 7.2]], 1.1, 0.65 * au23);
    }
    let half = 10.5 * id.mouth_width;
    crease(
        &[[-half, y + 4.0], [0.0, y + 5.4], [half, y + 4.0]],
        1.8,
        0.6 * au24,
    );
    for side in [-1.0, 1.0] {
        let x = side * (half + 4.2);
        crease(
            &[[x, y - 2.2], [x + side * 0.8, y], [x, y + 2.2]],
            1.6,
            0.75 * au24,
        );
    }
    let chin = y + 12.0 - 1.5 * movement.chin;
    crease(
        &[[-6.0, chin + 1.5], [0.0, chin - 1.0], [6.0, chin + 1.5]],
        1.4,
        0.12 + 0.55 * movement.chin,
    );
}

fn mouth_line(id: &Identity) -> f32 {
    28.0 + id.mouth_height
}

fn outline(id: &Identity, jaw: f32, aside: f32, turn: &Turn) -> Vec<Point> {
    let drop = JAW_DROP * jaw;
    let right = [
        (16.0 * id.width, -43.0),
        (31.0 * id.width, -34.0),
        (37.0 * id.width, -14.0),
        (35.5 * id.width, 8.0 + 0.1 * drop),
        (
            27.5 * id.width * id.jaw - 0.2 * drop,
            31.0 * id.length + 0.55 * drop,
        ),
        (13.0 * id.jaw, 44.0 * id.length + drop),
    ];
    let left = right.iter().rev().map(|&(x, y)| (-x, y));
    right
        .iter()
        .copied()
        .chain([(0.0, 47.0 * id.length + drop)])
        .chain(left)
        // The silhouette turns less than what lies on the front of the face.
        .map(|(x, y)| turn.project(x + 3.5 * aside * (y / 47.0).max(0.0), y, -0.2))
        .collect()
}

fn hairline(id: &Identity, turn: &Turn) -> Vec<Point> {
    let top = -31.0 * id.hairline;
    [
        (-36.5, -6.0),
        (-31.0, -20.0),
        (-20.0, top + 1.0),
        (0.0, top - 1.0),
        (20.0, top + 1.0),
        (31.0, -20.0),
        (36.5, -6.0),
    ]
    .map(|(x, y)| turn.project(x * id.width, y, 0.0))
    .to_vec()
}

/// AU10 and AU9 lift and widen the wings.
fn nose(id: &Identity, movement: &Movement, turn: &Turn) -> Nose {
    let [_, _, _, _, _, au10, ..] = movement.units;
    let lift = 1.5 * au10 + 1.8 * movement.nose_wrinkle;
    let half = 6.6 * id.nose_width + 0.9 * lift.min(2.0);
    let tip = 13.0 * id.nose_length;
    let at = |x: f32, y: f32| turn.project(x, y, 0.35);
    Nose {
        base: [
            (-half + 0.4, tip - 3.6 - lift),
            (-half, tip - 0.4 - lift),
            (-half + 2.4, tip + 1.6 - 0.7 * lift),
            (0.0, tip + 2.8 - 0.2 * lift),
            (half - 2.4, tip + 1.6 - 0.7 * lift),
            (half, tip - 0.4 - lift),
            (half - 0.4, tip - 3.6 - lift),
        ]
        .map(|(x, y)| at(x, y))
        .to_vec(),
        nostrils: [-1.0, 1.0].map(|side| at(side * 0.48 * half, tip + 1.0 - 0.6 * lift)),
        bridge: [-1.0, 1.0].map(|side| {
            [(4.2, -12.0), (2.8, -5.0), (3.2, 3.0), (4.4, tip - 4.0)]
                .map(|(x, y)| at(side * x, y))
                .to_vec()
        }),
        tip: at(0.0, tip - 2.0),
    }
}

/// The lips: AU12 and AU15 move the corners, AU10 the upper lip, AU23 narrows, AU24 flattens, AU25
/// parts, AU26 drops the lower lip with the jaw.
fn mouth(id: &Identity, movement: &Movement, turn: &Turn) -> Mouth {
    let [_, _, _, _, _, au10, au12, au15, au23, au24, au25, au26] = movement.units;
    let stretch = movement.stretch;
    let half = 13.0
        * id.mouth_width
        * (1.0 + 0.24 * au12 + 0.22 * stretch + 0.05 * au24)
        * (1.0 - 0.42 * au23)
        * (1.0 - 0.14 * au26);
    let gap = au25 * (4.2 + 5.5 * au26) + 4.0 * au26 * (au25 * 3.0).min(1.0) + 0.8 * au26;
    let thin = (1.0 - 0.78 * au24) * (1.0 - 0.42 * au23) * (1.0 - 0.18 * au12);
    let upper_lip = 3.3 * id.lips * thin;
    let lower_lip = 4.5 * id.lips * thin * (1.0 - 0.2 * au26);
    let line = mouth_line(id);
    let middle = line + 0.9 * au12 - 1.2 * movement.chin - 0.9 * au25;
    let upper = middle - 2.0 * au10;
    // Closed lips rise together.
    let lower = middle - 2.0 * au10 * (1.0 - au25) + gap;
    let outer = upper - upper_lip - 0.6 * au10;
    let bottom = lower + lower_lip;
    let corner = line - 5.6 * au12 + 6.4 * au15 - 1.5 * au10
        + 1.2 * stretch
        + 0.35 * gap
        + 0.6 * movement.chin;
    let aside = 5.5 * movement.aside;
    let at = |x: f32, y: f32| turn.project(x * half + aside, y, 0.12);
    let corner_of = |side: f32| corner - side * movement.asymmetry * 6.0 * (au12 - au15);
    let towards = |side: f32, y: f32, share: f32| y + share * (corner_of(side) - y);
    // Every edge shares the two corners and is given by the heights of its inner points.
    let edge = |inner: &[(f32, f32)]| {
        std::iter::once(at(-1.0, corner_of(-1.0)))
            .chain(inner.iter().map(|&(x, y)| at(x, y)))
            .chain([at(1.0, corner_of(1.0))])
            .collect::<Vec<_>>()
    };
    Mouth {
        top: edge(&[
            (
                -0.56,
                towards(-1.0, outer + 0.4 * upper_lip - 1.0 * au10, 0.3),
            ),
            (-0.2, outer),
            (0.0, outer + 0.25 * upper_lip),
            (0.2, outer),
            (
                0.56,
                towards(1.0, outer + 0.4 * upper_lip - 1.0 * au10, 0.3),
            ),
        ]),
        upper: edge(&[
            (-0.5, towards(-1.0, upper, 0.32)),
            (0.0, upper + 0.5),
            (0.5, towards(1.0, upper, 0.32)),
        ]),
        lower: edge(&[
            (-0.5, towards(-1.0, lower, 0.3)),
            (0.0, lower.max(upper + 0.5)),
            (0.5, towards(1.0, lower, 0.3)),
        ]),
        bottom: edge(&[
            (-0.55, towards(-1.0, bottom - 0.3 * lower_lip, 0.22)),
            (0.0, bottom.max(upper + 1.0)),
            (0.55, towards(1.0, bottom - 0.3 * lower_lip, 0.22)),
        ]),
        gap,
        press: au24,
    }
}
