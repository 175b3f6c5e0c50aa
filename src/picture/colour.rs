//! The colours of people and of expressions, which are told apart without the cones for red or for green
//! too.

use super::board::{Colour, INK, PAPER};
use crate::label::Expression;

/// Those of Okabe and Ito, of whom neighbours differ most.
const PEOPLE: [Colour; 7] = [
    [0, 114, 178],
    [230, 159, 0],
    [0, 158, 115],
    [204, 121, 167],
    [86, 180, 233],
    [213, 94, 0],
    [240, 228, 66],
];
/// For classes that have no colour of their own.
const OTHERS: [Colour; 5] = [
    [153, 153, 51],
    [68, 170, 153],
    [170, 68, 102],
    [119, 119, 170],
    [170, 136, 102],
];

/// The colour of a person; after a few, they come again.
pub(super) fn person(id: usize) -> Colour {
    PEOPLE[id % PEOPLE.len()]
}

/// The colour of an expression, which is the `place`-th of those that are shown.
pub(super) fn expression(class: &Expression, place: usize) -> Colour {
    match class {
        Expression::Neutral => [222, 210, 184],
        Expression::Anger => [204, 51, 17],
        Expression::Disgust => [17, 119, 51],
        Expression::Fear => [100, 30, 100],
        Expression::Happiness => [238, 190, 40],
        Expression::Sadness => [0, 90, 170],
        Expression::Surprise => [70, 190, 225],
        Expression::Other => [120, 126, 134],
        Expression::Contempt => [84, 44, 20],
        Expression::Named(_) => OTHERS[place % OTHERS.len()],
    }
}

/// What can be read on a ground of this colour.
pub(super) fn readable(ground: Colour) -> Colour {
    let [red, green, blue] = ground.map(f32::from);
    match 0.299 * red + 0.587 * green + 0.114 * blue > 130.0 {
        true => INK,
        false => PAPER,
    }
}

/// A colour between two, of which the second has this share.
pub(super) fn between(one: Colour, other: Colour, share: f32) -> Colour {
    std::array::from_fn(|part| {
        let [one, other] = [one[part], other[part]].map(f32::from);
        (one + share * (other - one)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::board::ACTIVE;

    /// How well two colours are told apart, at worst, with all cones, without those for red, and without
    /// those for green: their difference as Vienot, Brettel and Mollon 1999 say that it is seen.
    fn distance(one: Colour, other: Colour) -> f32 {
        let linear = |colour: Colour| colour.map(|level| (f32::from(level) / 255.0).powf(2.2));
        let [one, other] = [linear(one), linear(other)];
        let eyes: [[[f32; 3]; 3]; 3] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.112, 0.885, -0.0005],
                [0.112, 0.885, -0.0005],
                [0.004, -0.004, 1.0],
            ],
            [
                [0.292, 0.707, -0.0003],
                [0.292, 0.707, -0.0003],
                [-0.022, 0.022, 1.0],
            ],
        ];
        let seen = |eye: [[f32; 3]; 3], colour: [f32; 3]| {
            eye.map(|row| {
                let sum: f32 = row
                    .iter()
                    .zip(colour)
                    .map(|(part, level)| part * level)
                    .sum();
                255.0 * sum.clamp(0.0, 1.0).powf(1.0 / 2.2)
            })
        };
        let differences = eyes.map(|eye| {
            let pairs = seen(eye, one).into_iter().zip(seen(eye, other));
            pairs
                .map(|(one, other)| (one - other).powi(2))
                .sum::<f32>()
                .sqrt()
        });
        differences.into_iter().fold(f32::INFINITY, f32::min)
    }

    #[test]
    fn people_and_expressions_are_told_apart_without_red_or_green_too() {
        let mut classes = Expression::AFF_WILD2.to_vec();
        classes.push(Expression::Contempt);
        let classes: Vec<_> = classes.iter().map(|class| expression(class, 0)).collect();
        for colours in [&PEOPLE[..], &classes] {
            for (place, one) in colours.iter().enumerate() {
                for other in &colours[..place] {
                    let found = distance(*one, *other);
                    assert!(found > 35.0, "{one:?} and {other:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn words_stand_out_from_every_ground() {
        // As the guidelines for the web define luminance and contrast; 3 is what they ask of large words.
        let luminance = |colour: Colour| {
            let [red, green, blue] = colour.map(|level| match f32::from(level) / 255.0 {
                low if low <= 0.04045 => low / 12.92,
                level => ((level + 0.055) / 1.055).powf(2.4),
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        for ground in PEOPLE.into_iter().chain(OTHERS).chain([ACTIVE]) {
            let [one, other] = [ground, readable(ground)].map(luminance);
            let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
            assert!(contrast > 3.0, "{ground:?}: {contrast}");
        }
    }
}
