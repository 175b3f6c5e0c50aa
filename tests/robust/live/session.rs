//! Pages beside each other.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Live, frame_of};

#[test]
fn pages_are_read_apart_and_there_are_no_more_than_may_be() {
    let live = Live::start();
    let sessions: Vec<String> = (0..4).map(|_| live.open()).collect();
    let frame = frame_of(&[([4, 6], 200)]);
    for number in 0..3 {
        for session in &sessions {
            let found = live.frame(session, number as f64, &frame).json();
            assert_eq!(
                (&found["frame"], &found["rows"][0]["face_id"]),
                (&json!(number), &json!(0))
            );
        }
    }
    live.post("session").is_refused(503, "sessions");
    let end = format!("session/{}/end", sessions[2]);
    assert_eq!(live.post(&end).status, 200);
    live.post(&end).is_refused(404, "session");
    live.frame(&sessions[2], 9.0, &frame)
        .is_refused(404, "session");
    let new = live.open();
    assert_eq!(live.frame(&new, 0.0, &frame).json()["frame"], 0);
    assert_eq!(live.frame(&sessions[3], 9.0, &frame).json()["frame"], 3);
}

#[test]
fn many_connections_at_once_are_answered_each_in_its_turn() {
    let live = Live::start();
    let session = live.open();
    let frame = frame_of(&[([4, 6], 200)]);
    // More than there may be at a time; those that say nothing are ended.
    let silent: Vec<_> = (0..8).map(|_| live.connect()).collect();
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| assert_eq!(live.get("model").status, 200));
        }
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = live.frame(&session, 0.0, &frame);
                match answer.status {
                    200 => assert_eq!(answer.json()["rows"][0]["success"], 1),
                    _ => answer.is_refused(409, "busy"),
                }
            });
        }
    });
    drop(silent);
    assert_eq!(live.frame(&session, 0.0, &frame).status, 200);
}

#[test]
fn a_page_that_is_silent_for_half_a_minute_gives_its_place_to_a_new_one() {
    let live = Live::start();
    let sessions: Vec<String> = (0..4).map(|_| live.open()).collect();
    let frame = frame_of(&[([4, 6], 200)]);
    let begun = Instant::now();
    let mut seconds = 0.0;
    // The first one goes on; as long as the others may be silent, there is no place.
    while begun.elapsed() < Duration::from_secs(31) {
        assert_eq!(live.frame(&sessions[0], seconds, &frame).status, 200);
        if seconds < 5.0 {
            live.post("session").is_refused(503, "sessions");
        }
        sleep(Duration::from_secs(1));
        seconds += 1.0;
    }
    let new = live.open();
    assert_eq!(live.frame(&new, 0.0, &frame).json()["frame"], 0);
    let going = live.frame(&sessions[0], seconds, &frame);
    assert_eq!(going.json()["frame"], seconds as u64);
    for silent in &sessions[1..] {
        live.frame(silent, 0.0, &frame).is_refused(404, "session");
    }
}
