//! The running decoder, picture by picture.

use std::io::{self, BufReader, ErrorKind};
use std::process::{ChildStdout, Stdio};

use image::RgbImage;

use super::child::Running;
use super::input::Input;
use super::nut::Nut;
use super::program::{Ffmpeg, own_times};
use super::words::Words;
use crate::data::image::ImageLimits;
use crate::video::frame::Frame;
use crate::{Error, Result};

/// The unit of time that is asked for, a 705600000th of a second: whole numbers of it are a frame of
/// every common rate, 30000/1001 included, and a tick of most containers.
const UNIT: &str = "1:705600000";

/// How pictures are decoded.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// The stream, as `-map` has it.
    pub stream: String,
    /// Filters before the pictures become red, green and blue.
    pub filters: Vec<String>,
    /// Whether the programs are of the time before 5.1.
    pub is_old: bool,
}

/// How a decoder ended.
#[derive(Debug)]
pub(super) struct End {
    /// How the program ended unless well, in words.
    pub failed: Option<String>,
    /// Whether the pictures themselves broke off, and how.
    pub broken: Option<String>,
    /// What it said.
    pub words: Words,
}

/// A running decoder.
#[derive(Debug)]
pub(super) struct Decoder {
    nut: Nut<BufReader<ChildStdout>>,
    running: Running,
}

impl Decoder {
    /// Starts the decoder and reads as far as the pictures' size, or to its end if there is none.
    pub(super) fn start(ffmpeg: &Ffmpeg, input: &Input, way: &Way) -> Result<Result<Self, End>> {
        let mut command = ffmpeg.warning_ffmpeg();
        command.args(&input.options).arg("-i").arg(&input.address);
        let mut filters = way.filters.clone();
        filters.push("format=rgb24".into());
        command
            .args(["-map", &way.stream, "-an", "-sn", "-dn"])
            .args(["-vf", &filters.join(",")])
            .args(own_times(way.is_old))
            .args(["-enc_time_base", UNIT])
            .args(["-c:v", "rawvideo", "-map_metadata", "-1"])
            .args(["-f", "nut", "-write_index", "0", "-flush_packets", "1"])
            .arg("pipe:1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut running = Running::start(command, &input.said())?;
        let Some(output) = running.output() else {
            return Ok(Err(ended(running, None)));
        };
        match Nut::open(BufReader::new(output)) {
            Ok(nut) => Ok(Ok(Self { nut, running })),
            Err(error) => Ok(Err(ended(running, Some(error)))),
        }
    }

    /// Width and height of the pictures.
    pub(super) fn size(&self) -> (u32, u32) {
        self.nut.size
    }

    /// The next frame, or `None` at the end; after that, and after an error, ask how it ended.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let (width, height) = self.nut.size;
        let Some((time, content)) = self.nut.next()? else {
            return Ok(None);
        };
        let picture = RgbImage::from_raw(width, height, content);
        let picture = picture.ok_or(ErrorKind::InvalidData)?;
        Ok(Some(Frame { time, picture }))
    }

    /// How it ended; `failure` is what there was instead of a next frame.
    pub(super) fn end(self, failure: Option<io::Error>) -> End {
        // A program that still writes ends by itself once nobody reads.
        drop(self.nut);
        ended(self.running, failure)
    }
}

fn ended(mut running: Running, failure: Option<io::Error>) -> End {
    let (status, words) = running.end();
    let status = match status {
        Some(status) if status.success() => None,
        Some(status) => Some(status.to_string()),
        None => Some("an unknown status".into()),
    };
    let broken = failure.map(|error| match error.kind() {
        ErrorKind::UnexpectedEof => "it ends within a picture".to_string(),
        _ => error.to_string(),
    });
    End {
        failed: status,
        broken,
        words,
    }
}

/// Refuses pictures larger than `limits` allows.
pub(super) fn bounded(input: &Input, size: (u32, u32), limits: &ImageLimits) -> Result<()> {
    match u64::from(size.0) * u64::from(size.1) > limits.max_pixels {
        false => Ok(()),
        true => Err(Error::Image {
            path: input.path().to_path_buf(),
            reason: format!(
                "expected at most {} pixels, found {}x{}",
                limits.max_pixels, size.0, size.1
            ),
        }),
    }
}
