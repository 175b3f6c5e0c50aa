//! Videos, as folders of frames, through the library and through the example `video`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use countenance::smoothing::{Smoothing, TaskSmoothing};
use countenance::video::{
    FollowerConfig, Frame, FrameFolder, ReadFrame, TrackedFace, VideoReader, VideoSession,
};
use countenance::{Error, Result};
use image::RgbImage;
use serde_json::Value;

use crate::lamp;
use crate::program::{Left, run};
use crate::studio::{COLUMNS, Studio};

/// Frames a second.
const RATE: f64 = 20.0;
impl Studio {
    /// A folder with these frames.
    fn folder(&self, name: &str, frames: &[RgbImage]) -> PathBuf {
        let folder = self.place.path(name);
        fs::create_dir(&folder).unwrap();
        for (number, frame) in frames.iter().enumerate() {
            frame
                .save(folder.join(format!("frame_{number}.png")))
                .unwrap();
        }
        folder
    }

    fn video(&self) -> Command {
        let mut command = self.program("video");
        command.args(["--frame-rate", "20"]);
        command
    }
}

/// Two people: one walks to the right and is hidden for three frames, one stands still from the third
/// frame on. The first two frames show nobody.
fn walk(frames: usize) -> Vec<RgbImage> {
    (0..frames as u32)
        .map(|number| {
            let mut lamps = Vec::new();
            if number >= 2 && !(8..11).contains(&number) {
                lamps.push(([6 + number / 2 % 20, 6], 220));
            }
            if number >= 3 {
                lamps.push(([24, 18], 200));
            }
            lamp::photograph(320, 240, &lamps)
        })
        .collect()
}

fn in_time(pictures: Vec<RgbImage>) -> impl Iterator<Item = Result<Frame>> + Send {
    pictures.into_iter().enumerate().map(|(number, picture)| {
        let time = number as f64 / RATE;
        Ok(Frame { time, picture })
    })
}

/// Who is where, and their arousal.
fn told(face: &TrackedFace) -> (usize, [f32; 4], f32) {
    let arousal = face.prediction().unwrap().arousal().unwrap();
    (face.id, face.detection.bounds.into(), arousal)
}

/// Whether two readings tell the same, but for what another batch makes of the last digits.
fn assert_same(one: &ReadFrame, other: &ReadFrame) {
    assert_eq!((one.number, one.time), (other.number, other.time));
    assert_eq!(one.faces.len(), other.faces.len(), "frame {}", one.number);
    for (one, other) in one.faces.iter().zip(&other.faces) {
        let ((id, bounds, arousal), (other_id, other_bounds, other_arousal)) =
            (told(one), told(other));
        assert_eq!((id, bounds), (other_id, other_bounds));
        assert!(
            (arousal - other_arousal).abs() < 1e-5,
            "{arousal} {other_arousal}"
        );
    }
}

#[test]
fn a_whole_video_is_read_as_frame_by_frame() {
    let studio = Studio::new();
    let reader = Arc::new(studio.reader());
    for smoothing in [Smoothing::Off, Smoothing::Exponential(0.2)] {
        let video = VideoReader::new(reader.clone()).with_smoothing(smoothing.into());
        let whole: Vec<ReadFrame> = video
            .read(in_time(walk(24)))
            .unwrap()
            .collect::<Result<_>>()
            .unwrap();
        let config = FollowerConfig::new();
        let mut session = VideoSession::new(reader.clone(), &config, smoothing.into()).unwrap();
        for (number, frame) in in_time(walk(24)).enumerate() {
            let frame = frame.unwrap();
            let read = session.push(frame.time, frame.picture).unwrap();
            assert_eq!(read.number, number);
            assert_same(&read, &whole[number]);
        }
        assert_eq!(whole.len(), 24);
        let people: Vec<Vec<usize>> = whole
            .iter()
            .map(|frame| frame.faces.iter().map(|face| face.id).collect())
            .collect();
        // The search of every fifth frame finds both; the one who was hidden is the same one again.
        assert!(people[..2].iter().all(Vec::is_empty), "{people:?}");
        assert_eq!(people[7], [0, 1], "{people:?}");
        assert_eq!(people[9].len(), 1, "{people:?}");
        assert_eq!(people[20], [0, 1], "{people:?}");
    }
}

