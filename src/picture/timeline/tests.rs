use image::RgbImage;

use super::*;
use crate::label::{ActionUnit, Expression};
use crate::picture::OverlayScores;
use crate::picture::colour;

const EXPRESSIONS: [Expression; 2] = [Expression::Happiness, Expression::Sadness];

/// What is read where somebody smiles with this probability.
fn with_smile<T>(smile: f32, then: impl FnOnce(OverlayScores<'_>) -> T) -> T {
    let [happiness, sadness] = EXPRESSIONS;
    then(OverlayScores {
        action_units: &[(ActionUnit::AU6, smile), (ActionUnit::AU12, smile)],
        expressions: &[(happiness, smile), (sadness, 1.0 - smile)],
        valence_arousal: Some([2.0 * smile - 1.0, 0.0]),
        ..OverlayScores::default()
    })
}

fn add(timeline: &mut Timeline, time: f64, ids: &[usize], smile: f32) {
    with_smile(smile, |scores| {
        let faces: Vec<_> = ids.iter().map(|id| (*id, Some(scores))).collect();
        timeline.add(time, &faces).unwrap();
    });
}

/// The columns in which a colour is, as (first, behind the last) of each stretch.
fn stretches(picture: &RgbImage, colour: [u8; 3]) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for x in 0..picture.width() {
        // The legend is not meant.
        let mut column = (120..picture.height()).map(|y| picture.get_pixel(x, y).0);
        if x < 104 || !column.any(|pixel| pixel == colour) {
            continue;
        }
        match found.last_mut() {
            Some((_, end)) if *end == x => *end += 1,
            _ => found.push((x, x + 1)),
        }
    }
    found
}

#[test]
fn a_gap_is_where_nobody_was() {
    let mut timeline = Timeline::new();
    for frame in 0..300 {
        let there: &[usize] = if (100..150).contains(&frame) {
            &[]
        } else {
            &[4]
        };
        add(&mut timeline, f64::from(frame) / 25.0, there, 1.0);
    }
    let picture = timeline.draw();
    // A third of 1200 columns, then a sixth without.
    let stretches = |colour| {
        let found = stretches(&picture, colour);
        assert_eq!(found.len(), 2, "{found:?}");
        found
    };
    let happiness = colour::expression(&Expression::Happiness, 0);
    for colour in [colour::person(4), happiness, legend::probability(1.0)] {
        let [first, second] = stretches(colour)[..] else {
            unreachable!()
        };
        assert_eq!((first.0, second.1), (104, 1304), "{colour:?}");
        assert!(first.1.abs_diff(104 + 400) <= 4, "{first:?}");
        assert!(second.0.abs_diff(104 + 600) <= 4, "{second:?}");
    }
}

/// A column of a timeline of two seconds, where neither the legend nor times are written.
fn column(scores: OverlayScores<'_>) -> Vec<[u8; 3]> {
    let mut timeline = Timeline::new();
    for frame in 0..50 {
        timeline
            .add(f64::from(frame) / 25.0, &[(4, Some(scores))])
            .unwrap();
    }
    let picture = timeline.draw();
    let rows = 0..picture.height();
    rows.map(|y| picture.get_pixel(1250, y).0).collect()
}

#[test]
fn bands_are_as_high_and_shades_as_dark_as_what_is_probable() {
    let [happiness, sadness] = EXPRESSIONS.map(|class| colour::expression(&class, 0));
    for (smile, high) in [(0.75, 63), (0.25, 21)] {
        let column = with_smile(smile, column);
        let rows = |colour: [u8; 3]| {
            let rows = column.iter().enumerate();
            let rows = rows.filter(|(_, pixel)| **pixel == colour);
            rows.map(|(y, _)| y).collect::<Vec<_>>()
        };
        let bands = [happiness, sadness].map(rows);
        assert_eq!(bands.each_ref().map(Vec::len), [high, 84 - high]);
        assert!(bands[0][0] > bands[1][0], "the first class is below");
        // A row for each of the two units.
        assert_eq!(rows(legend::probability(smile)).len(), 28);
    }
}

#[test]
fn lines_are_as_high_as_valence_and_arousal() {
    let columns = [[0.5, 0.0], [-0.5, 0.25]].map(|affect| {
        column(OverlayScores {
            valence_arousal: Some(affect),
            ..OverlayScores::default()
        })
    });
    // Where the two differ there is a line of one of them; its edges are blended with the ground.
    let differ = |y: &usize| columns[0][*y] != columns[1][*y];
    let lines = columns.each_ref().map(|column| {
        legend::AFFECT.map(|colour| {
            let away = |y: &usize| -> u32 {
                let levels = column[*y].iter().zip(colour);
                levels
                    .map(|(level, other)| u32::from(level.abs_diff(other)))
                    .sum()
            };
            let rows = (0..column.len()).filter(differ);
            rows.min_by_key(away).unwrap() as i32
        })
    });
    let [[valence, arousal], [lower, higher]] = lines;
    // 84 rows are from -1 to 1.
    assert_eq!(lower - valence, 42);
    assert!((9..=12).contains(&(arousal - higher)), "{lines:?}");
    assert!((20..=22).contains(&(arousal - valence)), "{lines:?}");
}

