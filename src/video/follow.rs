//! Which faces are in a frame, and whose they are.

use burn::config::Config;
use image::RgbImage;

use super::frame::Frame;
use super::scene::Scene;
use super::track::{Expected, Look, Sighting, Tracker, TrackerConfig};
use crate::face::{Bounds, Detection, Detector};
use crate::{Error, Result};

/// How faces are followed.
#[derive(Config, Debug, PartialEq)]
pub struct FollowerConfig {
    /// Every so many frames the whole picture is searched, at least 1; in between, known faces are looked
    /// for where they are expected. Default: 5, so that a new face is found within 0.2 s at 25 frames a
    /// second.
    #[config(default = 5)]
    pub detect_every: usize,
    /// Which of the detector's least confidence a face must have, in [0, 1], if it was seen in the frame
    /// before: half hidden ones are uncertain. Default: 0.5.
    #[config(default = 0.5)]
    pub uncertain: f32,
    /// How faces are told from each other.
    #[config(default = "TrackerConfig::new()")]
    pub tracker: TrackerConfig,
}

/// Finds the faces in one frame after another, and whose they are.
///
/// Every so many frames the whole picture is searched. In between, each face that was in the last frame is
/// looked for where it is expected, which is far cheaper ([`Detector::refine`]). The whole picture is also
/// searched
/// - in the frame after one in which a face was lost, once: it may have moved on;
/// - at once where all faces are lost, or the picture is another one: a cut.
///
/// ```no_run
/// use countenance::data::image::RgbImage;
/// use countenance::face::Detector;
/// use countenance::video::{Follower, FollowerConfig, Frame};
///
/// # fn main() -> countenance::Result<()> {
/// let detector = Detector::load("yunet_n.pth")?;
/// let mut follower = Follower::new(FollowerConfig::new())?;
/// # let frames: Vec<RgbImage> = Vec::new();
/// for (number, picture) in frames.into_iter().enumerate() {
///     let frame = Frame { time: number as f64 / 25.0, picture };
///     for (id, face) in follower.follow(&detector, &frame)? {
///         println!("{number}: {id} is at {:?}", face.bounds);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Follower {
    config: FollowerConfig,
    tracker: Tracker,
    scene: Scene,
    /// Frames until the whole picture is searched.
    due: usize,
}

impl Follower {
    /// A follower that has seen no frame.
    ///
    /// # Errors
    /// [`Error::Argument`] if a number of the config is outside its range.
    pub fn new(config: FollowerConfig) -> Result<Self> {
        if config.detect_every == 0 {
            return Err(Error::argument("detect every", "at least 1", 0));
        }
        if !(0.0..=1.0).contains(&config.uncertain) {
            let expected = "0 to 1";
            return Err(Error::argument("uncertain", expected, config.uncertain));
        }
        Ok(Self {
            tracker: Tracker::new(config.tracker.clone())?,
            config,
            scene: Scene::default(),
            due: 0,
        })
    }

    /// The faces in a frame with their numbers, by these.
    ///
    /// # Errors
    /// [`Error::Argument`] if the frame's time is not finite, or before that of the frame before; then
    /// the frame is as if it had not been.
    pub fn follow(
        &mut self,
        detector: &Detector,
        frame: &Frame,
    ) -> Result<Vec<(usize, Detection)>> {
        self.tracker.check(frame.time)?;
        let Frame { time, picture } = frame;
        let certain = detector.confidence();
        let least = certain * self.config.uncertain;
        let is_cut = self.scene.changes(picture);
        let known: Vec<Expected> = self.tracker.predict(*time);
        let in_view: Vec<Bounds> = known
            .iter()
            .filter(|expected| expected.in_view)
            .map(|expected| expected.bounds)
            .collect();
        let looked = (self.due > 0 && !is_cut).then(|| {
            let found = detector.refine_from(picture, &in_view, least);
            found.into_iter().flatten().collect::<Vec<Detection>>()
        });
        let whole = || detector.detect_from(picture, least);
        let (faces, is_whole) = match looked {
            Some(faces) if in_view.is_empty() || !faces.is_empty() => (faces, false),
            _ => (whole(), true),
        };
        let sightings: Vec<Sighting> = faces
            .iter()
            .map(|&detection| Sighting {
                detection,
                look: self.look(picture, &detection),
            })
            .collect();
        let ids = self.tracker.update(*time, &sightings, certain)?;
        let mut followed: Vec<(usize, Detection)> = ids
            .into_iter()
            .zip(faces)
            .filter_map(|(id, face)| Some((id?, face)))
            .collect();
        followed.sort_unstable_by_key(|(id, _)| *id);
        let is_here = |id| followed.binary_search_by_key(&id, |(id, _)| *id).is_ok();
        let lost = known
            .iter()
            .any(|known| known.in_view && !is_here(known.id));
        self.due = match (is_whole, lost) {
            (true, _) => self.config.detect_every - 1,
            (false, true) => 0,
            (false, false) => self.due - 1,
        };
        Ok(followed)
    }

    /// What a face looks like, if that counts.
    fn look(&self, picture: &RgbImage, face: &Detection) -> Option<Look> {
        match self.config.tracker.likeness > 0.0 {
            true => Look::of(picture, face),
            false => None,
        }
    }
}
