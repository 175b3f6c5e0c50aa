//! The frames of a video, as they are decoded.

use std::iter::FusedIterator;
use std::sync::{Arc, OnceLock};

use super::decoder::{Decoder, End};
use super::ending;
use super::input::Input;
use super::probe::Promise;
use super::whole::{Progress, damaged, missing};
use crate::video::frame::Frame;
use crate::{Error, Result};

/// The frames of a video, as they are decoded. ffmpeg waits while nobody asks for the next: only the
/// picture that is handed out and a few within ffmpeg are in memory.
///
/// An error is the last item: all frames that could be read come before it. A damaged picture in the middle
/// is no error: ffmpeg patches it up or leaves it out, and the others keep their times; what there was of it
/// is [told](Self::damage) at the end. Dropped in the middle, it ends ffmpeg and leaves nothing.
#[derive(Debug)]
pub struct VideoFrames {
    /// The program at work, or how it ended before the first frame; nothing once all is told.
    decoder: Option<Result<Decoder, End>>,
    input: Input,
    promise: Option<Promise>,
    came: Progress,
    damage: Damage,
}

/// What of a video is damaged, though it goes on behind it; known once its last frame has come.
///
/// # Example
/// ```no_run
/// use countenance::video::VideoFile;
///
/// let frames = VideoFile::open("interview.mp4")?.frames()?;
/// let damage = frames.damage();
/// let count = frames.filter(Result::is_ok).count();
/// if let Some(said) = damage.told() {
///     println!("{count} frames, but {said}");
/// }
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Damage(Arc<OnceLock<String>>);

impl Damage {
    /// The damage in words, with how many pictures it is in if ffmpeg tells; `None` before the last frame has
    /// come, where nothing is damaged, and where the video breaks off, which is an error.
    pub fn told(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

impl VideoFrames {
    pub(super) fn new(
        started: Result<Decoder, End>,
        input: Input,
        promise: Option<Promise>,
    ) -> Self {
        Self {
            decoder: Some(started),
            input,
            promise,
            came: Progress::default(),
            damage: Damage::default(),
        }
    }

    /// Where damage is told once the last frame has come.
    pub fn damage(&self) -> Damage {
        self.damage.clone()
    }

    /// How it ended.
    fn ended(&self, end: &End) -> Option<Error> {
        let path = self.input.path();
        let structure = |promise: &Promise| match self.input.is_file {
            true => ending::broken(path, &promise.kind),
            false => None,
        };
        let found = missing(self.came, end, self.promise.as_ref(), structure);
        if let (None, Some(said)) = (&found, damaged(end)) {
            // There is one end.
            let _ = self.damage.0.set(said);
        }
        Some(Error::file(path, "a whole video", found?))
    }
}

impl Iterator for VideoFrames {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = match self.decoder.take()? {
            Err(end) => end,
            Ok(mut decoder) => match decoder.next() {
                Ok(Some(frame)) => {
                    self.came.frames += 1;
                    self.came.time = frame.time;
                    self.decoder = Some(Ok(decoder));
                    return Some(Ok(frame));
                }
                last => decoder.end(last.err()),
            },
        };
        self.ended(&end).map(Err)
    }
}

impl FusedIterator for VideoFrames {}
