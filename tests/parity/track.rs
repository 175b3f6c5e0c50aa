//! Where a face is expected, against filterpy's Kalman filter; assignments, against SciPy's.

use countenance::face::{Bounds, Detection};
use countenance::video::track::{Pair, Tracker, TrackerConfig, assigned};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    tracks: Vec<Vec<Row>>,
    problems: Vec<Problem>,
}

/// A face at a time in seconds: the box that was expected, what was measured, and what is believed then.
#[derive(Deserialize)]
struct Row {
    time: f64,
    expected: Option<[f32; 4]>,
    seen: [f32; 4],
    corrected: [f32; 4],
}

#[derive(Deserialize)]
struct Problem {
    gains: Vec<Vec<f64>>,
    total: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../fixtures/track.json")).unwrap()
}

#[test]
fn a_face_is_expected_where_filterpy_expects_it() {
    let mut worst = 0f32;
    for rows in fixture().tracks {
        let mut tracker = Tracker::new(TrackerConfig::new()).unwrap();
        let mut check = |tracker: &Tracker, time: f64, expected: [f32; 4]| {
            let [face] = tracker.predict(time)[..] else {
                panic!("one face")
            };
            let found = <[f32; 4]>::from(face.bounds);
            for (found, expected) in found.iter().zip(expected) {
                worst = worst.max((found - expected).abs());
            }
        };
        for row in rows {
            if let Some(expected) = row.expected {
                check(&tracker, row.time, expected);
            }
            let face = Detection {
                bounds: Bounds::from(row.seen),
                confidence: 0.9,
                landmarks: [[0.0; 2]; 5],
            };
            let ids = tracker.update(row.time, &[face.into()], 0.6).unwrap();
            assert_eq!(ids, [Some(0)]);
            check(&tracker, row.time, row.corrected);
        }
    }
    println!("parity track: boxes within {worst:.1e} pixels");
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn assignments_gain_as_much_as_scipys() {
    let problems = fixture().problems;
    assert!(problems.len() >= 24);
    for problem in problems {
        let (rows, columns) = (problem.gains.len(), problem.gains[0].len());
        let pairs: Vec<Pair> = (0..rows * columns)
            .map(|place| (place / columns, place % columns))
            .map(|(row, column)| Pair {
                row,
                column,
                gain: problem.gains[row][column],
            })
            .collect();
        let chosen = assigned(rows, columns, &pairs);
        let mut taken = vec![false; columns];
        let mut total = 0.0;
        for (place, &(row, column)) in chosen.iter().enumerate() {
            assert!(place == 0 || chosen[place - 1].0 < row, "a row twice");
            assert!(
                !std::mem::replace(&mut taken[column], true),
                "a column twice"
            );
            assert!(problem.gains[row][column] > 0.0, "nothing is gained");
            total += problem.gains[row][column];
        }
        let expected = problem.total;
        assert!((total - expected).abs() < 1e-4, "{total} for {expected}");
        // However the pairs are listed, of the same gain the same choice.
        let reversed: Vec<Pair> = pairs.into_iter().rev().collect();
        assert_eq!(assigned(rows, columns, &reversed), chosen);
    }
}