#[test]
fn a_session_takes_no_smoothing_that_needs_later_frames() {
    let reader = Arc::new(Studio::new().reader());
    let one_task = TaskSmoothing {
        expressions: Smoothing::Box(0.2),
        ..Smoothing::Exponential(0.2).into()
    };
    for smoothing in [
        Smoothing::Gaussian(0.2).into(),
        Smoothing::Box(0.2).into(),
        one_task,
    ] {
        let refused = VideoSession::new(reader.clone(), &FollowerConfig::new(), smoothing);
        let error = refused.err().unwrap().to_string();
        assert!(error.contains("off or exponential"), "{error}");
        assert!(error.contains(&smoothing.to_string()), "{error}");
    }
}

#[test]
fn what_cannot_be_read_comes_in_its_place_and_the_rest_goes_on() {
    let studio = Studio::new();
    let failing = |smoothing: Smoothing| -> Vec<Option<usize>> {
        let frames = in_time(walk(12))
            .enumerate()
            .map(|(number, frame)| match number {
                5 | 6 => Err(Error::Argument {
                    what: format!("frame {number}"),
                    expected: "a picture".into(),
                    found: "none".into(),
                }),
                _ => frame,
            });
        let video = VideoReader::new(studio.reader()).with_smoothing(smoothing.into());
        let frames = video.read(frames.collect::<Vec<_>>()).unwrap();
        frames
            .map(|frame| frame.ok().map(|frame| frame.number))
            .collect()
    };
    let expected: Vec<_> = (0..12)
        .map(|n| (!(5..7).contains(&n)).then_some(n))
        .collect();
    for smoothing in [
        Smoothing::Off,
        Smoothing::Exponential(0.3),
        Smoothing::Box(0.3),
        Smoothing::Gaussian(0.1),
        Smoothing::Gaussian(100.0),
    ] {
        assert_eq!(failing(smoothing), expected, "{smoothing}");
    }
}

#[test]
fn a_frame_before_the_one_before_it_is_an_error_and_counts() {
    let studio = Studio::new();
    let frames: Vec<_> = in_time(walk(8))
        .map(|frame| {
            let mut frame = frame?;
            if frame.time == 4.0 / RATE {
                frame.time = 0.0;
            }
            Ok(frame)
        })
        .collect();
    let read: Vec<_> = VideoReader::new(studio.reader())
        .read(frames)
        .unwrap()
        .collect();
    let wrong: Vec<usize> = (0..8).filter(|&number| read[number].is_err()).collect();
    assert_eq!(wrong, [4]);
    assert_eq!(read[7].as_ref().unwrap().number, 7);
}

#[test]
fn pictures_are_kept_where_they_are_asked_for_and_as_small() {
    let studio = Studio::new();
    let kept = |video: VideoReader| {
        let mut frames = video.read(in_time(walk(3))).unwrap();
        frames.next().unwrap().unwrap().still
    };
    let video = VideoReader::new(studio.reader());
    assert!(kept(video.clone()).is_none());
    let still = kept(video.clone().with_stills(320)).unwrap();
    assert_eq!((still.picture.dimensions(), still.scale), ((320, 240), 1.0));
    assert_eq!(still.picture, walk(1)[0]);
    let still = kept(video.with_stills(160)).unwrap();
    assert_eq!((still.picture.dimensions(), still.scale), ((160, 120), 0.5));
}

/// Frames without end, which say when nobody takes them any more.
struct Endless {
    time: f64,
    _gone: Arc<()>,
}

impl Iterator for Endless {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        self.time += 1.0 / RATE;
        let picture = lamp::photograph(64, 64, &[]);
        Some(Ok(Frame {
            time: self.time,
            picture,
        }))
    }
}

