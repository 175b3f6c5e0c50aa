//! What is read: a folder of frames, or a video.

use std::path::Path;

#[cfg(feature = "video")]
use countenance::video::VideoFile;
use countenance::video::{Frame, FrameFolder};
use countenance::{Error, Result};

/// Frames of any kind, before they are decoded.
pub struct Input {
    source: Source,
    /// Frames a second.
    #[cfg(feature = "video")]
    rate: f64,
    /// The time of each frame of a folder; nothing of a video.
    times: Vec<f64>,
    frames: Option<usize>,
    duration: Option<f64>,
    is_live: bool,
}

enum Source {
    Folder(FrameFolder),
    #[cfg(feature = "video")]
    Video(Box<VideoFile>),
}

/// What is damaged in the frames that have come, once they have ended.
pub type Damaged = Box<dyn Fn() -> Option<String>>;

/// The frames of any source.
pub type Frames = Box<dyn Iterator<Item = Result<Frame>> + Send>;

impl Input {
    /// Opens what `path` names; `rate` is that of a folder.
    ///
    /// # Errors
    /// If it cannot be read, or a rate is given for a video.
    pub fn open(path: &Path, rate: Option<f64>) -> Result<Self> {
        if path.is_dir() {
            return Self::folder(path, rate.unwrap_or(FrameFolder::RATE));
        }
        match rate {
            None => Self::video(path),
            Some(_) => Err(Error::Argument {
                what: "--frame-rate".into(),
                expected: "a folder of numbered frames".into(),
                found: format!(
                    "{}, which says itself when its frames are shown",
                    path.display()
                ),
            }),
        }
    }

    fn folder(path: &Path, rate: f64) -> Result<Self> {
        let folder = FrameFolder::open(path, rate)?;
        let times = folder.times().to_vec();
        Ok(Self {
            #[cfg(feature = "video")]
            rate,
            frames: Some(times.len()),
            duration: times.last().map(|last| last + 1.0 / rate),
            is_live: false,
            times,
            source: Source::Folder(folder),
        })
    }

    #[cfg(feature = "video")]
    fn video(path: &Path) -> Result<Self> {
        /// Of what does not say its own.
        const USUAL: f64 = 25.0;
        let video = VideoFile::open(path)?;
        Ok(Self {
            rate: video.rate().unwrap_or(USUAL),
            times: Vec::new(),
            frames: video.frames_estimate().map(|frames| frames as usize),
            duration: video.duration(),
            is_live: video.is_live(),
            source: Source::Video(Box::new(video)),
        })
    }

    #[cfg(not(feature = "video"))]
    fn video(path: &Path) -> Result<Self> {
        std::fs::metadata(path).map_err(|source| Error::Io {
            action: "open",
            path: path.to_path_buf(),
            source,
        })?;
        Err(Error::Argument {
            what: path.display().to_string(),
            expected: "a folder of numbered frames, in a build without the feature `video`".into(),
            found: "a file (`--features video` reads videos, with the program ffmpeg)".into(),
        })
    }

    /// Frames a second.
    #[cfg(feature = "video")]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// How many frames there are, as far as that is known.
    pub fn frames_expected(&self) -> Option<usize> {
        self.frames
    }

    /// How many seconds it plays, as far as that is known.
    pub fn duration(&self) -> Option<f64> {
        self.duration
    }

    /// Whether `path` is the video that is read.
    #[cfg(feature = "video")]
    pub fn is_at(&self, path: &Path) -> bool {
        match &self.source {
            Source::Folder(_) => false,
            Source::Video(video) => video.is_at(path),
        }
    }

    /// Whether it goes on until somebody stops it, as a camera does.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Starts decoding.
    ///
    /// # Errors
    /// If ffmpeg cannot be run.
    pub fn start(self) -> Result<Started> {
        let is_folder = matches!(self.source, Source::Folder(_));
        let (frames, damaged): (Frames, Damaged) = match self.source {
            Source::Folder(folder) => (Box::new(folder.frames()), Box::new(|| None)),
            #[cfg(feature = "video")]
            Source::Video(video) => {
                let frames = video.frames()?;
                let damage = frames.damage();
                let damaged = move || damage.told().map(str::to_string);
                (Box::new(frames), Box::new(damaged))
            }
        };
        Ok(Started {
            frames,
            damaged,
            is_folder,
            is_live: self.is_live,
            times: self.times,
        })
    }
}

/// Frames that are being decoded.
pub struct Started {
    pub frames: Frames,
    pub damaged: Damaged,
    /// Whether each frame is a file, which can be unreadable alone.
    pub is_folder: bool,
    /// Whether it goes on until somebody stops it, as a camera does.
    pub is_live: bool,
    /// When each frame of a folder is shown.
    pub times: Vec<f64>,
}
