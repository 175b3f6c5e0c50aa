use super::*;
use crate::face::{Bounds, Detection};
use crate::smoothing::Smoothing;
use crate::testing::noise;

const RATE: f64 = 25.0;

/// Scores that differ from frame to frame and from person to person.
fn prediction(number: usize, id: usize) -> Prediction {
    let values = noise(9, (1000 * id + number) as u32);
    let like = Prediction {
        action_units: vec![(ActionUnit::AU1, 0.0), (ActionUnit::AU12, 0.0)],
        active_units: None,
        action_unit_intensities: vec![],
        expressions: [
            Expression::Neutral,
            Expression::Happiness,
            Expression::Contempt,
        ]
        .map(|class| ExpressionScore {
            class,
            logit: 0.0,
            probability: 0.0,
            offset: 0.0,
        })
        .into(),
        valence_arousal: Some([0.0; 2]),
        gaze: Some([0.0; 2]),
    };
    unflattened(&like, &values)
}

fn face(id: usize, raw: Result<Prediction>) -> TrackedFace {
    TrackedFace {
        id,
        detection: Detection {
            bounds: Bounds::from([1.0, 2.0, 3.0, 4.0]),
            confidence: 0.9,
            landmarks: [[0.0; 2]; 5],
        },
        raw,
        smoothed: None,
    }
}

fn frame(number: usize, faces: Vec<TrackedFace>) -> ReadFrame {
    ReadFrame {
        number,
        time: number as f64 / RATE,
        still: None,
        faces,
    }
}

/// Two people: the first one's face cannot be read in frame 7, the second one comes and goes.
fn video() -> Vec<ReadFrame> {
    let faces = |number: usize| {
        let unread = Error::argument("the face", "a face", "none");
        let first = match number {
            7 => Err(unread),
            _ => Ok(prediction(number, 0)),
        };
        let second = (5..12).contains(&number) || number > 30;
        let second = second.then(|| face(1, Ok(prediction(number, 1))));
        std::iter::once(face(0, first)).chain(second).collect()
    };
    (0..60).map(|number| frame(number, faces(number))).collect()
}

fn smooth(smoothing: impl Into<TaskSmoothing>, video: Vec<ReadFrame>) -> Vec<ReadFrame> {
    let mut smoother = FrameSmoother::new(smoothing.into()).unwrap();
    let mut frames = Vec::new();
    for frame in video {
        frames.extend(smoother.push(frame).unwrap());
    }
    frames.extend(smoother.finish());
    assert!(smoother.people.is_empty() && smoother.held.is_empty());
    frames
}

#[test]
fn each_person_is_smoothed_alone_and_frames_keep_their_order() {
    for smoothing in [
        Smoothing::Gaussian(0.1),
        Smoothing::Box(0.5),
        Smoothing::Exponential(0.2),
    ] {
        let frames = smooth(smoothing, video());
        assert!(frames.iter().map(|frame| frame.number).eq(0..60));
        for id in 0..2 {
            let read = |frame: &ReadFrame| {
                let face = frame.faces.iter().find(|face| face.id == id)?;
                let raw = face.raw.as_ref().ok()?;
                let smoothed = face.smoothed.clone().expect("what is read is smoothed");
                Some((frame.time, raw.clone(), smoothed))
            };
            let read: Vec<_> = frames.iter().filter_map(read).collect();
            let times: Vec<f64> = read.iter().map(|(time, ..)| *time).collect();
            let raw: Vec<f32> = read.iter().flat_map(|(_, raw, _)| flattened(raw)).collect();
            let expected = smoothing.apply(&times, &raw).unwrap();
            let found = read.iter().flat_map(|(.., smoothed)| flattened(smoothed));
            assert_eq!(found.collect::<Vec<_>>(), expected, "{id}");
            assert_ne!(expected, raw);
        }
        let unread = &frames[7].faces[0];
        assert!(unread.raw.is_err() && unread.smoothed.is_none());
    }
}

