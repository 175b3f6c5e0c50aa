//! What a tracker is asked to do.

use image::{Rgb, RgbImage};

use super::*;
use crate::face::{Bounds, Detection, TEMPLATE};
use crate::testing::noise;
use crate::{Error, Result};

/// A face of 100 pixels.
fn face(x: f32, y: f32, confidence: f32) -> Sighting {
    Detection {
        bounds: Bounds::from([x, y, 100.0, 100.0]),
        confidence,
        landmarks: [[x, y]; 5],
    }
    .into()
}

fn tracker() -> Tracker {
    Tracker::new(TrackerConfig::new()).unwrap()
}

/// Runs frames of 0.04 s; `None` is nothing to be seen.
fn ids(frames: &[Vec<Sighting>]) -> Vec<Vec<Option<usize>>> {
    let mut tracker = tracker();
    let mut ids = |(number, faces): (usize, &Vec<Sighting>)| {
        tracker.update(number as f64 * 0.04, faces, 0.6).unwrap()
    };
    frames.iter().enumerate().map(&mut ids).collect()
}

#[test]
fn everybody_has_a_number_at_first_sight_the_most_certain_first() {
    let frame = vec![
        face(0.0, 0.0, 0.7),
        face(400.0, 0.0, 0.9),
        face(800.0, 0.0, 0.7),
    ];
    assert_eq!(ids(&[frame]), [[Some(1), Some(0), Some(2)]]);
}

#[test]
fn an_uncertain_face_continues_somebody_and_begins_nobody() {
    let frames = [
        vec![face(0.0, 0.0, 0.4)],
        vec![face(0.0, 0.0, 0.8)],
        vec![face(3.0, 0.0, 0.4), face(600.0, 0.0, 0.4)],
        vec![face(6.0, 0.0, 0.8)],
    ];
    let expected = [
        vec![None],
        vec![Some(0)],
        vec![Some(0), None],
        vec![Some(0)],
    ];
    assert_eq!(ids(&frames), expected);
}

#[test]
fn an_uncertain_face_does_not_bring_back_somebody_who_was_hidden() {
    let mut frames = vec![vec![face(0.0, 0.0, 0.8)], vec![]];
    frames.push(vec![face(0.0, 0.0, 0.4)]);
    frames.push(vec![face(0.0, 0.0, 0.8)]);
    assert_eq!(
        ids(&frames),
        [vec![Some(0)], vec![], vec![None], vec![Some(0)]]
    );
}

#[test]
fn two_who_pass_each_other_keep_their_numbers() {
    // 100 pixels at 25 a frame, in opposite directions; while they overlap, only one is found.
    let frames: Vec<Vec<Sighting>> = (0..40)
        .map(|frame| {
            let way = 12.0 * frame as f32;
            let (right, left) = (way, 480.0 - way);
            let mut faces = vec![face(right, 0.0, 0.9)];
            if (right - left).abs() > 60.0 {
                faces.push(face(left, 20.0, 0.9));
            }
            faces
        })
        .collect();
    let found = ids(&frames);
    let both = found.iter().filter(|ids| ids.len() == 2);
    assert!(
        both.clone().all(|ids| ids == &[Some(0), Some(1)]),
        "{found:?}"
    );
    assert!(both.count() > 30 && found.iter().all(|ids| ids[0] == Some(0)));
}

#[test]
fn who_was_hidden_for_a_second_is_known_again_and_who_was_away_for_long_is_not() {
    let mut tracker = tracker();
    for frame in 0..25 {
        let time = f64::from(frame) * 0.04;
        let found = tracker.update(time, &[face(100.0 * time as f32, 0.0, 0.9)], 0.6);
        assert_eq!(found.unwrap(), [Some(0)]);
    }
    // It slowed down.
    assert_eq!(
        tracker.update(2.0, &[face(150.0, 5.0, 0.9)], 0.6).unwrap(),
        [Some(0)]
    );
    assert_eq!(tracker.predict(4.9).len(), 1);
    assert_eq!(tracker.predict(5.1).len(), 0);
    assert_eq!(
        tracker.update(5.1, &[face(150.0, 5.0, 0.9)], 0.6).unwrap(),
        [Some(1)]
    );
}

#[test]
fn how_often_a_face_is_looked_at_does_not_matter() {
    let known = |steps: &[f64]| {
        let mut tracker = tracker();
        for &time in steps {
            let found = tracker.update(time, &[face(200.0 * time as f32, 0.0, 0.9)], 0.6);
            assert_eq!(found.unwrap(), [Some(0)]);
        }
        tracker
    };
    // Frames without a face between them leave what is expected as it is.
    let mut interrupted = known(&[0.0, 0.1, 0.2]);
    for time in [0.21, 0.3, 0.37] {
        interrupted.update(time, &[], 0.6).unwrap();
    }
    let (one, other) = (
        known(&[0.0, 0.1, 0.2]).predict(0.5),
        interrupted.predict(0.5),
    );
    assert_eq!(one[0].bounds, other[0].bounds);
    assert!(one[0].in_view && !other[0].in_view);
}

#[test]
fn a_sudden_leap_is_the_same_face_if_it_overlaps() {
    let mut frames = vec![vec![face(0.0, 0.0, 0.9)]; 20];
    frames.push(vec![face(45.0, 0.0, 0.9)]);
    frames.push(vec![face(0.0, 0.0, 0.9)]);
    assert!(ids(&frames).iter().all(|ids| ids == &[Some(0)]));
}

