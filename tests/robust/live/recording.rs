//! What is recorded is what the page was told, to the last frame, whatever ends.

use std::path::PathBuf;

use serde_json::Value;

use super::{Live, frame_of};
use crate::studio::COLUMNS;

impl Live {
    fn record(&self, session: &str, action: &str) -> Value {
        let answer = self.post(&format!("session/{session}/{action}"));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

fn rows(path: &PathBuf) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let texts = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
    let header = texts(reader.headers().unwrap());
    let rows = reader.records().map(|record| texts(&record.unwrap()));
    (header, rows.collect())
}

/// Whether a cell is what JSON says: the same number, text, or nothing for null.
fn is(cell: &str, value: &Value) -> bool {
    match value {
        Value::Null => cell.is_empty(),
        Value::String(text) => cell == text,
        value => cell.parse::<f32>().ok() == value.as_f64().map(|value| value as f32),
    }
}

#[test]
fn a_recording_holds_what_was_answered_a_row_a_face_and_one_for_nobody() {
    let mut live = Live::start();
    let session = live.open();
    let frames: [&[([u32; 2], u8)]; 5] = [
        &[([4, 6], 200)],
        &[([4, 6], 200), ([24, 9], 255)],
        &[],
        &[([24, 9], 255)],
        &[([4, 6], 200), ([24, 9], 255)],
    ];
    let read = |number: usize| {
        let answer = live.frame(&session, number as f64 * 0.04, &frame_of(frames[number]));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    // What is read before is not recorded.
    assert_eq!(read(0)["recording"], Value::Null);
    let begun = live.record(&session, "record");
    assert_eq!(
        (begun["file"].as_str(), begun["rows"].as_u64()),
        (Some("live-1.csv"), Some(0))
    );
    assert_eq!(live.record(&session, "record"), begun);
    let told: Vec<Value> = (1..5).map(read).collect();
    assert_eq!(told[3]["recording"]["rows"], 6);
    // Killed, and nothing is lost.
    live.child.kill().unwrap();
    live.child.wait().unwrap();

    let (header, rows) = rows(&live.recording("live-1.csv"));
    assert!(header.join(",").starts_with(COLUMNS), "{header:?}");
    assert_eq!(rows.len(), 6);
    let mut rows = rows.iter();
    for frame in &told {
        for face in frame["rows"].as_array().unwrap() {
            let row = rows.next().unwrap();
            let cell = |name: &str| {
                let place = header.iter().position(|column| column == name).unwrap();
                row[place].as_str()
            };
            assert!(is(cell("frame"), &frame["frame"]), "{row:?}");
            assert_eq!(
                cell("timestamp").parse::<f64>().ok(),
                frame["timestamp"].as_f64()
            );
            for name in COLUMNS.trim_end_matches(',').split(',') {
                assert!(is(cell(name), &face[name]), "{name}: {row:?} {face}");
            }
            for unit in ["AU1", "AU12", "AU26"] {
                assert!(
                    is(cell(unit), &face["action_units"][unit]),
                    "{unit}: {row:?} {face}"
                );
            }
            let happy = &face["expression_probabilities"][4];
            assert!(is(cell("Happiness"), happy), "{row:?} {face}");
        }
    }
}

#[test]
fn every_recording_is_a_new_file_and_no_older_one_is_touched() {
    let live = Live::start();
    std::fs::write(live.recording("live-2.csv"), "precious").unwrap();
    let session = live.open();
    let frame = frame_of(&[([4, 6], 200)]);
    for expected in ["live-1.csv", "live-3.csv"] {
        assert_eq!(live.record(&session, "stop"), Value::Null);
        assert_eq!(live.record(&session, "record")["file"], expected);
        live.frame(&session, 0.0, &frame);
        let stopped = live.record(&session, "stop");
        assert_eq!(
            (stopped["file"].as_str(), stopped["rows"].as_u64()),
            (Some(expected), Some(1))
        );
        // What is read later is not recorded.
        assert_eq!(
            live.frame(&session, 0.0, &frame).json()["recording"],
            Value::Null
        );
        assert_eq!(rows(&live.recording(expected)).1.len(), 1);
    }
    assert_eq!(
        std::fs::read(live.recording("live-2.csv")).unwrap(),
        b"precious"
    );
}

#[test]
fn a_folder_that_is_gone_is_said_and_reading_goes_on() {
    let live = Live::start();
    let session = live.open();
    std::fs::remove_dir(live.recording("")).unwrap();
    let answer = live.post(&format!("session/{session}/record"));
    let (status, reason, message) = answer.refusal();
    assert_eq!((status, reason.as_str()), (500, "recording"));
    assert!(
        message.starts_with("cannot create ") && message.contains("live-1.csv: "),
        "{message}"
    );
    assert_eq!(
        live.frame(&session, 0.0, &frame_of(&[([4, 6], 200)]))
            .status,
        200
    );
}