#[test]
fn probabilities_are_those_of_the_smoothed_logits() {
    for frame in smooth(Smoothing::Gaussian(0.1), video()) {
        for smoothed in frame.faces.iter().filter_map(|face| face.smoothed.as_ref()) {
            let sum: f32 = smoothed
                .expressions
                .iter()
                .map(|score| score.probability)
                .sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            let [first, second] = [0, 1].map(|place| &smoothed.expressions[place]);
            let ratio = (first.logit - second.logit).exp();
            assert!((first.probability / second.probability / ratio - 1.0).abs() < 1e-5);
            let probable = |score: &&ExpressionScore| (score.probability * 1e6) as i64;
            let top = smoothed.expressions.iter().max_by_key(probable).unwrap();
            assert_eq!(smoothed.expression().as_ref(), Some(&top.class));
        }
    }
}

#[test]
fn a_gaussian_holds_four_sigma_of_frames_and_others_none() {
    let mut smoother = FrameSmoother::new(Smoothing::Gaussian(0.1).into()).unwrap();
    for frame in video() {
        let (number, time) = (frame.number, frame.time);
        for given in smoother.push(frame).unwrap() {
            assert!(time - given.time > 0.4, "{number}");
        }
        // Those of ten intervals.
        assert_eq!(smoother.held.len(), 11.min(number + 1));
    }
    for smoothing in [Smoothing::Off, Smoothing::Exponential(0.5)] {
        let mut smoother = FrameSmoother::new(smoothing.into()).unwrap();
        for frame in video() {
            let number = frame.number;
            let given = smoother.push(frame).unwrap();
            assert_eq!(given.len(), 1);
            assert_eq!(given[0].number, number);
            let smoothed = given[0].faces[0].smoothed.is_some();
            assert_eq!(smoothed, smoothing != Smoothing::Off && number != 7);
        }
        assert!(smoother.finish().is_empty());
    }
}

#[test]
fn people_who_are_gone_are_forgotten_and_do_not_blend_with_who_comes_later() {
    for smoothing in [Smoothing::Gaussian(0.1), Smoothing::Exponential(0.1)] {
        let mut smoother = FrameSmoother::new(smoothing.into()).unwrap();
        let mut given = Vec::new();
        // A new person every second, and the first of them again at the very end.
        for number in (0..5000).step_by(25) {
            let id = if number < 4975 { number } else { 0 };
            let faces = vec![face(id, Ok(prediction(number, 0)))];
            given.extend(smoother.push(frame(number, faces)).unwrap());
            assert!(smoother.people.len() <= 6, "{}", smoother.people.len());
        }
        given.extend(smoother.finish());
        for frame in &given {
            let face = &frame.faces[0];
            let [raw, smoothed] = [face.raw.as_ref().unwrap(), face.smoothed.as_ref().unwrap()];
            assert_eq!(flattened(raw), flattened(smoothed));
        }
        assert_eq!(given.len(), 200);
    }
}

