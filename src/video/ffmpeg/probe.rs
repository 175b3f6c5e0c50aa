//! What ffprobe says of a video.

use std::io::Read;
use std::process::Stdio;

use serde::Deserialize;

use super::child::Running;
use super::input::Input;
use super::program::Ffmpeg;
use crate::{Error, Result};

/// What is asked for, and no more: a file may hold much besides.
const ASKED: &str = "program_version=version:format=format_name,duration:\
    stream=index,codec_name,codec_type,width,height,sample_aspect_ratio,field_order,r_frame_rate,\
    avg_frame_rate,time_base,nb_frames,duration:stream_disposition=default,attached_pic:\
    stream_side_data=rotation:stream_tags=DURATION";
/// Frames a second beyond which a rate is none.
const MOST_FRAMES: f64 = 1000.0;
/// Bytes of an answer that is read.
const ANSWER: u64 = 1 << 24;

/// What a file promises of its video.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Promise {
    /// The kind of file, as ffprobe calls it.
    pub kind: String,
    /// The stream's number in the file.
    pub stream: usize,
    /// Width and height of the pictures as they are stored.
    pub stored: (u32, u32),
    /// Width and height as they are looked at: turned, and with square pixels.
    pub size: (u32, u32),
    /// Whether the stored pixels are square.
    pub is_square: bool,
    /// Whether pictures are made of two moments, line by line.
    pub is_interlaced: bool,
    /// Frames a second, on the average.
    pub rate: Option<f64>,
    /// Seconds of the video stream.
    pub duration: Option<f64>,
    /// Seconds of the file, which may have sound that is longer.
    pub file_duration: Option<f64>,
    /// Frames as the file counts them.
    pub frames: Option<u64>,
}

