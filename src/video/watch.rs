//! From a frame to the crops of its faces.

use image::RgbImage;

use super::follow::{Follower, FollowerConfig};
use super::frame::Frame;
use super::row::{ReadFrame, Still, TrackedFace};
use crate::Result;
use crate::data::image::resize;
use crate::face::{Detection, FaceReader};

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

/// The scores of all faces of these frames, read together, before the model's tuning is obeyed.
///
/// # Errors
/// None of a reader as [`FaceReader::new`] makes it: what is wrong with one face stands in its place.
pub(super) fn read(reader: &FaceReader, mut frames: Vec<WatchedFrame>) -> Result<Vec<ReadFrame>> {
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
    let name = |place: usize| {
        let (frame, id) = names[place];
        format!("frame {frame}, face {id}")
    };
    let mut predictions = reader.read_crops(crops, &name)?.into_iter();
    let whole = frames.into_iter().zip(found).map(|(frame, places)| {
        let faces = places.into_iter().map(|(id, detection)| TrackedFace {
            id,
            detection,
            raw: predictions.next().expect("one for every crop"),
            smoothed: None,
        });
        ReadFrame {
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