#[test]
fn a_reader_that_is_dropped_leaves_nothing_at_work() {
    let studio = Studio::new();
    let gone = Arc::new(());
    let frames = Endless {
        time: 0.0,
        _gone: gone.clone(),
    };
    let mut read = VideoReader::new(studio.reader()).read(frames).unwrap();
    assert!(read.next().unwrap().is_ok());
    assert_eq!(Arc::strong_count(&gone), 2);
    drop(read);
    assert_eq!(Arc::strong_count(&gone), 1, "its thread has ended");
}

struct Panicking;

impl Iterator for Panicking {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        panic!("the source breaks")
    }
}

#[test]
#[should_panic(expected = "the source breaks")]
fn a_source_that_panics_does_not_look_like_an_end() {
    let studio = Studio::new();
    let read = VideoReader::new(studio.reader()).read(Panicking).unwrap();
    read.for_each(drop);
}

/// The cells of CSV, line by line, without the header.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().skip(1);
    lines.map(|line| line.split(',').collect()).collect()
}

#[test]
fn a_folder_of_frames_becomes_rows() {
    let studio = Studio::new();
    let folder = studio.folder("frames", &walk(14));
    fs::write(folder.join("frame_6.png"), "no picture").unwrap();
    let Left {
        succeeded,
        out,
        said,
    } = run(studio.video().arg(&folder));
    assert!(!succeeded, "a frame cannot be read");
    assert!(
        said.contains("error: the frames: expected ones that can be read, found 1 that cannot")
    );
    assert!(out.starts_with(COLUMNS), "{out}");
    assert!(
        out.lines().next().unwrap().ends_with(",AU26,error"),
        "{out}"
    );
    let rows = cells(&out);
    let frames: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert!(frames.is_sorted() && (0..14).all(|frame| frames.contains(&frame)));
    for row in &rows {
        let (frame, id, time) = (row[0], row[1], row[2]);
        let expected = frame.parse::<f64>().unwrap() / RATE;
        assert_eq!(time.parse::<f64>().unwrap(), expected);
        let is_there = !id.is_empty();
        assert_eq!(row[4], if is_there { "1" } else { "0" });
        assert!(
            row[5..12].iter().all(|cell| cell.is_empty() != is_there),
            "{row:?}"
        );
    }
    let broken: Vec<_> = rows.iter().filter(|row| row[0] == "6").collect();
    assert_eq!(broken.len(), 1);
    assert!(broken[0].join(",").contains("frame_6.png"), "{broken:?}");
    assert!(rows[0][1].is_empty() && rows[0].last().unwrap().is_empty());

    // As JSON, with the same names.
    let json = run(studio.video().arg(&folder).args(["--format", "json"])).out;
    let lines: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(&rows) {
        for (name, cell) in COLUMNS.split(',').zip(row).take(9) {
            match cell.is_empty() {
                true => assert!(line[name].is_null(), "{line}"),
                false => assert_eq!(line[name].to_string().parse(), cell.parse::<f64>()),
            }
        }
        assert_eq!(line.get("landmarks").is_some(), row[4] == "1");
        assert!(line.get("raw").is_none());
    }
}

#[test]
fn smoothed_scores_stand_in_the_columns_and_raw_ones_beside_them() {
    let studio = Studio::new();
    let folder = studio.folder("frames", &walk(14));
    let arousals = |more: &[&str], name: &str| -> Vec<f64> {
        let left = run(studio
            .video()
            .arg(&folder)
            .args(["--format", "json"])
            .args(more));
        assert!(left.succeeded, "{}", left.said);
        left.out
            .lines()
            .filter_map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                line.pointer(name)?.as_f64()
            })
            .collect()
    };
    let raw = arousals(&[], "/arousal");
    for smooth in ["0.1", "exponential:0.1"] {
        let beside = arousals(&["--smooth", smooth], "/raw/arousal");
        assert_eq!(beside, raw);
        let smoothed = arousals(&["--smooth", smooth], "/arousal");
        assert_eq!(smoothed.len(), raw.len());
        assert_ne!(smoothed, raw);
    }
    let refused = run(studio.video().arg(&folder).args(["--smooth", "wide"]));
    assert!(
        !refused.succeeded && refused.said.contains("gaussian:0.4"),
        "{}",
        refused.said
    );
}

