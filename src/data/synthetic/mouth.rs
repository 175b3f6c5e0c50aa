//! The lips and the furrows around them.

use super::identity::{Identity, Movement};
use super::part::{Crease, Mouth};
use super::point::Point;
use super::scene::Turn;

/// The lips: AU12 and AU15 move the corners, AU10 the upper lip, AU23 narrows, AU24 flattens, AU25
/// parts, AU26 drops the lower lip with the jaw.
pub(super) fn mouth(id: &Identity, movement: &Movement, turn: &Turn) -> Mouth {
    let [_, _, _, _, _, au10, au12, au15, au23, au24, au25, au26] = movement.units;
    let stretch = movement.stretch;
    let half = 13.0
        * id.mouth_width
        * (1.0 + 0.24 * au12 + 0.22 * stretch + 0.05 * au24)
        * (1.0 - 0.52 * au23)
        * (1.0 - 0.14 * au26);
    let gap = au25 * (4.2 + 5.5 * au26) + 4.0 * au26 * (au25 * 3.0).min(1.0) + 0.8 * au26;
    let thin = (1.0 - 0.78 * au24) * (1.0 - 0.3 * au23) * (1.0 - 0.18 * au12);
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
    let aside = 7.0 * movement.aside;
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

/// Furrows around the lips: AU23 radiates short lines, AU24 bulges above and below, AU17 dimples
/// the chin.
pub(super) fn creases(id: &Identity, movement: &Movement, turn: &Turn, creases: &mut Vec<Crease>) {
    let [.., au23, au24, _, _] = movement.units;
    let y = mouth_line(id);
    let mut crease = |points: &[Point], width: f32, depth: f32| {
        creases.push(Crease {
            points: points
                .iter()
                .map(|&[x, y]| turn.project(x + 7.0 * movement.aside, y, 0.1))
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

/// Height of the line between closed lips at rest.
fn mouth_line(id: &Identity) -> f32 {
    28.0 + id.mouth_height
}