#[test]
fn frames_out_of_order_and_faces_that_are_there_twice_are_errors() {
    let refused = |frames: [ReadFrame; 2]| {
        let mut smoother = FrameSmoother::new(Smoothing::Gaussian(0.1).into()).unwrap();
        let [first, second] = frames;
        smoother.push(first).unwrap();
        smoother.push(second).unwrap_err().to_string()
    };
    for smoothing in [
        Smoothing::Off,
        Smoothing::Exponential(0.1),
        Smoothing::Gaussian(0.1),
    ] {
        let mut smoother = FrameSmoother::new(smoothing.into()).unwrap();
        smoother.push(frame(3, vec![])).unwrap();
        let back = smoother.push(frame(2, vec![])).unwrap_err().to_string();
        let expected =
            "the time of frame 2: expected no less than 0.12, the time before it, found 0.08";
        assert_eq!(back, expected);
    }
    let mut unknown = frame(4, vec![]);
    unknown.time = f64::NAN;
    assert!(refused([frame(3, vec![]), unknown]).contains("frame 4: expected finite seconds"));
    let twice = vec![face(2, Ok(prediction(0, 0))), face(2, Ok(prediction(0, 0)))];
    assert!(refused([frame(3, vec![]), frame(4, twice)]).contains("found 2 twice"));
    let mut other = prediction(1, 0);
    other.gaze = None;
    let faces = [prediction(0, 0), other].map(|raw| vec![face(5, Ok(raw))]);
    let [before, after] = faces;
    assert!(refused([frame(3, before), frame(4, after)]).contains("the scores of face 5"));
    // A frame that is refused leaves no trace: of its faces, the first one was right.
    let mut smoother = FrameSmoother::new(Smoothing::Gaussian(0.1).into()).unwrap();
    let both = |number| {
        vec![
            face(0, Ok(prediction(number, 0))),
            face(1, Ok(prediction(number, 1))),
        ]
    };
    smoother.push(frame(0, both(0))).unwrap();
    let without_gaze = |id| {
        let raw = Prediction {
            gaze: None,
            ..prediction(1, id)
        };
        face(id, Ok(raw))
    };
    // Somebody new, and later than the next frame that is right.
    let wrong = vec![without_gaze(2), both(1).remove(0), without_gaze(1)];
    smoother.push(frame(9, wrong)).unwrap_err();
    let right = || {
        let mut faces = both(2);
        faces.push(face(2, Ok(prediction(2, 2))));
        faces
    };
    smoother.push(frame(2, right())).unwrap();
    let given = smoother.finish();
    let expected = smooth(
        Smoothing::Gaussian(0.1),
        vec![frame(0, both(0)), frame(2, right())],
    );
    let scores = |frames: &[ReadFrame]| -> Vec<_> {
        let faces = frames.iter().flat_map(|frame| &frame.faces);
        faces.map(|face| face.smoothed.clone()).collect()
    };
    assert_eq!(scores(&given), scores(&expected));
    assert!(FrameSmoother::new(Smoothing::Gaussian(0.0).into()).is_err());
}

#[test]
fn each_task_is_smoothed_in_its_own_way_and_a_frame_waits_for_the_slowest() {
    let all = |smoothing: Smoothing| smooth(smoothing, video());
    let kinds = [
        Smoothing::Off,
        Smoothing::Exponential(0.3),
        Smoothing::Box(0.4),
        Smoothing::Gaussian(0.1),
    ];
    for turn in 0..kinds.len() {
        let [action_units, expressions, valence_arousal] =
            [0, 1, 2].map(|place| kinds[(place + turn) % kinds.len()]);
        let mixed = TaskSmoothing {
            action_units,
            expressions,
            valence_arousal,
        };
        let delays = [action_units, expressions, valence_arousal].map(Smoothing::delay);
        assert_eq!(mixed.delay(), delays.into_iter().fold(0.0, f64::max));
        let mut smoother = FrameSmoother::new(mixed).unwrap();
        for frame in video() {
            let number = frame.number as f64;
            smoother.push(frame).unwrap();
            // So many intervals later nothing changes any more.
            let held = (mixed.delay() * RATE).floor() + 1.0;
            let held = if mixed.delay() > 0.0 {
                held.min(number + 1.0)
            } else {
                0.0
            };
            assert_eq!(smoother.held.len() as f64, held, "{mixed}");
        }
        let found = smooth(mixed, video());
        let [units, classes, affect] = [action_units, expressions, valence_arousal].map(all);
        let faces = |frames: &[ReadFrame]| -> Vec<Option<Prediction>> {
            let faces = frames.iter().flat_map(|frame| &frame.faces);
            faces.map(|face| face.prediction().ok().cloned()).collect()
        };
        let [units, classes, affect] = [units, classes, affect].map(|frames| faces(&frames));
        for (place, found) in faces(&found).into_iter().enumerate() {
            let expected = units[place].clone().map(|units| Prediction {
                expressions: classes[place].clone().unwrap().expressions,
                valence_arousal: affect[place].clone().unwrap().valence_arousal,
                ..units
            });
            assert_eq!(found, expected, "{mixed}: {place}");
        }
    }
}
