//! Videos of rendered faces.

use std::path::Path;

use burn::config::Config;
use serde_json::json;

use super::display::Display;
use super::video::{self, Pace, Repeats, Shot, Video};
use super::{RENDERER, SyntheticConfig, annotated};
use crate::data::annotation::Row;
use crate::{Error, Result};

/// A rendered set of videos, in s-Aff-Wild2's layout: what a face does lasts about a second, at 30 frames a
/// second, and a single frame shows it badly, as the pose, the light, the strength of each movement, what
/// is in front of the face and the sensor's noise differ from frame to frame. Smoothing over time helps.
///
/// Expressions and units begin and end sharply. Most frames follow each other; now and then some are
/// missing, as in s-Aff-Wild2.
///
/// ```no_run
/// use countenance::data::synthetic::SyntheticVideoConfig;
///
/// // Forty videos of 150 frames to train with, and ten others.
/// let config = SyntheticVideoConfig::new()
///     .with_train(6_000)
///     .with_validation(1_500)
///     .with_frames(150);
/// config.generate("videos".as_ref(), &|_, _| true)?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub struct SyntheticVideoConfig {
    /// Rows of the training set, 1 to 1,000,000.
    #[config(default = 4000)]
    pub train: usize,
    /// Rows of the validation set, 1 to 1,000,000; 0.8 % of them name an image a second time.
    #[config(default = 1000)]
    pub validation: usize,
    /// Frames of a video, 1 to 1,000,000; the last one of a set has what is left.
    #[config(default = 200)]
    pub frames: usize,
    /// The same seed and sizes give the same bytes.
    #[config(default = 0)]
    pub seed: u64,
}

impl SyntheticVideoConfig {
    /// Renders the set into the folder `out`, which must be absent, empty, or hold this same set, as
    /// [`SyntheticConfig::generate`] does.
    ///
    /// # Errors
    /// As there.
    pub fn generate(
        &self,
        out: &Path,
        progress: &(dyn Fn(usize, usize) -> bool + Sync),
    ) -> Result<()> {
        let sizes = [self.train, self.validation];
        SyntheticConfig::check_sizes(sizes)?;
        if !(1..=SyntheticConfig::MOST).contains(&self.frames) {
            let expected = format!("1 to {} of a video", SyntheticConfig::MOST);
            return Err(Error::argument("frames", expected, self.frames));
        }
        let mark = json!({
            "renderer": RENDERER,
            "frames": self.frames,
            "train": self.train,
            "validation": self.validation,
            "seed": self.seed,
        });
        let plan = || {
            video::plan(
                sizes,
                self.seed,
                Repeats::Validation,
                Pace::Film(self.frames),
            )
        };
        annotated(out, &mark, plan, progress, |video, images, each| {
            self.film(video, images, each)
        })
    }

    fn film(&self, video: &Video, images: &Path, each: &dyn Fn() -> bool) -> Result<Vec<Row>> {
        let presence = video.presence();
        let mut filmed: Option<(u32, Display)> = None;
        video.shoot(
            self.seed,
            images,
            &video.name,
            each,
            |studio, frame, rng| {
                let (last, display) =
                    filmed.get_or_insert_with(|| (frame.number, Display::draw(&presence, rng)));
                for _ in *last..frame.number {
                    display.step(&presence, rng);
                }
                *last = frame.number;
                let movement = display.glimpse(rng);
                let scene = studio.place.glimpse(rng);
                Shot {
                    image: video::jpeg(&studio.picture(&movement, &scene, rng)),
                    ending: "jpg",
                    labels: vec![display.labels(); frame.rows],
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::data::annotation::AnnotationConfig;
    use crate::data::split::{Split, SplitName};

    fn small() -> SyntheticVideoConfig {
        SyntheticVideoConfig::new()
            .with_train(260)
            .with_validation(130)
            .with_frames(100)
            .with_seed(3)
    }

    #[test]
    fn videos_have_their_frames_in_order_with_gaps_and_labels_that_last() {
        let root = tempfile::tempdir().unwrap();
        small().generate(root.path(), &|_, _| true).unwrap();
        let mut lengths = Vec::new();
        for (name, count) in [(SplitName::Training, 260), (SplitName::Validation, 130)] {
            let split = Split::open(root.path(), name, &AnnotationConfig::new()).unwrap();
            assert_eq!(split.rows.len(), count);
            let mut videos = BTreeMap::<&str, Vec<(u32, &Row)>>::new();
            for row in &split.rows {
                assert!(split.image_path(row).is_file());
                let (video, frame) = row.image.split_once('/').unwrap();
                assert!(video.starts_with("face_0"), "{video}");
                let frame = frame.strip_suffix(".jpg").unwrap();
                assert_eq!(frame.len(), 5);
                let frame = frame.parse().unwrap();
                videos.entry(video).or_default().push((frame, row));
            }
            for frames in videos.values() {
                lengths.push(frames.len());
                let steps: Vec<u32> = frames.windows(2).map(|two| two[1].0 - two[0].0).collect();
                let next = steps.iter().filter(|&&step| step == 1).count();
                assert!(next * 10 > steps.len() * 8, "{steps:?}");
                assert!(steps.iter().any(|&step| step > 1), "{steps:?}");
                let same = frames
                    .windows(2)
                    .filter(|two| two[0].1.labels.action_units == two[1].1.labels.action_units);
                assert!(same.count() * 10 > frames.len() * 7);
            }
        }
        // One validation row in 130 repeats an image.
        assert_eq!(lengths, [100, 100, 60, 101, 29]);
    }

    #[test]
    fn the_same_seed_gives_the_same_videos_and_other_sets_are_refused() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for root in [&one, &other] {
            small().generate(root.path(), &|_, _| true).unwrap();
        }
        let bytes = |root: &Path| {
            let image = root.join("cropped_aligned/face_0001");
            let first = std::fs::read_dir(image)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            let mut images: Vec<_> = first.collect();
            images.sort();
            let images = images.into_iter().map(|path| std::fs::read(path).unwrap());
            images.collect::<Vec<_>>()
        };
        assert!(bytes(one.path()) == bytes(other.path()));
        let longer = small().with_frames(50);
        let refused = longer.generate(one.path(), &|_, _| true).unwrap_err();
        assert!(refused.to_string().contains("choose another folder"));
        let plain = SyntheticConfig::new()
            .with_train(260)
            .with_validation(130)
            .with_seed(3);
        assert!(plain.generate(one.path(), &|_, _| true).is_err());
        let none = small().with_frames(0).generate(one.path(), &|_, _| true);
        assert!(
            none.unwrap_err()
                .to_string()
                .starts_with("frames: expected 1 to")
        );
    }
}
