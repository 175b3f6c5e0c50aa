//! The parametric face: identity and movement turned into curves.
//!
//! Coordinates are those of [`point`](super::point). They follow the aligned crops of s-Aff-Wild2: eyes a little above the
//! middle, mouth in the lower quarter, chin just inside.

use super::half::Half;
use super::identity::{Identity, Movement};
use super::mouth;
use super::part::{Crease, Eye, Mouth, Nose};
use super::point::Point;
use super::scene::Turn;

/// How far the chin sinks at AU26's full strength, in pixels.
const JAW_DROP: f32 = 6.5;

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
        mouth::creases(identity, movement, turn, &mut creases);
        let [.., jaw] = movement.units;
        Self {
            outline: outline(identity, jaw, movement.aside, turn),
            hairline: hairline(identity, turn),
            brows: sides.each_ref().map(Half::brow),
            eyes: sides.each_ref().map(Half::eye),
            nose: nose(identity, movement, turn),
            mouth: mouth::mouth(identity, movement, turn),
            cheeks: sides.each_ref().map(Half::cheek),
            creases,
            jaw_drop: JAW_DROP * jaw,
        }
    }
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
        .map(|(x, y)| turn.project(x + 5.0 * aside * (y / 47.0).max(0.0), y, -0.2))
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