#[test]
fn times_that_are_none_or_go_back_are_refused_and_change_nothing() -> Result<()> {
    let mut tracker = tracker();
    tracker.update(1.0, &[face(0.0, 0.0, 0.9)], 0.6)?;
    for (time, found) in [(0.9, "0.9"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        match tracker.update(time, &[], 0.6) {
            Err(Error::Argument {
                what, found: text, ..
            }) => {
                assert_eq!((what.as_str(), text.as_str()), ("a frame's time", found));
            }
            other => panic!("{other:?}"),
        }
        // And expected is who was there in the last frame.
        assert_eq!(
            tracker.predict(if time > 2.0 { 1.0 } else { time })[0].id,
            0
        );
    }
    // Two frames may be shown at the same time.
    assert_eq!(tracker.update(1.0, &[face(2.0, 0.0, 0.9)], 0.6)?, [Some(0)]);
    Ok(())
}

#[test]
fn a_box_that_is_not_finite_is_nobodys() {
    let mut broken = face(0.0, 0.0, 0.9);
    broken.detection.bounds.width = f32::NAN;
    let frame = vec![broken, face(0.0, 0.0, 0.9)];
    assert_eq!(ids(&[frame]), [[None, Some(0)]]);
}

#[test]
fn impossible_configs_are_refused() {
    for config in [
        TrackerConfig::new().with_memory(-1.0),
        TrackerConfig::new().with_memory(f64::NAN),
        TrackerConfig::new().with_acceleration(0.0),
        TrackerConfig::new().with_reach(f64::INFINITY),
        TrackerConfig::new().with_likeness(-0.1),
    ] {
        let found = Tracker::new(config.clone());
        assert!(matches!(found, Err(Error::Argument { .. })), "{config:?}");
    }
}

#[test]
fn thousands_of_faces_in_every_frame_are_no_matter() {
    const ROW: usize = 50;
    let crowd = |shift: f32| -> Vec<Sighting> {
        let place = |number: usize| (number % ROW * 90, number / ROW * 90);
        let places = (0..2500).map(place);
        places
            .map(|(x, y)| face(x as f32 + shift, y as f32, 0.9))
            .collect()
    };
    let mut tracker = tracker();
    let first = tracker.update(0.0, &crowd(0.0), 0.6).unwrap();
    assert_eq!(tracker.update(0.04, &crowd(8.0), 0.6).unwrap(), first);
    // New ones in every frame: some are forgotten.
    for frame in 1..6 {
        let time = 0.04 + f64::from(frame) * 0.04;
        tracker
            .update(time, &crowd(1e5 * frame as f32), 0.6)
            .unwrap();
        assert!(tracker.predict(time).len() <= 4096);
    }
}

/// The same face, of somebody who looks like nobody else with another `seed`.
fn looking(mut face: Sighting, seed: u32) -> Sighting {
    let levels = noise(21 * 21, seed);
    let picture = RgbImage::from_fn(168, 168, |x, y| {
        let level = levels[(y / 8 * 21 + x / 8) as usize];
        Rgb([(128.0 + 120.0 * level) as u8; 3])
    });
    let upright = Detection {
        landmarks: TEMPLATE.map(|[x, y]| [x + 28.0, y + 28.0]),
        ..face.detection
    };
    face.look = Look::of(&picture, &upright);
    face
}

/// Two who walk towards each other for 2 s, are hidden for 0.8 s and then walk back.
fn turning_back() -> Vec<Vec<Sighting>> {
    let frame = |number: usize| {
        if (50..70).contains(&number) {
            return Vec::new();
        }
        // 4 pixels a frame, so that they would change places behind what hides them.
        let way = 4.0 * if number < 50 { number } else { 120 - number } as f32;
        vec![
            looking(face(way, 0.0, 0.9), 1),
            looking(face(480.0 - way, 0.0, 0.9), 2),
        ]
    };
    (0..110).map(frame).collect()
}

#[test]
fn two_who_turn_back_while_they_are_hidden_are_told_by_what_they_look_like() {
    let found = ids(&turning_back());
    let both = found.iter().filter(|ids| !ids.is_empty());
    assert!(
        both.clone().all(|ids| ids == &[Some(0), Some(1)]),
        "{found:?}"
    );
    assert_eq!(both.count(), 90);
}

#[test]
fn who_appears_half_hidden_is_known_again_once_they_are_seen_clearly() {
    let mut frames = vec![vec![looking(face(0.0, 0.0, 0.9), 1)]; 30];
    frames.resize(45, vec![]);
    // In another place and unlike what was known, first; then as before.
    frames.resize(50, vec![looking(face(330.0, 0.0, 0.7), 7)]);
    frames.resize(80, vec![looking(face(330.0, 0.0, 0.9), 1)]);
    let found = ids(&frames);
    assert_eq!(found[45], [Some(1)]);
    assert!(found[60..].iter().all(|ids| ids == &[Some(0)]), "{found:?}");
}

#[test]
fn who_takes_the_place_of_somebody_who_was_hidden_is_somebody_else() {
    let mut frames = vec![vec![looking(face(0.0, 0.0, 0.9), 1)]; 40];
    frames.resize(60, vec![]);
    frames.resize(90, vec![looking(face(10.0, 0.0, 0.9), 2)]);
    let found = ids(&frames);
    // It turns out with the second frame.
    assert!(found[61..].iter().all(|ids| ids == &[Some(1)]), "{found:?}");
}
