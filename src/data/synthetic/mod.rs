//! A rendered stand-in for s-Aff-Wild2.
//!
//! Face data sets are licensed and cannot be shipped, so newcomers, tests and the build use drawn
//! faces in s-Aff-Wild2's layout: a parametric face whose geometry each of the twelve action units
//! moves, with identity, pose, light, skin and background varying. Expressions activate units at
//! published rates; labels go missing, repeat and err as an annotator's do.
//!
//! A trained network reaches clearly more than chance on every action unit and expression, and
//! clearly less than perfect. The set proves that a pipeline works. **Scores on it say nothing
//! about accuracy on people.**
//!
//! Frames of one video share the person and the place; what the face does is drawn anew for each, and
//! lasts in the videos of [`SyntheticVideoConfig`]; in those of [`SyntheticDisplayConfig`] it takes time
//! to tell, and the best reachable scores are known.
//!
//! # Example
//! ```
//! # let root = tempfile::tempdir().unwrap();
//! # let root = root.path();
//! use countenance::data::annotation::AnnotationConfig;
//! use countenance::data::split::{Split, SplitName};
//! use countenance::data::synthetic::SyntheticConfig;
//!
//! let config = SyntheticConfig::new().with_train(6).with_validation(2);
//! config.generate(&root.join("faces"), &|_, _| true)?;
//! let split = Split::open(&root.join("faces"), SplitName::Training, &AnnotationConfig::new())?;
//! assert_eq!(split.rows.len(), 6);
//! assert!(split.image_path(&split.rows[0]).exists());
//! # Ok::<(), countenance::Error>(())
//! ```

mod brush;
#[cfg(test)]
mod call;
mod degree;
mod display;
mod face;
mod feature;
mod film;
mod folder;
mod form;
mod half;
mod head;
mod identity;
mod label;
mod mouth;
mod palette;
mod part;
mod performance;
mod point;
mod random;
mod render;
mod scene;
mod sheet;
mod video;
mod vote;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::config::Config;
use rayon::prelude::*;
use serde_json::{Value, json};

pub use film::SyntheticVideoConfig;
pub use form::{Form, SyntheticTableConfig};
pub use performance::{Reachable, SyntheticDisplayConfig};
pub use sheet::sheet;

use self::folder::claim;
use self::video::{Pace, Repeats, Video};
use crate::data::annotation::{self, Row};
use crate::{Error, Result};

/// Changes whenever the same config gives other bytes than before.
const RENDERER: u32 = 1;
const TRAINING: &str = "training_set_annotations.txt";
const VALIDATION: &str = "validation_set_annotations.txt";
/// How large a synthetic set is, and which one.
///
/// ```no_run
/// use countenance::data::synthetic::SyntheticConfig;
///
/// let config = SyntheticConfig::new().with_train(2_000).with_seed(7);
/// config.generate("faces".as_ref(), &|done, total| {
///     eprintln!("{done} of {total}");
///     true
/// })?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub struct SyntheticConfig {
    /// Rows of the training set, 1 to 1,000,000.
    #[config(default = 4000)]
    pub train: usize,
    /// Rows of the validation set, 1 to 1,000,000; 0.8 % of them name an image a second time.
    #[config(default = 1000)]
    pub validation: usize,
    /// The same seed and sizes give the same bytes.
    #[config(default = 0)]
    pub seed: u64,
}

impl SyntheticConfig {
    /// The most rows of a set: more are a slip of the finger.
    pub const MOST: usize = 1_000_000;

    fn check_sizes(sizes: [usize; 2]) -> Result<()> {
        for (what, rows) in ["train", "validation"].into_iter().zip(sizes) {
            if !(1..=Self::MOST).contains(&rows) {
                let expected = format!("1 to {} rows", Self::MOST);
                return Err(Error::argument(what, expected, rows));
            }
        }
        Ok(())
    }

    /// Renders the set into the folder `out`, which must be absent, empty, or hold this same set.
    ///
    /// Layout: `cropped_aligned/<video>/<frame>.jpg`, 112 pixels square;
    /// `training_set_annotations.txt` and `validation_set_annotations.txt`, written last, so that a
    /// folder that has both is complete; `synthetic.json`, which says what the folder holds. A
    /// complete folder is left as it is, an interrupted one is completed.
    ///
    /// `progress` receives the images done and their total, from several threads; it stops the
    /// rendering by returning false.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if stopped; [`Error::Argument`] for a size outside its range, [`Error::File`] if the folder holds
    /// anything else, [`Error::Io`] if it cannot be written.
    pub fn generate(
        &self,
        out: &Path,
        progress: &(dyn Fn(usize, usize) -> bool + Sync),
    ) -> Result<()> {
        Self::check_sizes([self.train, self.validation])?;
        let mark = json!({
            "renderer": RENDERER,
            "train": self.train,
            "validation": self.validation,
            "seed": self.seed,
        });
        let sizes = [self.train, self.validation];
        let plan = || video::plan(sizes, self.seed, Repeats::Validation, Pace::Stills);
        annotated(out, &mark, plan, progress, |video, images, each| {
            video.render(self.seed, images, each)
        })
    }
}

