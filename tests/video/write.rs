//! Videos that are written.

use std::path::Path;

use countenance::Error;
use countenance::data::image::RgbImage;
use countenance::video::VideoWriter;

use super::kit::{Kit, frames, open, probed_times};

/// A grey picture that says its number by its level.
fn numbered(number: u32, (width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_pixel(width, height, [(number * 10) as u8; 3].into())
}

/// The number that a picture was given, by its middle.
fn number(picture: &RgbImage) -> u32 {
    let (width, height) = picture.dimensions();
    (u32::from(picture.get_pixel(width / 2, height / 2)[0]) + 5) / 10
}

fn write(path: &Path, rate: f64, size: (u32, u32), times: &[f64]) {
    let mut writer = VideoWriter::create(path, rate).unwrap();
    for (place, &time) in times.iter().enumerate() {
        writer.push(time, numbered(place as u32, size)).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn every_picture_stands_at_its_own_time_in_every_container() {
    let Some(kit) = Kit::new() else { return };
    // A clock that begins somewhere, a gap, two pictures within a frame, and a slow end.
    let times = [0.0, 0.04, 0.08, 0.1, 0.5, 0.51, 0.513, 1.0, 1.0333667, 4.0];
    let clock = times.map(|time| 7.5 + time);
    for name in ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.MP4", "-b.m4v"] {
        let path = kit.path(name);
        write(&path, 25.0, (64, 48), &clock);
        let video = open(&path);
        assert_eq!(video.size(), (64, 48), "{name}");
        // The last one is shown as long as one of the rate.
        let duration = video.duration().unwrap();
        assert!((duration - 4.04).abs() < 2e-3, "{name}: {duration}");
        let unit = if name.ends_with("mkv") || name.ends_with("webm") {
            1e-3
        } else {
            1.0 / 9e4
        };
        let (probed, frames) = (probed_times(&path), frames(&path));
        assert_eq!((frames.len(), probed.len()), (10, 10), "{name}");
        for (place, frame) in frames.iter().enumerate() {
            for time in [frame.time, probed[place].unwrap_or(frame.time)] {
                let away = (time - times[place]).abs();
                assert!(away <= unit, "{name}: {place} {time}");
            }
            assert_eq!(number(&frame.picture), place as u32, "{name}");
        }
    }
}

#[test]
fn a_picture_of_the_time_of_the_one_before_takes_its_place() {
    let Some(kit) = Kit::new() else { return };
    for name in ["a.mp4", "a.mkv"] {
        let path = kit.path(name);
        // The same time, an earlier one, and a thousandth later.
        write(
            &path,
            25.0,
            (64, 48),
            &[5.0, 5.2, 5.2, 5.1, 4.0, 5.3, 5.301, 5.4],
        );
        let shown: Vec<_> = frames(&path)
            .iter()
            .map(|frame| (number(&frame.picture), (frame.time * 1e3).round() as u32))
            .collect();
        assert_eq!(
            shown,
            [(0, 0), (4, 200), (5, 300), (6, 301), (7, 400)],
            "{name}"
        );
    }
}

#[test]
fn a_video_of_a_variable_rate_that_is_read_and_written_keeps_every_frame() {
    let Some(kit) = Kit::new() else { return };
    let picked = "select=lt(n\\,10)+between(n\\,10\\,29)*not(mod(n\\,3))+gt(n\\,60)";
    let source = "-f lavfi -i testsrc2=size=64x48:rate=30000/1001:duration=3";
    let made = kit.make(
        "a.mp4",
        &format!("{source} -vf {picked} -fps_mode vfr -c:v libx264"),
    );
    let before = frames(&made);
    let copy = kit.path("b.mp4");
    let mut writer = VideoWriter::create(&copy, open(&made).rate().unwrap()).unwrap();
    for frame in &before {
        writer.push(frame.time, frame.picture.clone()).unwrap();
    }
    writer.finish().unwrap();
    let after = frames(&copy);
    assert_eq!(after.len(), before.len());
    for (one, other) in before.iter().zip(&after) {
        assert!((one.time - other.time).abs() <= 1.0 / 9e4);
    }
}

#[test]
fn odd_sides_and_colours_come_back() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.path("a.mp4");
    let colours = [
        [200, 30, 40],
        [30, 180, 60],
        [40, 60, 210],
        [128, 128, 128],
        [250, 250, 20],
    ];
    let mut writer = VideoWriter::create(&path, 10.0).unwrap();
    for (place, colour) in colours.into_iter().enumerate() {
        let picture = RgbImage::from_pixel(61, 35, colour.into());
        writer.push(place as f64 / 10.0, picture).unwrap();
    }
    writer.finish().unwrap();
    let frames = frames(&path);
    assert_eq!(frames.len(), 5);
    for (frame, colour) in frames.iter().zip(colours) {
        assert_eq!(frame.picture.dimensions(), (62, 36));
        let pixel = frame.picture.get_pixel(30, 17).0;
        let away = pixel
            .iter()
            .zip(colour)
            .map(|(one, other)| one.abs_diff(other))
            .max();
        assert!(away.unwrap() <= 8, "{pixel:?} {colour:?}");
    }
}

#[test]
fn a_wrong_picture_is_refused_and_the_others_stay() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.path("a.mkv");
    let mut writer = VideoWriter::create(&path, 10.0).unwrap();
    writer.push(0.0, numbered(1, (32, 32))).unwrap();
    for (time, size) in [(0.1, (32, 34)), (f64::NAN, (32, 32))] {
        let error = writer.push(time, numbered(2, size)).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
    writer.push(0.1, numbered(3, (32, 32))).unwrap();
    writer.finish().unwrap();
    assert_eq!(frames(&path).len(), 2);
    // Without a picture there is nothing to write.
    let none = kit.path("none.mp4");
    VideoWriter::create(&none, 10.0).unwrap().finish().unwrap();
    assert!(!none.exists());
    assert!(VideoWriter::create(&none, 0.0).is_err());
}

#[test]
fn the_video_that_is_read_is_known_under_every_name() {
    let Some(kit) = Kit::new() else { return };
    let path = kit.moving("a.mp4", "64x48", 0.2);
    let video = open(&path);
    assert!(video.is_at(&path) && !video.is_at(&kit.path("b.mp4")));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, kit.path("link.mp4")).unwrap();
        std::fs::hard_link(&path, kit.path("hard.mp4")).unwrap();
        assert!(video.is_at(&kit.path("link.mp4")) && video.is_at(&kit.path("hard.mp4")));
    }
}

