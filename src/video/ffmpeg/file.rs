//! A video to be read.

use std::ffi::OsStr;
use std::path::Path;

use super::decoder::{Decoder, End, Way, bounded};
use super::frames::VideoFrames;
use super::input::Input;
use super::probe::{Answer, Promise};
use super::program::Ffmpeg;
use super::whole::{Progress, missing};
use crate::data::image::ImageLimits;
use crate::{Error, Result};

/// A video that the ffmpeg program can read: a file, an address, a camera.
///
/// The name is a path, whatever is in it, but for two kinds: an address that begins with `http://`,
/// `https://`, `rtsp://`, `rtsps://`, `rtmp://`, `rtmps://`, `srt://` or `udp://`, and a camera of this
/// machine: `camera:0` (on Linux the device `/dev/video0`, on macOS AVFoundation's first camera, on
/// Windows by its name, `camera:Integrated Camera`). A file with such a name is `./camera:0`. A file
/// leads to nothing on the network, and an address to no file of this machine, whatever they say.
/// Cameras and the systems besides Linux are by ffmpeg's documentation, and untested.
///
/// Of several video streams it is the one that the file marks as its default, otherwise the first.
/// Covers of records are none.
///
/// # Pictures
/// They are as they are to be looked at: turned as the file says, with square pixels where those stored
/// are not (no side becomes shorter), 8 bits of red, green and blue a pixel whatever is stored, without
/// transparency. Frames that the file marks as interlaced become whole pictures at the same times.
/// A high dynamic range is cut down as it is, without mapping its tones.
/// All have the size of the first: where a file changes it, later ones are fitted in, with black beside
/// them; a live stream that does so ends with an error.
///
/// # Times
/// A frame's time is what the file says, not its number over a rate, and is counted from the first
/// frame, as OpenCV and OpenFace count: the first is at 0, wherever the file's clock begins. Sound may
/// begin a little before or after it.
///
/// # Example
/// ```no_run
/// use countenance::video::VideoFile;
///
/// let video = VideoFile::open("interview.mp4")?;
/// println!("{:?} pixels, {:?} seconds", video.size(), video.duration());
/// for frame in video.frames()? {
///     let frame = frame?;
///     println!("{:.3} {:?}", frame.time, frame.picture.dimensions());
/// }
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug)]
pub struct VideoFile {
    ffmpeg: Ffmpeg,
    input: Input,
    way: Way,
    size: (u32, u32),
    promise: Option<Promise>,
    limits: ImageLimits,
    /// Of what can be opened only once.
    started: Option<Decoder>,
}

impl VideoFile {
    /// Opens a video with the program and the limits that [`Ffmpeg::find`] and [`ImageLimits::new`] give.
    ///
    /// # Errors
    /// [`Error::Program`] if ffmpeg is not there; [`Error::Io`] if a file is not there or may not be read;
    /// [`Error::File`] if there is no video in it, with ffmpeg's last words; [`Error::Image`] if its
    /// pictures are larger than is allowed; [`Error::Argument`] for an address of an unknown kind.
    pub fn open(name: impl AsRef<OsStr>) -> Result<Self> {
        Self::open_with(&Ffmpeg::find(), name, &ImageLimits::new())
    }

    /// Opens a video with the program `ffmpeg`; pictures of more than `limits` allows are refused.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(
        ffmpeg: &Ffmpeg,
        name: impl AsRef<OsStr>,
        limits: &ImageLimits,
    ) -> Result<Self> {
        let input = Input::of(name.as_ref())?;
        match input.is_live {
            true => Self::live(ffmpeg, input, limits),
            false => Self::stored(ffmpeg, input, limits),
        }
    }

    fn stored(ffmpeg: &Ffmpeg, input: Input, limits: &ImageLimits) -> Result<Self> {
        let answer = Answer::of(ffmpeg, Some(&input))?;
        let is_old = answer.is_old();
        let promise = answer.promise(&input)?;
        bounded(&input, promise.stored, limits)?;
        bounded(&input, promise.size, limits)?;
        Ok(Self {
            ffmpeg: ffmpeg.clone(),
            way: Way {
                stream: format!("0:{}", promise.stream),
                filters: filters(&promise),
                is_old,
            },
            size: promise.size,
            promise: Some(promise),
            limits: limits.clone(),
            started: None,
            input,
        })
    }

    /// A camera or a stream is opened once, and tells its size with the first picture.
    fn live(ffmpeg: &Ffmpeg, input: Input, limits: &ImageLimits) -> Result<Self> {
        let is_old = Answer::of(ffmpeg, None)?.is_old();
        let way = Way {
            stream: "0:V:0".into(),
            filters: Vec::new(),
            is_old,
        };
        // For these it is how long to wait for somebody who calls.
        let input = match is_old {
            true => input.without("-timeout"),
            false => input,
        };
        let started = match Decoder::start(ffmpeg, &input, &way)? {
            Ok(decoder) => decoder,
            Err(end) => return Err(without_a_frame(&input, &end)),
        };
        let size = started.size();
        bounded(&input, size, limits)?;
        Ok(Self {
            ffmpeg: ffmpeg.clone(),
            input,
            way,
            size,
            promise: None,
            limits: limits.clone(),
            started: Some(started),
        })
    }

    /// Width and height of the pictures in pixels, turned.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Frames a second on the average, if that is known.
    pub fn rate(&self) -> Option<f64> {
        self.promise.as_ref()?.rate
    }

    /// Seconds, if they are known.
    pub fn duration(&self) -> Option<f64> {
        let promise = self.promise.as_ref()?;
        promise.duration.or(promise.file_duration)
    }

    /// How many frames there are, as far as the file says or its length lets guess.
    pub fn frames_estimate(&self) -> Option<u64> {
        let counted = self.promise.as_ref()?.frames;
        counted.or_else(|| Some((self.duration()? * self.rate()?).round() as u64))
    }

    /// Whether it is a camera or a stream, which goes on while nobody reads.
    pub fn is_live(&self) -> bool {
        self.input.is_live
    }

    /// Whether `path` is this very file, under whatever name: nothing may be written there.
    pub fn is_at(&self, path: &Path) -> bool {
        self.input.is_file && is_same(self.input.path(), path)
    }

    /// Starts decoding.
    ///
    /// # Errors
    /// [`Error::Program`] if ffmpeg cannot be run. That there is no frame at all is the first item.
    pub fn frames(self) -> Result<VideoFrames> {
        let started = match self.started {
            Some(decoder) => Ok(decoder),
            None => Decoder::start(&self.ffmpeg, &self.input, &self.way)?,
        };
        if let Ok(decoder) = &started {
            bounded(&self.input, decoder.size(), &self.limits)?;
        }
        Ok(VideoFrames::new(started, self.input, self.promise))
    }
}

