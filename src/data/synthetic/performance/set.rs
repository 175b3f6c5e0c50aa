//! Sets of displays, as pictures or as feature vectors.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::config::Config;
use rayon::prelude::*;
use serde_json::json;

use super::course::{Moment, play};
use super::observer::{Expectation, View, observe};
use super::player::Player;
use super::reach::Reachable;
use super::vector::{Person, Vectors, WIDTH};
use crate::data::annotation::{self, Row};
use crate::data::file::write_whole;
use crate::data::synthetic::folder::claim;
use crate::data::synthetic::identity::Movement;
use crate::data::synthetic::random::normal;
use crate::data::synthetic::video::{self, Beside, Pace, Repeats, Shot, Video};
use crate::data::synthetic::{RENDERER, SyntheticConfig, TRAINING, VALIDATION};
use crate::label::Labels;
use crate::{Error, Result};

/// Changes whenever the model does.
const MODEL: u32 = 1;
const FEATURES: &str = "features.npy";
const NAMES: &str = "features.txt";
const REACHABLE: &str = "reachable.json";

/// A set of videos in s-Aff-Wild2's layout whose labels take time to tell, with the best scores that can
/// be reached.
///
/// Action units begin, last and end; frames show each at a strength that differs from frame to frame. Pairs
/// of expressions end in the same units and are told apart by which began; arousal follows how fast they
/// began, valence the smile of the last second, both late. The model is a Markov chain, so that what a
/// frame, those before it and a whole video tell of each label is known exactly: see [`Reachable`].
/// `docs/synthetic.md` states it.
///
/// ```no_run
/// use countenance::data::synthetic::SyntheticDisplayConfig;
///
/// // A hundred videos of 200 frames as feature vectors, which take seconds.
/// let config = SyntheticDisplayConfig::new()
///     .with_train(16_000)
///     .with_validation(4_000)
///     .with_features(true);
/// let reachable = config.generate("displays".as_ref(), &|_, _| true)?;
/// print!("{}", reachable.table());
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub struct SyntheticDisplayConfig {
    /// Rows of the training set, 1 to 1,000,000.
    #[config(default = 4000)]
    pub train: usize,
    /// Rows of the validation set, 1 to 1,000,000.
    #[config(default = 1000)]
    pub validation: usize,
    /// Frames of a video, 1 to 1,000,000; the last one of a set has what is left.
    #[config(default = 200)]
    pub frames: usize,
    /// The same seed and sizes give the same bytes.
    #[config(default = 0)]
    pub seed: u64,
    /// Whether `features.npy` and the names of its rows, `features.txt`, stand in the place of pictures: 64
    /// numbers a frame. The labels are those of the pictures.
    #[config(default = false)]
    pub features: bool,
}

/// A video, and the frames of it that the set has.
type Played = (Video, Vec<Moment>);
/// A frame's row and its features.
type Featured = (Row, [f32; WIDTH]);

impl SyntheticDisplayConfig {
    /// Renders the set into the folder `out`, which must be absent, empty, or hold this same set, as
    /// [`SyntheticConfig::generate`] does, and writes `reachable.json` beside it.
    ///
    /// # Errors
    /// As there; [`Error::File`] if the `reachable.json` of a complete set is not one.
    pub fn generate(
        &self,
        out: &Path,
        progress: &(dyn Fn(usize, usize) -> bool + Sync),
    ) -> Result<Reachable> {
        let sizes = [self.train, self.validation];
        SyntheticConfig::check_sizes(sizes)?;
        if !(1..=SyntheticConfig::MOST).contains(&self.frames) {
            let expected = format!("1 to {} of a video", SyntheticConfig::MOST);
            return Err(Error::argument("frames", expected, self.frames));
        }
        let mark = json!({
            "renderer": RENDERER,
            "displays": MODEL,
            "features": self.features,
            "frames": self.frames,
            "train": self.train,
            "validation": self.validation,
            "seed": self.seed,
        });
        let mut files = vec![TRAINING, VALIDATION, REACHABLE];
        if self.features {
            files.extend([FEATURES, NAMES]);
        }
        if claim(out, &mark, &files)? {
            return Reachable::load(&out.join(REACHABLE));
        }
        let players = Player::all();
        let halves = self.played(&players, sizes);
        let total = sizes.iter().sum();
        let done = AtomicUsize::new(0);
        let each = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        let rows = match self.features {
            false => self.film(&halves, &out.join("cropped_aligned"), &each)?,
            true => self.vectors(&halves, out, &each)?,
        };
        let reachable = reachable(&players, &halves)?;
        reachable.write(&out.join(REACHABLE))?;
        for (rows, file) in rows.iter().zip([TRAINING, VALIDATION]) {
            annotation::write(&out.join(file), rows)?;
        }
        Ok(reachable)
    }