/// What ffprobe answered.
#[derive(Deserialize)]
pub(super) struct Answer {
    program_version: Option<Version>,
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct Format {
    format_name: Option<String>,
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: usize,
    codec_name: Option<String>,
    codec_type: Option<String>,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    sample_aspect_ratio: Option<String>,
    field_order: Option<String>,
    r_frame_rate: Option<String>,
    avg_frame_rate: Option<String>,
    time_base: Option<String>,
    nb_frames: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    default: u8,
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Tags {
    #[serde(rename = "DURATION")]
    duration: Option<String>,
}

fn is_before_5_1(version: &str) -> bool {
    // Builds of a moment between two versions are named after their commit, and are new.
    let version = version.strip_prefix('n').unwrap_or(version);
    let mut numbers = version.split(|letter: char| !letter.is_ascii_digit());
    let mut next = || numbers.next()?.parse::<u32>().ok();
    match (next(), next()) {
        (Some(major), minor) => (major, minor.unwrap_or(0)) < (5, 1),
        (None, _) => false,
    }
}

impl Answer {
    /// Asks ffprobe about `input`, or without one about itself alone.
    pub(super) fn of(ffmpeg: &Ffmpeg, input: Option<&Input>) -> Result<Self> {
        let mut command = ffmpeg.ffprobe();
        command.args(["-of", "json"]);
        let mut name = String::new();
        match input {
            Some(input) => {
                command.args(["-show_entries", ASKED]);
                command.args(&input.options).arg("-i").arg(&input.address);
                name = input.said();
            }
            None => drop(command.arg("-show_program_version")),
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut running = Running::start(command, &name)?;
        let mut json = Vec::new();
        if let Some(output) = running.output() {
            let path = input.map_or("ffprobe".as_ref(), Input::path);
            let mut output = output.take(ANSWER);
            output
                .read_to_end(&mut json)
                .map_err(Error::io("read", path))?;
        }
        let (status, words) = running.end();
        let path = input.map_or("ffprobe".as_ref(), Input::path);
        let said = || words.line().unwrap_or("an end without a word".into());
        if !status.is_some_and(|status| status.success()) {
            return Err(Error::file(path, "a video", format!("ffprobe: {}", said())));
        }
        serde_json::from_slice(&json).map_err(|error| {
            Error::file(path, "an answer of ffprobe", format!("{error}: {}", said()))
        })
    }

    /// Whether the programs are of the time before 5.1, when an option that we need had another name.
    pub(super) fn is_old(&self) -> bool {
        let version = self.program_version.as_ref();
        version.is_some_and(|version| is_before_5_1(&version.version))
    }

    /// What the video of `input` promises.
    pub(super) fn promise(self, input: &Input) -> Result<Promise> {
        let refuse = |expected: &str, found: &str| Err(Error::file(input.path(), expected, found));
        let mut format = self.format;
        let kind = format.as_mut().and_then(|format| format.format_name.take());
        let kind = kind.unwrap_or_default();
        if kind == "tty" {
            // ffmpeg draws texts, letter by letter.
            return refuse("a video", "a text");
        }
        let mut others = Vec::new();
        let mut videos = Vec::new();
        for stream in self.streams {
            match stream.codec_type.as_deref() {
                // The cover of a record is no video.
                Some("video") if stream.disposition.attached_pic == 0 => videos.push(stream),
                Some("video") => others.push("a cover picture"),
                Some("audio") => others.push("sound"),
                Some("subtitle") => others.push("subtitles"),
                _ => others.push("data"),
            }
        }
        others.dedup();
        let chosen = videos
            .iter()
            .position(|stream| stream.disposition.default != 0);
        if videos.is_empty() {
            let found = match others.is_empty() {
                true => "none and nothing else".to_string(),
                false => format!("{} alone", others.join(", ")),
            };
            return refuse("a file with a video stream", &found);
        }
        let stream = videos.swap_remove(chosen.unwrap_or(0));
        if stream
            .codec_name
            .as_deref()
            .is_none_or(|name| name == "unknown")
        {
            return refuse("a video of a kind that ffmpeg knows", "another kind");
        }
        let stored = (stream.width, stream.height);
        if stored.0 == 0 || stored.1 == 0 {
            return refuse(
                "a video with pictures",
                "none from which to tell their size",
            );
        }
        let aspect = stream
            .sample_aspect_ratio
            .as_deref()
            .and_then(|text| ratio(text, ':'));
        // Beyond these it is a mistake of whoever wrote it.
        let aspect = aspect
            .filter(|aspect| (0.25..=4.0).contains(aspect))
            .unwrap_or(1.0);
        let rotation = stream.side_data_list.iter().find_map(|data| data.rotation);
        let number = |text: &Option<String>| {
            let number = text.as_deref()?.parse::<f64>().ok()?;
            (number.is_finite() && number > 0.0).then_some(number)
        };
        // A clock's ticks, such as 90000 a second, are not frames.
        let rate = |text: &Option<String>| {
            ratio(text.as_deref()?, '/').filter(|&rate| rate <= MOST_FRAMES)
        };
        let file_duration = format.and_then(|format| number(&format.duration));
        let frames = stream.nb_frames.as_deref();
        let frames: Option<u64> = frames.and_then(|frames| frames.parse().ok());
        // What ffmpeg writes into an AVI file whose number of frames it will not be able to fill in.
        const UNKNOWN: u64 = 1 << 30;
        let frames = frames.filter(|&frames| frames > 0 && !(kind == "avi" && frames == UNKNOWN));
        let told = number(&stream.duration).or_else(|| seconds(stream.tags.duration.as_deref()?));
        let every = rate(&stream.r_frame_rate);
        // An MXF file's duration is a number of frames.
        let in_time = || Some((told? * every?).round() as u64);
        let frames = frames.or_else(|| in_time().filter(|_| kind == "mxf"));
        // An AVI file's duration is taken from its length, that of a cut one too; its header is of the whole.
        let unit = stream
            .time_base
            .as_deref()
            .and_then(|text| ratio(text, '/'));
        let whole = || Some(frames? as f64 * unit?);
        let whole = whole().filter(|_| kind == "avi");
        Ok(Promise {
            kind,
            stream: stream.index,
            stored,
            size: looked_at(stored, aspect, rotation.unwrap_or(0.0)),
            is_square: aspect == 1.0,
            is_interlaced: matches!(
                stream.field_order.as_deref(),
                Some("tt" | "bb" | "tb" | "bt")
            ),
            rate: rate(&stream.avg_frame_rate).or(every),
            duration: told.into_iter().chain(whole).reduce(f64::max),
            file_duration,
            frames,
        })
    }
}

/// The size of a stored picture once its pixels are square, no side having become shorter, and it is
/// turned.
fn looked_at((width, height): (u32, u32), aspect: f64, rotation: f64) -> (u32, u32) {
    let stretched = |side: u32, factor: f64| (f64::from(side) * factor).round() as u32;
    let (width, height) = match aspect >= 1.0 {
        true => (stretched(width, aspect), height),
        false => (width, stretched(height, 1.0 / aspect)),
    };
    // Other angles than a right one turn the picture within its own size.
    match (rotation.rem_euclid(180.0) - 90.0).abs() < 1.0 {
        true => (height, width),
        false => (width, height),
    }
}

/// `30000/1001` as a number above 0.
fn ratio(text: &str, sign: char) -> Option<f64> {
    let (above, below) = text.split_once(sign)?;
    let ratio = above.parse::<f64>().ok()? / below.parse::<f64>().ok()?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

/// `00:01:02.500000000` in seconds.
fn seconds(text: &str) -> Option<f64> {
    let add = |sum: f64, part: &str| Some(sum * 60.0 + part.trim().parse::<f64>().ok()?);
    let seconds = text.split(':').try_fold(0.0, add)?;
    (seconds.is_finite() && seconds > 0.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Result<Promise> {
        let input = Input {
            name: "a.mp4".into(),
            address: "file:a.mp4".into(),
            options: Vec::new(),
            is_live: false,
            is_file: true,
        };
        serde_json::from_str::<Answer>(json)
            .unwrap()
            .promise(&input)
    }

    #[test]
    fn the_default_video_is_chosen_and_a_cover_is_none() {
        let video = |index, width, default, cover| {
            format!(
                r#"{{"index":{index},"codec_name":"h264","codec_type":"video","width":{width},"height":48,
                "avg_frame_rate":"0/0","r_frame_rate":"25/1","tags":{{"DURATION":"00:01:02.5"}},
                "disposition":{{"default":{default},"attached_pic":{cover}}}}}"#
            )
        };
        let json = |streams: &[String]| format!(r#"{{"streams":[{}]}}"#, streams.join(","));
        let sound = r#"{"index":9,"codec_type":"audio"}"#.to_string();
        let streams = [
            video(0, 10, 1, 1),
            video(1, 20, 0, 0),
            video(2, 30, 1, 0),
            sound.clone(),
        ];
        let promise = told(&json(&streams)).unwrap();
        assert_eq!((promise.stream, promise.size), (2, (30, 48)));
        assert_eq!((promise.rate, promise.duration), (Some(25.0), Some(62.5)));
        assert_eq!(told(&json(&streams[..2])).unwrap().stream, 1);
        let text = told(&json(&[streams[0].clone(), sound]))
            .unwrap_err()
            .to_string();
        assert_eq!(
            text,
            "a.mp4: expected a file with a video stream, found a cover picture, sound alone"
        );
        let text = told(r#"{"format":{"format_name":"tty"}}"#)
            .unwrap_err()
            .to_string();
        assert_eq!(text, "a.mp4: expected a video, found a text");
    }

    #[test]
    fn pictures_are_turned_and_their_pixels_square() {
        for (aspect, rotation, expected) in [
            (1.0, 0.0, (720, 576)),
            (1.0, -90.0, (576, 720)),
            (1.0, 270.0, (576, 720)),
            (1.0, 180.0, (720, 576)),
            (1.0, 45.0, (720, 576)),
            (1.0, -270.0, (576, 720)),
            (64.0 / 45.0, 0.0, (1024, 576)),
            (64.0 / 45.0, 90.0, (576, 1024)),
            (0.5, 0.0, (720, 1152)),
        ] {
            assert_eq!(looked_at((720, 576), aspect, rotation), expected);
        }
    }

    #[test]
    fn versions_of_both_kinds_are_told_apart() {
        for old in ["4.4.2-0ubuntu0.22.04.1", "n4.3", "5.0.1", "3"] {
            assert!(is_before_5_1(old), "{old}");
        }
        for new in [
            "5.1.9-0+deb12u1",
            "n9.0.2-17-g2a571b6068",
            "N-112233-gabcdef",
            "8.0",
        ] {
            assert!(!is_before_5_1(new), "{new}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_no_numbers() {
        assert_eq!(ratio("30000/1001", '/'), Some(30000.0 / 1001.0));
        for text in ["0/0", "1/0", "", "N/A", "-1/1", "x/1"] {
            assert_eq!(ratio(text, '/'), None, "{text}");
        }
        assert_eq!(seconds("01:00:01.500000000"), Some(3601.5));
        assert_eq!(seconds("N/A"), None);
    }
}