#[test]
fn rows_go_into_a_file_that_is_called_partial_until_it_is_whole() {
    let studio = Studio::new();
    let folder = studio.folder("frames", &walk(6));
    let out = studio.place.path("rows.csv");
    let timeline = studio.place.path("timeline.png");
    let mut command = studio.video();
    command.arg(&folder).arg("--out").arg(&out);
    let left = run(command.arg("--timeline").arg(&timeline));
    assert!(left.succeeded && left.out.is_empty(), "{}", left.said);
    let rows = fs::read_to_string(&out).unwrap();
    assert_eq!(rows, run(studio.video().arg(&folder)).out);
    assert!(!studio.place.path("rows.csv.partial").exists());
    assert!(image::open(&timeline).unwrap().width() > 500);
    // A frame that is read is no place for a picture, and two results do not share one.
    let frame = folder.join("frame_3.png");
    let before = fs::read(&frame).unwrap();
    for (flag, place) in [("--timeline", &frame), ("--out", &frame)] {
        let refused = run(studio.video().arg(&folder).arg(flag).arg(place));
        assert!(!refused.succeeded && refused.out.is_empty(), "{flag}");
        assert_eq!(fs::read(&frame).unwrap(), before);
    }
    let mut command = studio.video();
    command
        .arg(&folder)
        .arg("--out")
        .arg(studio.place.path("same.png"));
    let refused = run(command.arg("--timeline").arg(studio.place.path("same.png")));
    assert!(
        refused.said.contains("a file of its own"),
        "{}",
        refused.said
    );
    // Nor is anything of somebody else's replaced by what is not finished.
    let partial = studio.place.file("other.csv.partial", "precious");
    let mut command = studio.video();
    command
        .arg(&folder)
        .arg("--out")
        .arg(studio.place.path("other.csv"));
    assert!(!run(&mut command).succeeded);
    assert_eq!(fs::read(&partial).unwrap(), b"precious");
    // It may be written again, but nothing else may be replaced.
    assert!(run(studio.video().arg(&folder).arg("--out").arg(&out)).succeeded);
    for there in [&studio.network, &studio.detector, &timeline] {
        let before = fs::read(there).unwrap();
        let refused = run(studio.video().arg(&folder).arg("--out").arg(there));
        assert!(!refused.succeeded, "{}", refused.said);
        assert_eq!(refused.said.trim().lines().count(), 1, "{}", refused.said);
        assert_eq!(fs::read(there).unwrap(), before);
    }
}

/// Whether a table is whole lines of the same number of cells, and how many.
fn whole_lines(table: &str) -> usize {
    assert!(table.ends_with('\n'));
    let width = table.lines().next().unwrap().split(',').count();
    assert!(table.lines().all(|line| line.split(',').count() == width));
    table.lines().count()
}

/// A video that takes long: a folder with many links to a few frames.
#[cfg(unix)]
fn long(studio: &Studio) -> PathBuf {
    let folder = studio.folder("frames", &walk(20));
    let long = studio.place.path("long");
    fs::create_dir(&long).unwrap();
    for number in 0..20_000 {
        let frame = folder.join(format!("frame_{}.png", number % 20));
        fs::hard_link(frame, long.join(format!("frame_{number}.png"))).unwrap();
    }
    long
}