    fn played(&self, players: &[Player; 3], sizes: [usize; 2]) -> [Vec<Played>; 2] {
        let pace = Pace::Film(self.frames);
        video::plan(sizes, self.seed, Repeats::None, pace).map(|videos| {
            let played = videos.into_par_iter().map(|video| {
                let mut rng = video.random(self.seed, Beside::Performance);
                let moments = play(players, &video.numbers(), &video.presence(), &mut rng);
                (video, moments)
            });
            played.collect()
        })
    }

    /// Renders the pictures.
    fn film(
        &self,
        halves: &[Vec<Played>; 2],
        images: &Path,
        each: &(dyn Fn() -> bool + Sync),
    ) -> Result<[Vec<Row>; 2]> {
        let film = |(video, moments): &Played| {
            let mut moments = moments.iter();
            video.shoot(self.seed, images, &video.name, &each, |studio, _, rng| {
                let moment = moments.next().expect("a moment for each frame");
                let movement = Movement {
                    units: moment.shown,
                    asymmetry: 0.09 * normal(rng),
                    ..Movement::default()
                };
                let scene = studio.place.glimpse(rng);
                Shot {
                    image: video::jpeg(&studio.picture(&movement, &scene, rng)),
                    ending: "jpg",
                    labels: vec![moment.labels.clone()],
                }
            })
        };
        let [training, validation] = halves.each_ref().map(|half| {
            let rows: Result<Vec<Vec<Row>>> = half.par_iter().map(film).collect();
            rows.map(|rows| rows.concat())
        });
        Ok([training?, validation?])
    }

    /// Writes the feature file and the list of its rows' names.
    fn vectors(
        &self,
        halves: &[Vec<Played>; 2],
        out: &Path,
        each: &(dyn Fn() -> bool + Sync),
    ) -> Result<[Vec<Row>; 2]> {
        let vectors = Vectors::new();
        let of_video = |(video, moments): &Played| {
            let mut rng = video.random(self.seed, Beside::Features);
            let person = Person::draw(&mut rng);
            let frames = video.numbers().into_iter().zip(moments);
            let rows = frames.map(|(number, moment)| {
                if !each() {
                    return Err(Error::Interrupted);
                }
                let row = Row {
                    image: video.image(number, "jpg"),
                    labels: moment.labels.clone(),
                    line: 0,
                };
                Ok((row, vectors.of(&moment.shown, &person, &mut rng)))
            });
            rows.collect::<Result<Vec<_>>>()
        };
        let [training, validation] = halves.each_ref().map(|half| {
            let rows: Result<Vec<Vec<Featured>>> = half.par_iter().map(of_video).collect();
            rows.map(|rows| rows.into_iter().flatten().unzip::<_, _, Vec<_>, Vec<_>>())
        });
        let ((training, first), (validation, second)) = (training?, validation?);
        let features = [first, second].concat();
        write_whole(&out.join(FEATURES), |out| {
            let shape = format!(
                "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {WIDTH}), }}",
                features.len()
            );
            // NumPy wants the numbers to begin at a multiple of 64 bytes.
            let header = format!("{shape:<117}\n");
            out.write_all(b"\x93NUMPY\x01\x00")?;
            out.write_all(&(header.len() as u16).to_le_bytes())?;
            out.write_all(header.as_bytes())?;
            for number in features.as_flattened() {
                out.write_all(&number.to_le_bytes())?;
            }
            Ok(())
        })?;
        write_whole(&out.join(NAMES), |out| {
            for row in training.iter().chain(&validation) {
                writeln!(out, "{}", row.image)?;
            }
            Ok(())
        })?;
        Ok([training, validation])
    }
}

