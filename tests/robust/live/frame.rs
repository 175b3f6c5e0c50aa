//! Frames, good and bad.

use std::io::Write;
use std::path::Path;

use countenance::data::image::{ImageLimits, decode};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::{Live, answer, frame_of, jpeg};
use crate::image::claiming;

const FACES: [([u32; 2], u8); 3] = [([4, 6], 200), ([14, 5], 150), ([24, 9], 255)];

#[test]
fn a_frame_is_answered_with_what_the_library_reads_in_it() {
    let live = Live::start();
    let session = live.open();
    let bytes = frame_of(&FACES);
    let picture = decode(&bytes, Path::new("x"), &ImageLimits::new()).unwrap();
    let read = live.studio.reader().read(&picture).unwrap();
    assert_eq!(read.len(), 3);
    for (number, time) in [(0, 0.0), (1, 0.04), (2, 0.04)] {
        let answer = live.frame(&session, time, &bytes);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let found = answer.json();
        assert_eq!(found["frame"], number);
        assert_eq!(found["timestamp"], time);
        assert_eq!(
            (&found["width"], &found["height"]),
            (&json!(240), &json!(120))
        );
        assert_eq!(found["recording"], Value::Null);
        let faces = found["rows"].as_array().unwrap();
        assert_eq!(faces.len(), 3);
        for expected in &read {
            let bounds = json!(expected.detection.bounds);
            let place = |row: &Value| json!([row["x"], row["y"], row["width"], row["height"]]);
            let face = faces.iter().find(|face| near(&place(face), &bounds, 0.5));
            let face = face.unwrap_or_else(|| panic!("no {bounds} in {found}"));
            let scores = json!(expected.prediction.as_ref().unwrap());
            for key in [
                "valence",
                "arousal",
                "expression_probabilities",
                "action_units",
            ] {
                assert!(
                    near(&face[key], &scores[key], 1e-3),
                    "{key}: {face} {scores}"
                );
            }
            assert_eq!(face["expression"], scores["expression"]);
            assert_eq!(face["error"], Value::Null);
        }
    }
    let empty = live.frame(&session, 1.0, &frame_of(&[])).json();
    let rows = empty["rows"].as_array().unwrap();
    assert_eq!((&empty["frame"], rows.len()), (&json!(3), 1));
    assert_eq!(
        (&rows[0]["success"], &rows[0]["face_id"]),
        (&json!(0), &Value::Null)
    );
}

/// Whether all numbers of two values are as near as that.
fn near(found: &Value, expected: &Value, distance: f64) -> bool {
    match (found, expected) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b, distance))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| near(a, &b[key], distance))
        }
        (a, b) => a
            .as_f64()
            .zip(b.as_f64())
            .is_some_and(|(a, b)| (a - b).abs() <= distance),
    }
}