/// What another process does, until it is killed.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "what a_killed_writer starts"]
fn write_without_end() {
    let Some(path) = std::env::var_os("WRITE_WITHOUT_END") else {
        return;
    };
    let mut writer = VideoWriter::create(Path::new(&path), 25.0).unwrap();
    for place in 0u32.. {
        let picture = numbered(place % 25, (160, 120));
        if writer.push(f64::from(place) / 25.0, picture).is_err() {
            return;
        }
        if place == 400 {
            println!("400 pictures");
        }
        // Of an end of its own if nobody kills it.
        if place > 20_000 {
            return;
        }
        if place > 400 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_writer_leaves_a_video_that_plays_as_far_as_it_went() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::process::{kill, processes_of};

    let Some(kit) = Kit::new() else { return };
    for (name, also_ffmpeg) in [
        ("a.mp4", false),
        ("b.mp4", true),
        ("a.mov", true),
        ("a.mkv", true),
        ("a.webm", true),
    ] {
        let path = kit.path(name);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "write::write_without_end",
                "--ignored",
                "--nocapture",
            ])
            .env("WRITE_WITHOUT_END", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let begun = said
            .map_while(Result::ok)
            .any(|line| line.contains("400 pictures"));
        assert!(begun, "{name}: it ended by itself");
        let ffmpeg = processes_of(&path)[0][0];
        if also_ffmpeg {
            kill(ffmpeg);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let begun = Instant::now();
        while !processes_of(&path).is_empty() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{name}: an orphan"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut items = open(&path).frames().unwrap();
        let came: Vec<_> = items.by_ref().map_while(Result::ok).collect();
        // What is in the encoder, in the piece that is not finished and in the pipe may be lost.
        let least = if also_ffmpeg { 200 } else { 395 };
        println!("{name}: {} frames are left", came.len());
        assert!(came.len() >= least, "{name}: {}", came.len());
        for (place, frame) in came.iter().enumerate() {
            assert_eq!(number(&frame.picture), place as u32 % 25, "{name}");
        }
    }
}
