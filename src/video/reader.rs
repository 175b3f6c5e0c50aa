//! A whole video: frames decoded, searched and read at the same time.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{JoinHandle, spawn};

use super::follow::FollowerConfig;
use super::frame::Frame;
use super::recall::Recall;
use super::row::ReadFrame;
use super::smooth::FrameSmoother;
use super::watch::{Watch, WatchedFrame, decided};
use crate::face::FaceReader;
use crate::smoothing::TaskSmoothing;
use crate::{Error, Result};

/// Frames that are ready for the next step at most. More would not make it faster, but need memory.
const READY: usize = 4;
/// Frames whose faces are read together at most.
const TOGETHER: usize = 8;

/// Reads videos: each face in each frame, followed over time.
///
/// ```no_run
/// use countenance::face::FaceReader;
/// use countenance::video::{FrameFolder, VideoReader};
///
/// # fn main() -> countenance::Result<()> {
/// let reader = VideoReader::new(FaceReader::load("model.safetensors", "yunet_n.pth")?);
/// let reader = reader.with_smoothing("0.4".parse()?);
/// let frames = FrameFolder::open("frames".as_ref(), 25.0)?.frames();
/// for frame in reader.read(frames)? {
///     let frame = frame?;
///     for face in &frame.faces {
///         println!("{:.2} s, face {}: {:?}", frame.time, face.id, face.prediction());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VideoReader {
    reader: Arc<FaceReader>,
    follower: FollowerConfig,
    smoothing: TaskSmoothing,
    stills: Option<u32>,
    is_live: bool,
}

impl VideoReader {
    /// A reader that follows faces as [`FollowerConfig`] does otherwise and smooths as the model's tuning
    /// says, which of a model that is not tuned is not at all.
    pub fn new(reader: impl Into<Arc<FaceReader>>) -> Self {
        let reader = reader.into();
        Self {
            follower: FollowerConfig::new(),
            smoothing: reader.predictor().tuning().smoothing,
            reader,
            stills: None,
            is_live: false,
        }
    }

    /// The same reader that follows faces in another way.
    pub fn with_follower(self, follower: FollowerConfig) -> Self {
        Self { follower, ..self }
    }

    /// The same reader with scores smoothed over time. A frame comes once those that its scores depend
    /// on were read: [`TaskSmoothing::delay`] later.
    pub fn with_smoothing(self, smoothing: TaskSmoothing) -> Self {
        Self { smoothing, ..self }
    }

    /// The same reader whose frames keep their pictures, smaller where a side is longer than `longest`
    /// pixels. Memory then grows with the smoothing's delay.
    pub fn with_stills(self, longest: u32) -> Self {
        Self {
            stills: Some(longest.max(1)),
            ..self
        }
    }

    /// The same reader for frames that come as time passes: each is read once it is there. Otherwise
    /// some are waited for and read together, the same ones each time, so that a video gives the same
    /// scores to the last digit.
    pub fn with_live(self, is_live: bool) -> Self {
        Self { is_live, ..self }
    }

    /// What finds and reads the faces.
    pub fn reader(&self) -> &FaceReader {
        &self.reader
    }

    /// Seconds by which a frame comes later than it was read from the video, of the smoothing and, of a model with
    /// a temporal head that is not causal, of the frames that it is read with.
    pub fn delay(&self) -> f64 {
        self.smoothing.delay() + Recall::new(self.reader.predictor()).delay()
    }

    /// Reads a video, in memory that does not grow with its length. One thread takes frames, one finds
    /// and follows faces, one reads them, those of several frames together; the iterator gives what is
    /// read, in order.
    ///
    /// An error of `frames` comes in its place and counts as a frame, as does a frame whose time is before
    /// that of the one before it; what follows is still read. Dropping the iterator ends the work and
    /// waits for the frame that is just being decoded.
    ///
    /// # Errors
    /// [`Error::Argument`] if a setting is outside its range.
    pub fn read<F>(&self, frames: F) -> Result<ReadFrames>
    where
        F: IntoIterator<Item = Result<Frame>>,
        F::IntoIter: Send + 'static,
    {
        let frames = frames.into_iter();
        let watch = Watch::new(&self.follower, self.stills)?;
        let smoother = FrameSmoother::new(self.smoothing)?;
        let (decoded, to_watch) = sync_channel(0);
        let (watched, to_read) = sync_channel(READY);
        let (done, results) = sync_channel(READY);
        let decoding = spawn(move || forward(frames, &decoded));
        let reader = self.reader.clone();
        let watching = spawn(move || follow(&reader, watch, &to_watch, &watched));
        let reader = self.reader.clone();
        let is_live = self.is_live;
        let reading = spawn(move || read_on(&reader, smoother, is_live, &to_read, &done));
        Ok(ReadFrames {
            results: Some(results),
            threads: vec![decoding, watching, reading],
        })
    }
}