/// The best that can be reached on the second half.
fn reachable(players: &[Player; 3], halves: &[Vec<Played>; 2]) -> Result<Reachable> {
    let expected = [View::Single, View::Causal, View::Whole].map(|view| {
        let observed = halves[1].par_iter().map(|(video, moments)| {
            let shown: Vec<_> = moments.iter().map(|moment| moment.shown).collect();
            observe(players, &video.numbers(), &shown, view)
        });
        let observed: Vec<Vec<Expectation>> = observed.collect();
        observed.concat()
    });
    let [training, validation] = halves.each_ref().map(|half| {
        let moments = half.iter().flat_map(|(_, moments)| moments);
        moments
            .map(|moment| &moment.labels)
            .collect::<Vec<&Labels>>()
    });
    Reachable::of(&training, &validation, expected)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::annotation::AnnotationConfig;
    use crate::data::feature::FeatureFiles;
    use crate::data::split::{Split, SplitName};

    fn small() -> SyntheticDisplayConfig {
        SyntheticDisplayConfig::new()
            .with_train(150)
            .with_validation(90)
            .with_frames(60)
            .with_seed(5)
    }

    #[test]
    fn pictures_and_features_have_the_same_rows_labels_and_reachable_scores() {
        let [pictures, features] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let one = small().generate(pictures.path(), &|_, _| true).unwrap();
        let config = small().with_features(true);
        let other = config.generate(features.path(), &|_, _| true).unwrap();
        assert_eq!(one, other);
        for file in [TRAINING, VALIDATION, REACHABLE] {
            let [one, other] =
                [&pictures, &features].map(|root| fs::read(root.path().join(file)).unwrap());
            assert!(one == other, "{file}");
        }
        let root = features.path();
        let files = FeatureFiles::open(&[root.join(FEATURES)], None).unwrap();
        assert_eq!((files.width(), files.files()[0].rows()), (WIDTH, 240));
        let mut names = files.files()[0].names().unwrap().iter();
        for split in [SplitName::Training, SplitName::Validation] {
            let split = Split::open(pictures.path(), split, &AnnotationConfig::new()).unwrap();
            for row in &split.rows {
                assert!(split.image_path(row).is_file());
                assert_eq!(names.next(), Some(&row.image));
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_a_complete_set_is_left_alone() {
        let config = small().with_features(true);
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let reachable = config.generate(one.path(), &|_, _| true).unwrap();
        config.generate(other.path(), &|_, _| true).unwrap();
        for file in [TRAINING, VALIDATION, REACHABLE, FEATURES, NAMES] {
            let [one, other] = [&one, &other].map(|root| fs::read(root.path().join(file)).unwrap());
            assert!(one == other, "{file}");
        }
        let again = config.generate(one.path(), &|_, _| false).unwrap();
        assert_eq!(again, reachable);
        let refused = small().generate(one.path(), &|_, _| true).unwrap_err();
        assert!(refused.to_string().contains("choose another folder"));
        fs::write(one.path().join(REACHABLE), "{}").unwrap();
        let broken = config.generate(one.path(), &|_, _| true).unwrap_err();
        assert!(broken.to_string().contains(REACHABLE), "{broken}");
    }

    #[test]
    fn an_interrupted_set_is_completed_and_wrong_sizes_are_refused() {
        let root = tempfile::tempdir().unwrap();
        for features in [false, true] {
            let out = root.path().join(features.to_string());
            let config = small().with_features(features);
            let stopped = config.generate(&out, &|done, _| done < 20);
            assert!(matches!(stopped, Err(Error::Interrupted)));
            assert!(!out.join(VALIDATION).exists());
            config.generate(&out, &|_, _| true).unwrap();
            assert!(out.join(VALIDATION).exists());
        }
        for wrong in [small().with_frames(0), small().with_train(0)] {
            let refused = wrong.generate(&root.path().join("wrong"), &|_, _| true);
            assert!(matches!(refused, Err(Error::Argument { .. })));
        }
    }

    /// Who sees more tells more, on every task, and nobody is perfect.
    #[test]
    fn time_tells_what_single_frames_do_not() {
        let config = SyntheticDisplayConfig::new()
            .with_train(6_000)
            .with_validation(60_000)
            .with_frames(300);
        let players = Player::all();
        let halves = config.played(&players, [config.train, config.validation]);
        let reachable = reachable(&players, &halves).unwrap();
        let table = reachable.table();
        let scores = reachable.named().map(|(_, report)| {
            [report.p_au, report.p_ex, report.p_va, report.p_mtl].map(Option::unwrap)
        });
        let [chance, single, causal, whole] = scores;
        for task in 0..4 {
            assert!(chance[task] + 0.15 < single[task], "{table}");
            assert!(single[task] + 0.15 < causal[task], "{table}");
            // An annotator who is late says nothing that the next frames would tell.
            let gain = if task == 2 { 0.0 } else { 0.02 };
            assert!(causal[task] + gain < whole[task], "{table}");
        }
        assert!(whole[3] < 2.7, "{table}");
    }
}