/// Fills a folder with the videos of both halves and their annotations, unless it is complete.
fn annotated(
    out: &Path,
    mark: &Value,
    plan: impl FnOnce() -> [Vec<Video>; 2],
    progress: &(dyn Fn(usize, usize) -> bool + Sync),
    render: impl Fn(&Video, &Path, &dyn Fn() -> bool) -> Result<Vec<Row>> + Sync,
) -> Result<()> {
    if claim(out, mark, &[TRAINING, VALIDATION])? {
        return Ok(());
    }
    let halves = plan();
    let total = halves.iter().flatten().map(Video::len).sum();
    let done = AtomicUsize::new(0);
    let each = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
    let images = out.join("cropped_aligned");
    for (videos, file) in halves.iter().zip([TRAINING, VALIDATION]) {
        let rows: Vec<Vec<Row>> = videos
            .par_iter()
            .map(|video| render(video, &images, &each))
            .collect::<Result<_>>()?;
        annotation::write(&out.join(file), &rows.concat())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::PathBuf;

    use sha2::{Digest, Sha256};

    use super::*;

    fn small() -> SyntheticConfig {
        SyntheticConfig::new()
            .with_train(60)
            .with_validation(130)
            .with_seed(11)
    }

    fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(root).unwrap().to_path_buf();
                    found.insert(name, fs::read(path).unwrap());
                }
            }
        }
        found
    }

    fn rows(root: &Path, file: &str) -> Vec<String> {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let mut lines = text.lines().map(String::from);
        assert_eq!(lines.next().as_deref(), Some(annotation::HEADER));
        lines.collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
        let [one, other, third] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        small().generate(one.path(), &|_, _| true).unwrap();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        pool.install(|| small().generate(other.path(), &|_, _| true))
            .unwrap();
        assert!(files(one.path()) == files(other.path()));
        small()
            .with_seed(12)
            .generate(third.path(), &|_, _| true)
            .unwrap();
        assert!(files(one.path()) != files(third.path()));
    }

    /// Figures in reports name the set by its sizes and seed alone.
    #[test]
    fn the_set_of_a_seed_stays_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        small().generate(root.path(), &|_, _| true).unwrap();
        let mut digest = Sha256::new();
        for (name, bytes) in files(root.path()) {
            digest.update(name.to_str().unwrap());
            digest.update(bytes);
        }
        let start: [u8; 8] = *digest.finalize().first_chunk().unwrap();
        assert_eq!(
            u64::from_be_bytes(start),
            0xFC42_4C5F_2A6A_D8A8,
            "with another RENDERER"
        );
    }

    #[test]
    fn rows_have_sixteen_fields_images_exist_and_nobody_is_in_both_halves() {
        let root = tempfile::tempdir().unwrap();
        small().generate(root.path(), &|_, _| true).unwrap();
        let people = [(TRAINING, 60), (VALIDATION, 130)].map(|(file, count)| {
            let rows = rows(root.path(), file);
            assert_eq!(rows.len(), count);
            rows.iter()
                .map(|row| {
                    let fields: Vec<&str> = row.split(',').collect();
                    assert_eq!(fields.len(), 16, "{row}");
                    let image = root.path().join("cropped_aligned").join(fields[0]);
                    let size = image::image_dimensions(image).unwrap();
                    assert_eq!(size, (112, 112));
                    fields[0].split('/').next().unwrap().to_string()
                })
                .collect::<BTreeSet<String>>()
        });
        assert!(people[0].is_disjoint(&people[1]));
        let validation = rows(root.path(), VALIDATION);
        let images: BTreeSet<_> = validation.iter().map(|row| row.split(',').next()).collect();
        assert_eq!(images.len(), 129, "one validation row in 130 repeats");
    }

    #[test]
    fn a_complete_folder_is_left_alone_and_an_interrupted_one_completed() {
        let root = tempfile::tempdir().unwrap();
        small().generate(root.path(), &|_, _| true).unwrap();
        let before = files(root.path());
        let called = AtomicUsize::new(0);
        let count = |_, _| {
            called.fetch_add(1, Ordering::Relaxed);
            true
        };
        small().generate(root.path(), &count).unwrap();
        assert_eq!(called.load(Ordering::Relaxed), 0);
        fs::remove_file(root.path().join(VALIDATION)).unwrap();
        let stopped = small().generate(root.path(), &|done, _| done < 70);
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(!root.path().join(VALIDATION).exists());
        small().generate(root.path(), &count).unwrap();
        assert_eq!(called.load(Ordering::Relaxed), 60 + 129);
        assert!(files(root.path()) == before);
    }

    #[test]
    fn a_folder_in_which_a_run_was_killed_before_its_mark_is_taken() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".synthetic.json.unfinished-x"), "{").unwrap();
        small().generate(root.path(), &|_, _| true).unwrap();
        assert!(files(root.path()).len() > 190);
    }

    #[test]
    fn a_folder_with_anything_else_in_it_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(TRAINING), "precious").unwrap();
        let error = small().generate(root.path(), &|_, _| true).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error}");
        let root = tempfile::tempdir().unwrap();
        small().generate(root.path(), &|_, _| true).unwrap();
        let error = small()
            .with_seed(1)
            .generate(root.path(), &|_, _| true)
            .unwrap_err();
        assert!(error.to_string().contains("synthetic.json"), "{error}");
    }

    #[test]
    fn sizes_outside_their_range_are_refused_before_anything_is_written() {
        let root = tempfile::tempdir().unwrap();
        let out = root.path().join("out");
        let error = small().with_train(0).generate(&out, &|_, _| true);
        assert!(matches!(error, Err(Error::Argument { .. })));
        assert!(!out.exists());
    }
}
