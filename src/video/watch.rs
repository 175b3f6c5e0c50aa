//! From a frame to the crops of its faces.

use image::RgbImage;

use super::follow::{Follower, FollowerConfig};
use super::frame::Frame;
use super::row::{ReadFrame, Still, TrackedFace};
use crate::Result;
use crate::data::image::resize;
use crate::face::{Detection, FaceReader};
use crate::predict::Prediction;

/// Follows the faces of one video and cuts them out.
pub(super) struct Watch {
    follower: Follower,
    /// The longest side of the stills that are kept; none is kept otherwise.
    stills: Option<u32>,
}

/// A frame whose faces are to be read.
pub(super) struct WatchedFrame {
    number: usize,
    time: f64,
    still: Option<Still>,
    faces: Vec<WatchedFace>,
}

struct WatchedFace {
    id: usize,
    detection: Detection,
    crop: Result<Vec<RgbImage>>,
}

impl Watch {
    /// Of a video that begins.
    ///
    /// # Errors
    /// As [`Follower::new`].
    pub(super) fn new(config: &FollowerConfig, stills: Option<u32>) -> Result<Self> {
        Ok(Self {
            follower: Follower::new(config.clone())?,
            stills,
        })
    }

    /// The faces of the next frame, which has this number.
    ///
    /// # Errors
    /// As [`Follower::follow`].
    pub(super) fn watch(
        &mut self,
        reader: &FaceReader,
        number: usize,
        frame: Frame,
    ) -> Result<WatchedFrame> {
        let faces = self.follower.follow(reader.detector(), &frame)?;
        let cut = |(id, detection): (usize, Detection)| WatchedFace {
            id,
            detection,
            crop: reader.cut(&frame.picture, &detection),
        };
        let faces = faces.into_iter().map(cut).collect();
        let (time, picture) = (frame.time, frame.picture);
        Ok(WatchedFrame {
            number,
            time,
            still: self.stills.map(|longest| still(picture, longest)),
            faces,
        })
    }
}

impl WatchedFrame {
    /// How many faces it has.
    pub(super) fn faces(&self) -> usize {
        self.faces.len()
    }
}

/// A frame with what was made of its faces.
#[derive(Debug)]
pub(super) struct Seen<T> {
    pub(super) number: usize,
    pub(super) time: f64,
    pub(super) still: Option<Still>,
    pub(super) faces: Vec<(usize, Detection, Result<T>)>,
}

impl Seen<Prediction> {
    pub(super) fn into_read(self) -> ReadFrame {
        let faces = self.faces.into_iter();
        let faces = faces.map(|(id, detection, raw)| TrackedFace {
            id,
            detection,
            raw,
            smoothed: None,
        });
        ReadFrame {
            number: self.number,
            time: self.time,
            still: self.still,
            faces: faces.collect(),
        }
    }
}

/// The scores of all faces of these frames, read together and each alone, before the model's tuning is obeyed.
///
/// # Errors
/// None of a reader as [`FaceReader::new`] makes it: what is wrong with one face stands in its place.
pub(super) fn read(reader: &FaceReader, frames: Vec<WatchedFrame>) -> Result<Vec<ReadFrame>> {
    let seen = see(frames, |crops, name| reader.read_crops(crops, name))?;
    Ok(seen.into_iter().map(Seen::into_read).collect())
}

/// What a face is called in errors.
pub(super) fn name(frame: usize, id: usize) -> String {
    format!("frame {frame}, face {id}")
}

/// What `look` makes of all faces of these frames together.
///
/// # Errors
/// What `look` returns.
pub(super) fn see<T>(
    mut frames: Vec<WatchedFrame>,
    look: impl FnOnce(Vec<Result<Vec<RgbImage>>>, &dyn Fn(usize) -> String) -> Result<Vec<Result<T>>>,
) -> Result<Vec<Seen<T>>> {
    let mut names = Vec::new();
    let mut crops = Vec::new();
    let mut found = Vec::with_capacity(frames.len());
    for frame in &mut frames {
        let faces = std::mem::take(&mut frame.faces).into_iter();
        let places: Vec<_> = faces
            .map(|face| {
                names.push((frame.number, face.id));
                crops.push(face.crop);
                (face.id, face.detection)
            })
            .collect();
        found.push(places);
    }
    let called = |place: usize| {
        let (frame, id) = names[place];
        name(frame, id)
    };
    let mut made = look(crops, &called)?.into_iter();
    let whole = frames.into_iter().zip(found).map(|(frame, places)| {
        let faces = places.into_iter().map(|(id, detection)| {
            let made = made.next().expect("one for every crop");
            (id, detection, made)
        });
        Seen {
            number: frame.number,
            time: frame.time,
            still: frame.still,
            faces: faces.collect(),
        }
    });
    Ok(whole.collect())
}

/// A frame as the model's tuning says what its scores mean, the smoothed ones too.
pub(super) fn decided(reader: &FaceReader, mut frame: ReadFrame) -> ReadFrame {
    let predictor = reader.predictor();
    if predictor.is_tuned() {
        for face in &mut frame.faces {
            if let Ok(raw) = &mut face.raw {
                *raw = predictor.decided(raw.clone());
            }
            face.smoothed = face.smoothed.take().map(|one| predictor.decided(one));
        }
    }
    frame
}

/// The picture with a longer side of at most `longest`.
fn still(picture: RgbImage, longest: u32) -> Still {
    let side = picture.width().max(picture.height());
    if side <= longest {
        return Still {
            picture,
            scale: 1.0,
        };
    }
    let scale = f64::from(longest) / f64::from(side);
    let shrunk = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    Still {
        picture: resize(&picture, shrunk(picture.width()), shrunk(picture.height())),
        scale: scale as f32,
    }
}