#[test]
fn memory_does_not_grow_with_the_length() {
    let mut timeline = Timeline::new();
    let mut sizes = Vec::new();
    for frame in 0..60_000_u32 {
        // Somebody new every five minutes, and one who stays.
        let smile = if frame % 2 == 0 { 0.25 } else { 0.75 };
        let ids = [0, 1 + frame as usize / 300];
        add(&mut timeline, f64::from(frame), &ids, smile);
        let bins: usize = timeline
            .people
            .values()
            .map(|person| person.bins.len())
            .sum();
        sizes.push(timeline.frames.len() + bins);
        assert!(timeline.frames.len() <= 1024 && timeline.people.len() <= 64);
    }
    // Of the frames, of the one who stays, and of the others together.
    assert!(sizes.iter().all(|size| *size <= 3 * 1024 + 64));
    assert_eq!(timeline.frames.iter().sum::<u32>(), 60_000);
    let one = &timeline.people[&0];
    assert_eq!((one.frames, one.seconds), (60_000, 59_999.0));
    let bins: u32 = one.bins.values().map(|bin| bin.frames).sum();
    assert_eq!(bins, 60_000);
    // The first one's means are kept; 201 people were there.
    assert!(
        one.bins
            .values()
            .all(|bin| (bin.mean(0).unwrap() - 0.5).abs() < 0.02)
    );
    assert_eq!(timeline.gone.people + timeline.people.len() as u64, 201);
    assert_eq!(timeline.gone.seconds, 300.0);
    timeline.draw();
}

#[test]
fn a_frame_is_shown_until_the_next_one_also_if_that_is_late() {
    let mut timeline = Timeline::new();
    for time in [0.0, 0.04, 0.08, 6.0, 6.04] {
        add(&mut timeline, time, &[0], 1.0);
    }
    let person = &timeline.people[&0];
    assert!((person.seconds - 6.04).abs() < 1e-9);
    let found = stretches(&timeline.draw(), colour::person(0));
    assert_eq!(found, [(104, 1304)]);
}

#[test]
fn eight_people_have_rows_and_the_others_a_line() {
    let height = |people: usize| {
        let mut timeline = Timeline::new();
        let ids: Vec<usize> = (0..people).collect();
        for frame in 0..10 {
            add(&mut timeline, f64::from(frame), &ids, 0.5);
        }
        timeline.draw().height()
    };
    let heights = [0, 1, 2, 8, 9, 30].map(height);
    assert_eq!(heights[3] - heights[2], 6 * (heights[2] - heights[1]));
    assert!((20..60).contains(&(heights[4] - heights[3])));
    assert_eq!(heights[5], heights[4]);
    assert!(heights[0] < 120);
}

#[test]
fn what_is_not_read_has_no_part() {
    let height = |scores: Option<OverlayScores<'_>>| {
        let mut timeline = Timeline::new();
        timeline.add(0.0, &[(0, scores)]).unwrap();
        timeline.draw().height()
    };
    let nothing = height(None);
    assert_eq!(height(Some(OverlayScores::default())), nothing);
    with_smile(0.5, |all| {
        let units = OverlayScores {
            action_units: all.action_units,
            ..OverlayScores::default()
        };
        let affect = OverlayScores {
            valence_arousal: all.valence_arousal,
            ..OverlayScores::default()
        };
        let alone = [units, affect].map(|scores| height(Some(scores)));
        assert!(
            alone
                .iter()
                .all(|alone| *alone > nothing && *alone < height(Some(all)))
        );
    });
}

#[test]
fn one_frame_odd_numbers_and_other_classes_are_drawn() {
    let mut timeline = Timeline::new();
    timeline.draw();
    let odd = OverlayScores {
        action_units: &[(ActionUnit::AU12, f32::NAN), (ActionUnit::AU6, 7.0)],
        expressions: &[(Expression::Anger, f32::INFINITY), (Expression::Fear, -3.0)],
        valence_arousal: Some([f32::NEG_INFINITY, 9.0]),
        ..OverlayScores::default()
    };
    timeline.add(-3.0, &[(0, Some(odd))]).unwrap();
    timeline.draw();
    add(&mut timeline, -3.0, &[0, usize::MAX], 0.5);
    timeline.add(1e12, &[(1, None)]).unwrap();
    timeline.draw();
    let back = timeline.add(5.0, &[]).unwrap_err().to_string();
    assert!(back.contains("no less than 1000000000000"), "{back}");
    assert!(timeline.add(f64::NAN, &[]).is_err());
    let mut far = Timeline::new();
    far.add(-1e308, &[(0, None)]).unwrap();
    assert!(far.add(1.7e308, &[]).is_err());
    far.add(1e307, &[]).unwrap();
    far.draw();
}