/// Waits until the file has some lines.
#[cfg(unix)]
fn wait_for_lines(path: &std::path::Path) {
    while fs::read_to_string(path).map_or(0, |text| text.lines().count()) < 20 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn a_stop_leaves_whole_lines_under_the_name_and_a_kill_beside_it() {
    let studio = Studio::new();
    let long = long(&studio);
    let out = studio.place.path("rows.csv");
    let partial = studio.place.path("rows.csv.partial");
    let start = || {
        let mut command = studio.video();
        command.arg(&long).arg("--out").arg(&out);
        command.stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let mut killed = start();
    wait_for_lines(&partial);
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!out.exists());
    assert!(whole_lines(&fs::read_to_string(&partial).unwrap()) >= 20);

    let mut stopped = start();
    // The one that was killed has left lines there until this one begins.
    while fs::metadata(&partial).is_ok_and(|file| file.len() > 1000) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    wait_for_lines(&partial);
    let id = stopped.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(stopped.wait().unwrap().code(), Some(130));
    assert!(!partial.exists());
    let lines = whole_lines(&fs::read_to_string(&out).unwrap());
    assert!((20..20_000).contains(&lines), "{lines}");
}

#[test]
fn what_is_no_video_is_one_clear_line() {
    let studio = Studio::new();
    let folder = studio.folder("frames", &walk(2));
    let empty = studio.place.path("empty");
    fs::create_dir(&empty).unwrap();
    let missing = studio.place.path("missing.mp4");
    let refused = |arguments: &[&std::ffi::OsStr]| {
        let left = run(studio.video().args(arguments));
        assert!(!left.succeeded && left.out.is_empty());
        assert_eq!(left.said.trim().lines().count(), 1, "{}", left.said);
        left.said
    };
    assert!(refused(&[empty.as_os_str()]).contains("empty"));
    let left = run(studio.program("video").arg(&missing));
    assert!(
        !left.succeeded && left.said.contains("missing.mp4"),
        "{}",
        left.said
    );
    let said = refused(&[studio.network.as_os_str()]);
    assert!(said.contains("--frame-rate: expected a folder"), "{said}");
    let heads = studio.place.heads("heads");
    let left = run(studio.program_with("video", &heads).arg(&folder));
    assert!(
        !left.succeeded && left.said.contains("backbone"),
        "{}",
        left.said
    );
    assert!(FrameFolder::open(&folder, 0.0).is_err());
}

#[test]
fn a_result_that_cannot_be_written_is_refused_before_anything_is_read() {
    let studio = Studio::new();
    let folder = studio.folder("frames", &walk(2));
    let refused = |flag: &str, value: &std::ffi::OsStr| {
        let left = run(studio.video().arg(&folder).arg(flag).arg(value));
        assert!(!left.succeeded && left.out.is_empty(), "{flag} {value:?}");
        left.said
    };
    let place = |name: &str| studio.place.path(name).into_os_string();
    let said = refused("--timeline", &place("scores.jpg"));
    assert!(said.contains("expected a name that ends in .png"), "{said}");
    let said = refused("--timeline", &place("scores"));
    assert!(said.contains("expected a name that ends in .png"), "{said}");
    let said = refused("--smooth", "-1".as_ref());
    assert!(said.contains("'-1' for '--smooth <SECONDS>'"), "{said}");
    assert!(said.contains("seconds above 0"), "{said}");
    #[cfg(target_os = "linux")]
    {
        let said = refused("--timeline", "/proc/scores.png".as_ref());
        assert!(said.contains("nothing can be written there"), "{said}");
        let said = refused("--out", "/proc/rows.csv".as_ref());
        assert!(said.contains("/proc/rows.csv"), "{said}");
        #[cfg(feature = "video")]
        {
            let said = refused("--annotate", "/proc/annotated.mp4".as_ref());
            assert!(said.contains("cannot create /proc/annotated.mp4"), "{said}");
        }
    }
    #[cfg(feature = "video")]
    {
        let mut command = studio.program("video");
        command.arg(&folder).args(["--frame-rate", "2000"]);
        let left = run(command.arg("--annotate").arg(place("annotated.mp4")));
        let expected = "--frame-rate with --annotate: expected a number above 0 and at most 1000";
        assert!(
            !left.succeeded && left.said.contains(expected),
            "{}",
            left.said
        );
    }
}

#[cfg(unix)]
#[test]
fn a_timeline_is_drawn_under_a_name_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let studio = Studio::new();
    let folder = studio.folder("frames", &walk(4));
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.PNG");
    let picture = studio.place.path("x").with_file_name(name);
    let left = run(studio.video().arg(&folder).arg("--timeline").arg(&picture));
    assert!(left.succeeded, "{}", left.said);
    let drawn = fs::read(&picture).unwrap();
    assert!(image::load_from_memory(&drawn).unwrap().width() > 500);
}
