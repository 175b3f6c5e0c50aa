//! A video that is written.

use std::io::Write;
use std::path::Path;
use std::process::{ChildStdin, Stdio};

use image::RgbImage;

use super::child::Running;
use super::output::Output;
use super::probe::Answer;
use super::program::{Ffmpeg, own_times};
use super::stream;
use crate::{Error, Result};

/// Pictures written to a video file by the ffmpeg program: H.264 for a name that ends in `.mp4`, `.mov` or
/// `.mkv`, VP9 for `.webm`.
///
/// Every picture stands at its own time, counted from the first, to a 90000th of a second, in `.mkv` and
/// `.webm` to a thousandth; it is shown until the next one. One whose time is that of the one before, to
/// half a thousandth of a second, or earlier, takes its place. Sides of an odd number of pixels get one more
/// of black, right and below, for every player shows such videos.
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
    /// Whether the programs are of the time before 5.1.
    is_old: bool,
    rate: f64,
    /// The first picture's time.
    first: f64,
    /// The last picture and its time, until the next one shows that it keeps it.
    last: Option<(f64, RgbImage)>,
    pipe: Option<Pipe>,
}

/// The running program, and where pictures go in.
#[derive(Debug)]
struct Pipe {
    pictures: ChildStdin,
    running: Running,
}

impl VideoWriter {
    /// A video of about `rate` frames a second at `path`, by the program that [`Ffmpeg::find`] gives: so long
    /// is the last one shown. Nothing is written before the first picture.
    ///
    /// That the video which is read is not overwritten is up to the caller:
    /// [`VideoFile::is_at`](super::VideoFile::is_at) tells.
    ///
    /// # Errors
    /// [`Error::File`] for a name of another ending, or if there is something at `path` that is no video;
    /// [`Error::Io`] if there is no such folder, or no file can be written there; [`Error::Argument`] for a
    /// rate that is none; [`Error::Program`] if ffmpeg is not there.
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
            is_old: Answer::of(ffmpeg, None)?.is_old(),
            ffmpeg: ffmpeg.clone(),
            output,
            rate,
            first: 0.0,
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
        let size = picture.dimensions();
        match &self.last {
            None => {
                self.pipe = Some(self.start()?);
                self.first = time;
                self.last = Some((time, picture));
                self.send(&[&stream::head(size, self.rate)])
            }
            Some((_, last)) if last.dimensions() != size => {
                let named = |(width, height): (u32, u32)| format!("{width}x{height}");
                let expected = format!("{} pixels as the first", named(last.dimensions()));
                let what = format!("a picture of {}", self.output.path.display());
                Err(Error::argument(what, expected, named(size)))
            }
            Some((before, _)) if time < before + CLOSEST => {
                self.last = Some((*before, picture));
                Ok(())
            }
            Some(_) => match self.last.replace((time, picture)) {
                Some(last) => self.write(&last),
                None => Ok(()),
            },
        }
    }

    /// Writes the last picture and closes the video. Without a picture there is no file.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<()> {
        self.close()
    }

    fn start(&self) -> Result<Pipe> {
        self.output.create()?;
        let mut command = self.ffmpeg.ffmpeg();
        // A key picture every other second: between them it is found quickly, and in pieces it is kept.
        let key = (2.0 * self.rate).ceil().to_string();
        command
            // All is said before the first picture.
            .args(["-probesize", "32", "-analyzeduration", "0"])
            .args(["-f", "matroska", "-i", "pipe:0", "-y"])
            .args(own_times(self.is_old))
            .args(["-enc_time_base", "1:90000", "-g", &key, "-vf", COLOURS])
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

    fn write(&mut self, (time, picture): &(f64, RgbImage)) -> Result<()> {
        let microseconds = ((time - self.first) * 1e6).round() as u64;
        let before = stream::before(microseconds, picture.as_raw().len());
        self.send(&[&before, picture.as_raw()])
    }

    fn send(&mut self, parts: &[&[u8]]) -> Result<()> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(());
        };
        if parts
            .iter()
            .all(|part| pipe.pictures.write_all(part).is_ok())
        {
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
        let written = match self.last.take() {
            Some(last) => self.write(&last),
            None => Ok(()),
        };
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

/// Seconds between two pictures below which they are at one time: the coarsest container's unit, halved.
const CLOSEST: f64 = 5e-4;
/// Even sides, and the colours as players expect them of videos whose size is not that of television.
const COLOURS: &str = "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,\
    format=yuv420p";
