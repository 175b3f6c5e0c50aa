//! A video that is written.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Stdio};

use image::RgbImage;

use super::child::Running;
use super::output::Output;
use super::pace::Pace;
use super::program::Ffmpeg;
use crate::{Error, Result};

/// Pictures written to a video file by the ffmpeg program: H.264 for a name that ends in `.mp4`, `.mov` or
/// `.mkv`, VP9 for `.webm`.
///
/// The video has a constant rate. A picture stands within half a frame of its time, counted from the
/// first: it is repeated until the next one's place, and left out if the next one has the same. Sides of
/// an odd number of pixels get one more of black, right and below, for every player shows such videos.
///
/// # A video that is not finished
/// Other results are written whole or not at all; a video is more use in part than not at all, so it is
/// written in its own place and plays as far as it went. Dropping the writer closes it in order, and so
/// does ffmpeg itself when this process is killed. If ffmpeg is killed too, what is lost are the last
/// seconds. An older video of that name is gone with the first picture.
///
/// # Example
/// ```no_run
/// use countenance::data::image::RgbImage;
/// use countenance::video::VideoWriter;
///
/// let mut video = VideoWriter::create("annotated.mp4".as_ref(), 25.0)?;
/// for number in 0..50u8 {
///     let picture = RgbImage::from_pixel(320, 240, [number; 3].into());
///     video.push(f64::from(number) / 25.0, picture)?;
/// }
/// video.finish()?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug)]
pub struct VideoWriter {
    ffmpeg: Ffmpeg,
    output: Output,
    rate: f64,
    pace: Pace,
    /// The last picture, until it is known how long it is shown.
    last: Option<RgbImage>,
    pipe: Option<Pipe>,
}

/// The running program, and where pictures go in.
#[derive(Debug)]
struct Pipe {
    pictures: ChildStdin,
    running: Running,
}

impl VideoWriter {
    /// A video of `rate` frames a second at `path`, by the program that [`Ffmpeg::find`] gives. Nothing is
    /// written before the first picture.
    ///
    /// That the video which is read is not overwritten is up to the caller:
    /// [`VideoFile::is_at`](super::VideoFile::is_at) tells.
    ///
    /// # Errors
    /// [`Error::File`] for a name of another ending, or if there is something at `path` that is no video;
    /// [`Error::Io`] if there is no such folder; [`Error::Argument`] for a rate that is none;
    /// [`Error::Program`] if ffmpeg is not there.
    pub fn create(path: &Path, rate: f64) -> Result<Self> {
        Self::create_with(&Ffmpeg::find(), path, rate)
    }

    /// As [`create`](Self::create), by the program `ffmpeg`.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_with(ffmpeg: &Ffmpeg, path: &Path, rate: f64) -> Result<Self> {
        if !(rate > 0.0 && rate <= 1000.0) {
            let expected = "a number above 0 and at most 1000";
            return Err(Error::argument("frames a second", expected, rate));
        }
        let output = Output::at(path)?;
        ffmpeg.check()?;
        Ok(Self {
            ffmpeg: ffmpeg.clone(),
            output,
            rate,
            pace: Pace::new(rate),
            last: None,
            pipe: None,
        })
    }

    /// Adds a picture that is shown at `time`, in seconds of any clock. All have the size of the first.
    ///
    /// # Errors
    /// [`Error::Argument`] for a picture of another size or a time that is not finite; [`Error::Io`] or
    /// [`Error::File`], with ffmpeg's last words, if the video cannot be written.
    pub fn push(&mut self, time: f64, picture: RgbImage) -> Result<()> {
        if !time.is_finite() {
            return Err(Error::argument("a picture's time", "a finite number", time));
        }
        match &self.last {
            Some(last) if last.dimensions() != picture.dimensions() => {
                let named = |(width, height): (u32, u32)| format!("{width}x{height}");
                let expected = format!("{} pixels as the first", named(last.dimensions()));
                let what = format!("a picture of {}", self.output.path.display());
                return Err(Error::argument(what, expected, named(picture.dimensions())));
            }
            Some(_) => {}
            None => self.pipe = Some(self.start(picture.dimensions())?),
        }
        for _ in 0..self.pace.places_before(time) {
            self.write_last()?;
        }
        self.last = Some(picture);
        Ok(())
    }

    /// Writes the last picture and closes the video. Without a picture there is no file.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<()> {
        self.close()
    }

    fn start(&self, (width, height): (u32, u32)) -> Result<Pipe> {
        self.output.create()?;
        let mut command = self.ffmpeg.ffmpeg();
        let size = format!("{width}x{height}");
        let rate = self.rate.to_string();
        // A key picture every other second: between them it is found quickly, and in pieces it is kept.
        let key = (2.0 * self.rate).ceil().to_string();
        command
            .args(["-f", "rawvideo", "-pixel_format", "rgb24"])
            .args(["-video_size", &size, "-framerate", &rate])
            .args(["-i", "pipe:0", "-y", "-g", &key, "-vf", COLOURS])
            .args(["-colorspace", "bt709", "-color_primaries", "bt709"])
            .args(["-color_trc", "bt709", "-color_range", "tv"])
            .args(&self.output.options)
            .args(["-flush_packets", "1"]);
        let mut file = std::ffi::OsString::from("file:");
        file.push(&self.output.path);
        command.arg(&file);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut running = Running::start(command, &file.to_string_lossy())?;
        match running.input() {
            Some(pictures) => Ok(Pipe { pictures, running }),
            None => Err(self.failed(running)),
        }
    }

    fn write_last(&mut self) -> Result<()> {
        let (Some(pipe), Some(last)) = (&mut self.pipe, &self.last) else {
            return Ok(());
        };
        if pipe.pictures.write_all(last.as_raw()).is_ok() {
            return Ok(());
        }
        // It reads no more because it has ended.
        match self.pipe.take() {
            Some(Pipe { pictures, running }) => {
                drop(pictures);
                Err(self.failed(running))
            }
            None => Ok(()),
        }
    }

    /// Closes the video in order; a second time does nothing.
    fn close(&mut self) -> Result<()> {
        let written = self.write_last();
        let Some(Pipe {
            pictures,
            mut running,
        }) = self.pipe.take()
        else {
            return written;
        };
        // The end of the pictures.
        drop(pictures);
        let (status, words) = running.end();
        if status.is_some_and(|status| status.success()) {
            return written;
        }
        let said = words.line().unwrap_or("an end without a word".into());
        Err(self.not_written(&said))
    }

    fn failed(&self, mut running: Running) -> Error {
        let (status, words) = running.end();
        let said = words.line().or_else(|| Some(status?.to_string()));
        self.not_written(&said.unwrap_or_default())
    }

    fn not_written(&self, said: &str) -> Error {
        let found = format!("ffmpeg: {said}");
        Error::file(&self.output.path, "a video that can be written", found)
    }
}

impl Drop for VideoWriter {
    fn drop(&mut self) {
        // Whoever wants to know whether it is whole calls `finish`.
        let _ = self.close();
    }
}

/// Even sides, and the colours as players expect them of videos whose size is not that of television.
const COLOURS: &str = "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,\
    format=yuv420p";