/// The frames of a video with what was read in them; see [`VideoReader::read`].
#[derive(Debug)]
pub struct ReadFrames {
    results: Option<Receiver<Result<ReadFrame>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Iterator for ReadFrames {
    type Item = Result<ReadFrame>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.results.as_ref()?.recv().ok();
        if next.is_none() {
            self.results = None;
            for thread in self.threads.drain(..) {
                // A thread that panicked has not come to the end, which must not look as if it had.
                if let Err(panic) = thread.join() {
                    resume_unwind(panic);
                }
            }
        }
        next
    }
}

impl FusedIterator for ReadFrames {}

impl Drop for ReadFrames {
    fn drop(&mut self) {
        // The threads end once nobody takes what they make.
        self.results = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn forward(frames: impl Iterator<Item = Result<Frame>>, to: &SyncSender<Result<Frame>>) {
    for frame in frames {
        if to.send(frame).is_err() {
            return;
        }
    }
}

/// A frame to be read, or the number of one that is not there and why.
type Watched = Result<WatchedFrame, (usize, Error)>;

fn follow(
    reader: &FaceReader,
    mut watch: Watch,
    from: &Receiver<Result<Frame>>,
    to: &SyncSender<Watched>,
) {
    for (number, frame) in from.iter().enumerate() {
        let watched = frame.and_then(|frame| watch.watch(reader, number, frame));
        if to.send(watched.map_err(|error| (number, error))).is_err() {
            return;
        }
    }
}

fn read_on(
    reader: &FaceReader,
    mut smoother: FrameSmoother,
    is_live: bool,
    from: &Receiver<Watched>,
    to: &SyncSender<Result<ReadFrame>>,
) {
    let mut recall = Recall::new(reader.predictor());
    let mut results = InOrder {
        errors: VecDeque::new(),
        reader,
        to,
    };
    loop {
        let (frames, stopped) = together(from, reader.batch_size(), is_live);
        let mut smooth = |frames: Vec<ReadFrame>, results: &mut InOrder| {
            for frame in frames {
                if !results.frames(smoother.push(frame)?) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let is_over = matches!(stopped, Stopped::End);
        let sent = recall.read(reader, frames).and_then(|mut frames| {
            if is_over {
                frames.extend(recall.finish(reader)?);
            }
            smooth(frames, &mut results)
        });
        match sent {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let _ = to.send(Err(error));
                return;
            }
        }
        match stopped {
            Stopped::Full => {}
            Stopped::Error(number, error) => {
                results.errors.push_back((number, error));
                // Otherwise it waits for the frames before it.
                if recall.is_empty() && smoother.is_empty() && !results.errors_before(usize::MAX) {
                    return;
                }
            }
            Stopped::End => {
                if results.frames(smoother.finish()) {
                    results.errors_before(usize::MAX);
                }
                return;
            }
        }
    }
}

/// Results on their way out, where errors wait for the frames that come before them.
struct InOrder<'a> {
    errors: VecDeque<(usize, Error)>,
    reader: &'a FaceReader,
    to: &'a SyncSender<Result<ReadFrame>>,
}

impl InOrder<'_> {
    /// Whether anybody takes them.
    fn frames(&mut self, frames: Vec<ReadFrame>) -> bool {
        frames.into_iter().all(|frame| {
            let is_taken = self.errors_before(frame.number);
            is_taken && self.to.send(Ok(decided(self.reader, frame))).is_ok()
        })
    }

    fn errors_before(&mut self, number: usize) -> bool {
        while let Some((_, error)) = self.errors.pop_front_if(|(place, _)| *place < number) {
            if self.to.send(Err(error)).is_err() {
                return false;
            }
        }
        true
    }
}

/// Why no more frames are read together.
enum Stopped {
    /// There are enough, or no more yet.
    Full,
    /// A frame of this number is not there.
    Error(usize, Error),
    /// There are no more.
    End,
}

/// The next frame and those behind it, up to `batch` faces; live, only those that are ready.
fn together(from: &Receiver<Watched>, batch: usize, is_live: bool) -> (Vec<WatchedFrame>, Stopped) {
    let (mut frames, mut faces) = (Vec::new(), 0);
    loop {
        let next = match frames.is_empty() {
            true => from.recv().map_err(|_| Stopped::End),
            // If there is none because there are no more, the next call sees it.
            false if is_live => from.try_recv().map_err(|_| Stopped::Full),
            false => from.recv().map_err(|_| Stopped::Full),
        };
        match next {
            Ok(Ok(frame)) => {
                faces += frame.faces();
                frames.push(frame);
            }
            Ok(Err((number, error))) => return (frames, Stopped::Error(number, error)),
            Err(stopped) => return (frames, stopped),
        }
        if frames.len() >= TOGETHER || faces >= batch {
            return (frames, Stopped::Full);
        }
    }
}