#[test]
fn a_bad_frame_is_refused_by_name_and_the_next_one_is_read() {
    let live = Live::start();
    let session = live.open();
    let good = frame_of(&FACES);
    let mut png = std::io::Cursor::new(Vec::new());
    RgbImage::new(8, 8)
        .write_to(&mut png, ImageFormat::Png)
        .unwrap();
    let mut huge = jpeg(&RgbImage::new(8, 8));
    let header = huge
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .unwrap();
    huge[header + 5..header + 9].fill(0xff);
    for (number, (bad, said)) in [
        (vec![], "the frame: expected a JPEG image, found nothing"),
        (
            b"no picture".to_vec(),
            "the frame: expected a JPEG image, found something else",
        ),
        (
            png.into_inner(),
            "the frame: expected a JPEG image, found PNG",
        ),
        (
            claiming(20_000),
            "the frame: expected a JPEG image, found PNG",
        ),
        (
            good[..good.len() / 2].to_vec(),
            "the frame: expected a whole JPEG image, found ",
        ),
        (
            good[..20].to_vec(),
            "the frame: expected a whole JPEG image, found ",
        ),
        (
            huge,
            "the frame: expected at most 8294400 pixels, found 65535x65535",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = live.frame(&session, number as f64, &bad);
        let (status, reason, message) = answer.refusal();
        assert_eq!((status, reason.as_str()), (400, "picture"), "{message}");
        assert!(message.starts_with(said), "{message}");
        let next = live.frame(&session, number as f64, &good);
        assert_eq!(next.status, 200, "{}", next.body);
        // What was refused has no number.
        assert_eq!(next.json()["frame"], number);
        assert_eq!(next.json()["rows"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn times_that_are_none_or_go_back_are_refused() {
    let live = Live::start();
    let session = live.open();
    let good = frame_of(&FACES);
    let headers = [("Content-Type", "image/jpeg")];
    for query in [
        "",
        "?",
        "?time=",
        "?time=x",
        "?time=-1",
        "?time=NaN",
        "?time=inf",
        "?x=1",
        "?time=1&time=2",
    ] {
        let path = format!("session/{session}/frame{query}");
        live.ask("POST", &path, &headers, &good)
            .is_refused(400, "time");
    }
    assert_eq!(live.frame(&session, 2.0, &good).status, 200);
    live.frame(&session, 1.0, &good).is_refused(400, "time");
    assert_eq!(live.frame(&session, 2.0, &good).json()["frame"], 1);
}

#[test]
fn frames_of_other_types_and_sizes_are_refused_before_they_are_read() {
    let live = Live::start();
    let session = live.open();
    let good = frame_of(&FACES);
    let path = format!("session/{session}/frame?time=0");
    for headers in [
        vec![],
        vec![("Content-Type", "text/plain")],
        vec![("Content-Type", "image/png")],
    ] {
        live.ask("POST", &path, &headers, &good)
            .is_refused(415, "type");
    }
    // One that says how large it is need not come.
    let headers = [
        ("Content-Type", "image/jpeg"),
        ("Content-Length", "999999999999"),
    ];
    live.ask("POST", &path, &headers, b"")
        .is_refused(413, "size");
    let most = 4 << 20;
    live.frame(&session, 0.0, &vec![0xff; most + 1])
        .is_refused(413, "size");
    live.frame(&session, 0.0, &vec![0xff; most])
        .is_refused(400, "picture");
    // One that does not say is counted.
    let head = format!(
        "POST /{}/{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n",
        live.secret, live.host
    );
    let mut stream = live.connect();
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[0xff; 0x10000], b"\r\n"].concat();
    for _ in 0..=most / 0x10000 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    answer(stream).is_refused(413, "size");
    assert_eq!(live.frame(&session, 0.0, &good).json()["frame"], 0);
}

#[test]
fn whoever_sends_slowly_or_breaks_off_keeps_nobody_out_and_is_ended() {
    let live = Live::start();
    let session = live.open();
    let good = frame_of(&FACES);
    let head = format!(
        "POST /{}/session/{session}/frame?time=0 HTTP/1.1\r\nHost: {}\r\nContent-Type: image/jpeg\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        live.secret,
        live.host,
        good.len()
    );
    let begun = |bytes: &[u8]| {
        let mut stream = live.connect();
        stream.write_all(bytes).unwrap();
        stream
    };
    let without_head = begun(&head.as_bytes()[..40]);
    let half = begun(&[head.as_bytes(), &good[..good.len() / 2]].concat());
    let silent = live.connect();
    drop(begun(&[head.as_bytes(), &good[..100]].concat()));
    for number in 0..3 {
        assert_eq!(live.frame(&session, 0.0, &good).json()["frame"], number);
    }
    answer(half).is_refused(408, "slow");
    assert!(matches!(answer(without_head).status, 0 | 408));
    assert_eq!(answer(silent).status, 0);
    assert_eq!(live.frame(&session, 0.0, &good).json()["frame"], 3);
}
