//! What a face has twice: brows, eyes, cheeks and their folds.

use super::identity::{Identity, Movement};
use super::part::{Crease, Eye};
use super::point::Point;
use super::scene::Turn;
use crate::label::ACTION_UNITS;

/// One half of the face; `side` is -1 for the image's left and 1 for its right.
pub(super) struct Half<'a> {
    pub(super) identity: &'a Identity,
    pub(super) movement: &'a Movement,
    pub(super) turn: &'a Turn,
    pub(super) side: f32,
    /// How strongly this half moves.
    pub(super) gain: f32,
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
    pub(super) fn brow(&self) -> [Vec<Point>; 2] {
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
    /// little; AU5 opens the eye wide. A grimace shuts the eye on its side.
    pub(super) fn eye(&self) -> Eye {
        let [_, _, au4, au6, au7, ..] = self.units();
        let id = self.identity;
        let half = 7.6 * id.eye_size;
        let (x, y) = (17.0 * id.eye_spacing, -7.0);
        let up = 4.3 * id.eye_open * (1.0 + 0.5 * self.movement.upper_lid) * (1.0 - 0.52 * au7)
            - 0.4 * au4;
        let down = 2.9 * id.eye_open * (1.0 - 1.02 * au7) * (1.0 - 0.35 * au6);
        let open = 1.0 - 0.85 * (self.side * self.movement.aside).max(0.0);
        let (up, down) = (open * up, open * down);
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
    pub(super) fn cheek(&self) -> (Point, f32, f32) {
        let [_, _, _, au6, _, _, au12, ..] = self.units();
        let middle = self.at(21.0, 13.5 - 6.5 * au6 - 1.5 * au12);
        (middle, 10.5 + 1.0 * au12, 0.10 + 0.42 * au6 + 0.08 * au12)
    }

    /// Appends the folds of forehead, eyes and cheek.
    pub(super) fn creases(&self, creases: &mut Vec<Crease>) {
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
        crease(&[[11.5, -3.4], [17.5, -2.9], [23.5, -4.2]], 0.9, 0.6 * au7);
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
