//! A page at work: its faces are followed apart from those of other pages.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use countenance::Error;
use countenance::data::image::{ImageKind, ImageLimits, RgbImage, decode};
use countenance::face::FaceReader;
use countenance::smoothing::TaskSmoothing;
use countenance::video::{FollowerConfig, VideoSession};
use serde::Serialize;

use crate::reading::{ModelRead, Reading};
use crate::recording::{Recorded, Recording};
use crate::refusal::{Reason, Refusal};
use crate::secret;

/// Most pages that read the camera at a time.
const MOST: usize = 4;
/// How long a page may be silent before another may have its place.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most pixels of a frame: those of 3840x2160.
const PIXELS: u64 = 3840 * 2160;

/// How the faces of every page are read.
pub struct Way {
    pub reader: Arc<FaceReader>,
    pub follower: FollowerConfig,
    /// One that needs no later frames.
    pub smoothing: TaskSmoothing,
}

impl Way {
    fn begin(&self) -> Result<VideoSession, Error> {
        VideoSession::new(self.reader.clone(), &self.follower, self.smoothing)
    }
}

/// Every page at work.
pub struct Sessions {
    way: Way,
    /// Where recordings go.
    folder: PathBuf,
    open: Mutex<Vec<Arc<Session>>>,
}

/// One page at work.
pub struct Session {
    name: String,
    folder: PathBuf,
    reader: Arc<FaceReader>,
    heard: Mutex<Instant>,
    state: Mutex<State>,
}

struct State {
    video: VideoSession,
    recording: Option<Recording>,
    /// Seconds of the last frame.
    time: f64,
}

/// What a page calls its session.
#[derive(Serialize)]
pub struct Opened {
    session: String,
}

impl Sessions {
    /// No page yet.
    ///
    /// # Errors
    /// If faces cannot be read in this way.
    pub fn new(way: Way, folder: PathBuf) -> Result<Self, Error> {
        way.begin()?;
        Ok(Self {
            way,
            folder,
            open: Mutex::default(),
        })
    }

    /// What the model reads.
    pub fn model(&self) -> ModelRead<'_> {
        ModelRead::of(self.way.reader.predictor(), &self.folder)
    }

    /// A new session, in the place of one that has long been silent if there is no other.
    ///
    /// # Errors
    /// If as many pages as may are at work.
    pub fn open(&self) -> Result<Opened, Refusal> {
        let name = secret::draw().map_err(Refusal::of(Reason::Fault))?;
        let session = Session {
            name: name.clone(),
            folder: self.folder.clone(),
            reader: self.way.reader.clone(),
            heard: Mutex::new(Instant::now()),
            state: Mutex::new(State {
                video: self.way.begin().map_err(Refusal::of(Reason::Fault))?,
                recording: None,
                time: 0.0,
            }),
        };
        let mut open = self.all();
        if open.len() >= MOST {
            open.retain(|session| session.heard().elapsed() < PATIENCE);
        }
        if open.len() >= MOST {
            let message =
                format!("{MOST} pages read the camera, and no more may; close one of them");
            return Err(Refusal::new(Reason::Sessions, message));
        }
        open.push(Arc::new(session));
        Ok(Opened { session: name })
    }

    /// The session of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn find(&self, name: &str) -> Result<Arc<Session>, Refusal> {
        let open = self.all();
        let found = open.iter().find(|session| secret::is(name, &session.name));
        let session = found.ok_or_else(gone)?;
        *session.heard() = Instant::now();
        Ok(session.clone())
    }

    /// Ends the session of this name; a frame that is being read is finished.
    ///
    /// # Errors
    /// If there is none.
    pub fn end(&self, name: &str) -> Result<(), Refusal> {
        let mut open = self.all();
        let place = open
            .iter()
            .position(|session| secret::is(name, &session.name));
        open.remove(place.ok_or_else(gone)?);
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Session>>> {
        self.open.lock().expect("nobody panics while holding it")
    }
}

impl Session {
    /// Reads a frame, and writes what was read if it is recorded.
    ///
    /// # Errors
    /// If it is no picture, comes before its time or while another one is read. The session goes on.
    pub fn read(&self, time: f64, jpeg: &[u8]) -> Result<Reading, Refusal> {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::WouldBlock) => {
                let message = "the frame before is still being read; send one at a time";
                return Err(Refusal::new(Reason::Busy, message));
            }
            Err(TryLockError::Poisoned(_)) => return Err(broken()),
        };
        let started = Instant::now();
        let picture = picture(jpeg)?;
        if time < state.time {
            let message = format!(
                "expected a frame of at least {} seconds, found one of {time}",
                state.time
            );
            return Err(Refusal::new(Reason::Time, message));
        }
        let size = picture.dimensions();
        let frame = state
            .video
            .push(time, picture)
            .map_err(Refusal::of(Reason::Fault))?;
        state.time = time;
        let mut reading = Reading {
            frame,
            size,
            milliseconds: started.elapsed().as_secs_f64() * 1e3,
            recording: None,
            recording_error: None,
        };
        if let Some(recording) = &mut state.recording {
            match recording.write(&reading.frame) {
                Ok(recorded) => reading.recording = Some(recorded),
                Err(error) => {
                    state.recording = None;
                    reading.recording_error = Some(error.to_string());
                }
            }
        }
        Ok(reading)
    }

    /// Records from the next frame on, into a new file, unless that is done already.
    ///
    /// # Errors
    /// If there can be no file.
    pub fn record(&self) -> Result<Recorded, Refusal> {
        let mut state = self.state.lock().map_err(|_| broken())?;
        let predictor = self.reader.predictor();
        let recording = match state.recording.take() {
            Some(recording) => recording,
            None => {
                Recording::begin(&self.folder, predictor).map_err(Refusal::of(Reason::Recording))?
            }
        };
        Ok(state.recording.insert(recording).recorded())
    }

    /// Ends the recording; what was recorded, if anything was.
    pub fn stop(&self) -> Option<Recorded> {
        let mut state = self.state.lock().ok()?;
        state.recording.take().map(|recording| recording.recorded())
    }

    fn heard(&self) -> MutexGuard<'_, Instant> {
        self.heard.lock().expect("nobody panics while holding it")
    }
}

/// A frame's picture.
fn picture(jpeg: &[u8]) -> Result<RgbImage, Refusal> {
    let name = Path::new("the frame");
    if ImageKind::of(jpeg) != Some(ImageKind::Jpeg) {
        let found = match ImageKind::of(jpeg) {
            Some(kind) => kind.to_string(),
            None if jpeg.is_empty() => "nothing".into(),
            None => "something else".into(),
        };
        let message = format!("the frame: expected a JPEG image, found {found}");
        return Err(Refusal::new(Reason::Picture, message));
    }
    let limits = ImageLimits::new().with_max_pixels(PIXELS);
    decode(jpeg, name, &limits).map_err(Refusal::of(Reason::Picture))
}

fn gone() -> Refusal {
    Refusal::new(Reason::Session, "this session is over; start again")
}

fn broken() -> Refusal {
    Refusal::new(Reason::Fault, "reading failed before; start again")
}