fn without_a_frame(input: &Input, end: &End) -> Error {
    let found = missing(Progress::default(), end, None, |_| None);
    Error::file(
        input.path(),
        "a video",
        found.unwrap_or_else(|| "none".into()),
    )
}

/// What makes every picture one of the promised size, as it is to be looked at. Turning is done before.
fn filters(promise: &Promise) -> Vec<String> {
    let (width, height) = promise.size;
    let mut filters = Vec::new();
    if promise.is_interlaced {
        filters.push("bwdif=mode=send_frame:deint=interlaced".to_string());
    }
    if promise.is_square {
        let fit = "force_original_aspect_ratio=decrease";
        filters.push(format!("scale={width}:{height}:{fit}"));
        filters.push(format!("pad={width}:{height}:-1:-1"));
    } else {
        filters.push(format!("scale={width}:{height}"));
    }
    filters
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) else {
            return false;
        };
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::frame::Frame;

    /// What a camera is for ffmpeg, in place of one: a device of its own that makes pictures.
    fn camera(pattern: &str) -> Input {
        Input {
            name: "camera:0".into(),
            address: pattern.into(),
            options: vec!["-f", "lavfi"],
            is_live: true,
            is_file: false,
        }
    }

    fn ffmpeg() -> Option<Ffmpeg> {
        let ffmpeg = Ffmpeg::find();
        match ffmpeg.check() {
            Ok(()) => Some(ffmpeg),
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "{error}");
                eprintln!("skipped: what is live: {error}");
                None
            }
        }
    }

    #[test]
    fn what_is_live_is_opened_once_and_tells_its_size_with_the_first_picture() {
        let Some(ffmpeg) = ffmpeg() else { return };
        let pattern = camera("testsrc2=size=30x20:rate=10:duration=0.5");
        let video = VideoFile::live(&ffmpeg, pattern, &ImageLimits::new()).unwrap();
        assert_eq!(
            (video.size(), video.rate(), video.duration()),
            ((30, 20), None, None)
        );
        assert!(video.is_live() && !video.is_at("camera:0".as_ref()));
        let frames: Result<Vec<Frame>> = video.frames().unwrap().collect();
        let frames = frames.unwrap();
        let times: Vec<f64> = frames.iter().map(|frame| frame.time).collect();
        assert_eq!(times, [0.0, 0.1, 0.2, 0.3, 0.4]);
        assert_eq!(frames[4].picture.dimensions(), (30, 20));
    }

    #[test]
    fn what_is_live_and_too_large_or_not_there_is_refused() {
        let Some(ffmpeg) = ffmpeg() else { return };
        let limits = ImageLimits::new().with_max_pixels(599);
        let refused = |pattern| {
            let opened = VideoFile::live(&ffmpeg, camera(pattern), &limits);
            opened.unwrap_err().to_string()
        };
        let text = refused("testsrc2=size=30x20");
        assert_eq!(text, "camera:0: expected at most 599 pixels, found 30x20");
        let text = refused("no_such_source");
        assert!(
            text.starts_with("camera:0: expected a video, found no frame"),
            "{text}"
        );
        assert!(
            text.contains("no_such_source") && text.contains("ffmpeg ended with"),
            "{text}"
        );
    }

    #[test]
    fn frames_may_go_to_another_thread() {
        fn sent<T: Send + 'static>() {}
        sent::<VideoFile>();
        sent::<VideoFrames>();
    }
}
