//! Which faces are in a frame, and whose they are.

use burn::config::Config;
use image::RgbImage;

use super::frame::Frame;
use super::scene::Scene;
use super::track::{Look, Sighting, Tracker, TrackerConfig};
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
    /// The share of the detector's least confidence that is enough for a face that was there in the frame
    /// before, in [0, 1]: one that is half hidden is uncertain. Default: 0.5.
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
/// - at once where all faces are lost, the picture is another one (a cut), or the last frame is so long ago
///   that nobody is remembered.
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
    /// Whether there was a face in the last frame.
    seen: bool,
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
            seen: false,
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
        self.followed(detector, frame)
    }

    fn followed(&mut self, search: &impl Search, frame: &Frame) -> Result<Vec<(usize, Detection)>> {
        self.tracker.go(frame.time)?;
        let Frame { time, picture } = frame;
        let certain = search.certain();
        let least = certain * self.config.uncertain;
        let is_cut = self.scene.changes(picture);
        let in_view: Vec<Bounds> = self
            .tracker
            .predict(*time)
            .into_iter()
            .filter(|expected| expected.in_view)
            .map(|expected| expected.bounds)
            .collect();
        // After so long that nobody is remembered, nothing is known of whoever was there.
        let is_forgotten = self.seen && in_view.is_empty();
        let known = (self.due > 0 && !is_cut && !is_forgotten)
            .then(|| search.known(picture, &in_view, least));
        let some_left = |faces: &Vec<_>| in_view.is_empty() || faces.iter().any(Option::is_some);
        let faces = match known.filter(some_left) {
            Some(faces) => {
                let is_lost = faces.iter().any(Option::is_none);
                self.due = if is_lost { 0 } else { self.due - 1 };
                faces.into_iter().flatten().collect()
            }
            None => {
                self.due = self.config.detect_every - 1;
                search.whole(picture, least)
            }
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
        self.seen = !followed.is_empty();
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

/// Where faces are looked for: a [`Detector`], or what a test has made up.
trait Search {
    /// The least confidence of a certain face.
    fn certain(&self) -> f32;

    /// The faces in the whole picture, of the `least` confidence.
    fn whole(&self, picture: &RgbImage, least: f32) -> Vec<Detection>;

    /// The faces at places where they are expected.
    fn known(&self, picture: &RgbImage, places: &[Bounds], least: f32) -> Vec<Option<Detection>>;
}

impl Search for Detector {
    fn certain(&self) -> f32 {
        self.confidence()
    }

    fn whole(&self, picture: &RgbImage, least: f32) -> Vec<Detection> {
        self.detect_from(picture, least)
    }

    fn known(&self, picture: &RgbImage, places: &[Bounds], least: f32) -> Vec<Option<Detection>> {
        self.refine_from(picture, places, least)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use image::Rgb;

    use super::*;

    /// People at places, and a note of what was looked for: whole pictures (`W`), or how many faces.
    #[derive(Default)]
    struct Script {
        people: RefCell<Vec<f32>>,
        notes: RefCell<String>,
    }

    impl Script {
        fn faces(&self) -> Vec<Detection> {
            let people = self.people.borrow();
            let face = |&x: &f32| Detection {
                bounds: Bounds::from([x, 0.0, 10.0, 10.0]),
                confidence: 0.9,
                landmarks: [[x, 0.0]; 5],
            };
            people.iter().map(face).collect()
        }
    }

    impl Search for Script {
        fn certain(&self) -> f32 {
            0.6
        }

        fn whole(&self, _: &RgbImage, least: f32) -> Vec<Detection> {
            assert_eq!(least, 0.3);
            self.notes.borrow_mut().push('W');
            self.faces()
        }

        fn known(&self, _: &RgbImage, places: &[Bounds], _: f32) -> Vec<Option<Detection>> {
            let count = u32::try_from(places.len()).unwrap();
            let digit = char::from_digit(count, 10).unwrap();
            self.notes.borrow_mut().push(digit);
            let faces = self.faces();
            let at = |place: &Bounds| {
                let mut near = faces.iter().filter(|face| face.bounds.overlap(place) > 0.1);
                near.next().copied()
            };
            places.iter().map(at).collect()
        }
    }

    /// What is looked for in frames with people at these places, and the numbers that they have.
    fn run(every: usize, frames: &[&[f32]]) -> (String, Vec<Vec<usize>>) {
        let script = Script::default();
        let config = FollowerConfig::new().with_detect_every(every);
        let mut follower = Follower::new(config).unwrap();
        let mut ids = Vec::new();
        for (number, people) in frames.iter().enumerate() {
            *script.people.borrow_mut() = people.to_vec();
            let frame = Frame {
                time: number as f64 * 0.04,
                picture: RgbImage::new(64, 36),
            };
            let faces = follower.followed(&script, &frame).unwrap();
            ids.push(faces.into_iter().map(|(id, _)| id).collect());
        }
        (script.notes.into_inner(), ids)
    }

    #[test]
    fn the_whole_picture_is_searched_every_so_many_frames_and_known_faces_in_between() {
        let two: &[f32] = &[0.0, 30.0];
        let (notes, ids) = run(4, &[two; 9]);
        assert_eq!(notes, "W222W222W");
        assert!(ids.iter().all(|ids| ids == &[0, 1]));
        assert_eq!(run(1, &[two; 4]).0, "WWWW");
    }

    #[test]
    fn a_face_that_nobody_remembers_for_the_time_is_searched_for_at_once() {
        let script = Script::default();
        let mut follower = Follower::new(FollowerConfig::new()).unwrap();
        for number in 0..6 {
            *script.people.borrow_mut() = vec![0.0];
            let frame = Frame {
                time: f64::from(number) * 10.0,
                picture: RgbImage::new(64, 36),
            };
            assert_eq!(follower.followed(&script, &frame).unwrap().len(), 1);
        }
        assert_eq!(script.notes.into_inner(), "WWWWWW");
    }

    #[test]
    fn a_lost_face_brings_the_next_search_forward_once() {
        let both: &[f32] = &[0.0, 30.0];
        let one: &[f32] = &[0.0];
        // Lost in the third frame, searched for in the fourth; then the usual again.
        let (notes, _) = run(6, &[both, both, one, one, one, one, one, one]);
        assert_eq!(notes, "W22W1111");
        // It comes back in another place.
        let moved: &[f32] = &[0.0, 45.0];
        let (notes, ids) = run(6, &[both, both, moved, moved, moved]);
        assert_eq!(
            (notes.as_str(), ids[2].len(), ids[3].len()),
            ("W22W2", 1, 2)
        );
    }

    #[test]
    fn if_everybody_is_lost_the_picture_is_searched_at_once_and_an_empty_one_as_usual() {
        let (away, none): (&[f32], &[f32]) = (&[90.0], &[]);
        let here: &[f32] = &[0.0];
        let frames = [here, here, away, away, none, none, none, none, none];
        let (notes, ids) = run(4, &frames);
        // The third and the fifth frame are looked at twice.
        assert_eq!(notes, "W11W11W000W");
        assert_eq!(ids[2].len(), 1);
    }

    #[test]
    fn a_new_face_is_found_at_the_next_search() {
        let (_, ids) = run(
            3,
            &[
                &[0.0],
                &[0.0, 40.0],
                &[0.0, 40.0],
                &[0.0, 40.0],
                &[0.0, 40.0],
            ],
        );
        assert_eq!(ids, [vec![0], vec![0], vec![0], vec![0, 1], vec![0, 1]]);
    }

    #[test]
    fn a_cut_is_searched_at_once() {
        let script = Script::default();
        let config = FollowerConfig::new().with_detect_every(9);
        let mut follower = Follower::new(config).unwrap();
        for (number, level) in [90, 95, 100, 200, 200].into_iter().enumerate() {
            let frame = Frame {
                time: number as f64,
                picture: RgbImage::from_pixel(64, 36, Rgb([level; 3])),
            };
            follower.followed(&script, &frame).unwrap();
        }
        assert_eq!(script.notes.into_inner(), "W00W0");
    }

    #[test]
    fn a_time_that_goes_back_is_refused_and_the_frame_is_as_if_it_had_not_been() {
        let script = Script::default();
        script.people.borrow_mut().push(0.0);
        let mut follower = Follower::new(FollowerConfig::new()).unwrap();
        let frame = |time| Frame {
            time,
            picture: RgbImage::new(64, 36),
        };
        follower.followed(&script, &frame(1.0)).unwrap();
        for time in [0.5, f64::NAN] {
            let found = follower.followed(&script, &frame(time));
            assert!(matches!(found, Err(Error::Argument { .. })));
        }
        assert_eq!(follower.followed(&script, &frame(1.0)).unwrap()[0].0, 0);
        assert_eq!(script.notes.into_inner(), "W1");
    }

    #[test]
    fn impossible_configs_are_refused() {
        for config in [
            FollowerConfig::new().with_detect_every(0),
            FollowerConfig::new().with_uncertain(1.5),
            FollowerConfig::new().with_uncertain(f32::NAN),
            FollowerConfig::new().with_tracker(TrackerConfig::new().with_memory(-1.0)),
        ] {
            assert!(matches!(Follower::new(config), Err(Error::Argument { .. })));
        }
    }
}
