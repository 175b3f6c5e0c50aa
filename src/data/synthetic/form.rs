//! Rendered sets whose labels are a table: intensities of units, or a crowd's votes on expressions.

use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::config::Config;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, RgbImage};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::folder::claim;
use super::identity::Movement;
use super::label::Behaviour;
use super::video::{self, Pace, Repeats, Shot, Video};
use super::{RENDERER, SyntheticConfig, degree, vote};
use crate::data::annotation::Row;
use crate::data::mark::{Marks, NamesBuilder};
use crate::data::split::SplitName;
use crate::data::table::{self, Separator, Table};
use crate::label::{CodedUnit, Expression, Labels, Vocabulary};
use crate::{ActionUnit, Result};

/// The table of labels, below the set's folder.
const LABELS: &str = "labels.csv";
const IMAGES: &str = "images";
/// Side of FER's images, in pixels.
const SMALL: u32 = 48;

/// What a rendered table labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Twelve units that move by degrees, each labelled from 0 to 5 as DISFA's are.
    Intensities,
    /// Small grey images with ten people's votes on eight expressions as FER+ has them, the rarest of
    /// which half a percent of the faces shows.
    Votes,
}

/// A rendered set whose labels are a table.
///
/// ```no_run
/// use countenance::data::synthetic::{Form, SyntheticTableConfig};
///
/// let config = SyntheticTableConfig::new(Form::Votes).with_train(10_000);
/// config.generate("votes".as_ref(), &|_, _| true)?;
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq, Eq)]
pub struct SyntheticTableConfig {
    /// What is labelled.
    pub form: Form,
    /// Images of the training part, 1 to 1,000,000.
    #[config(default = 4000)]
    pub train: usize,
    /// Images of the validation part, 1 to 1,000,000.
    #[config(default = 1000)]
    pub validation: usize,
    /// The same seed and sizes give the same bytes.
    #[config(default = 0)]
    pub seed: u64,
}

impl SyntheticTableConfig {
    /// Renders the set into the folder `out`, which must be absent, empty, or hold this same set.
    ///
    /// Layout: `images/<subject>/<frame>`, PNG of 48 grey pixels square with votes and JPEG of 112 with
    /// intensities; `labels.csv`, written last, with the columns `split` and `subject`. Nobody is in both
    /// parts. An interrupted folder is completed.
    ///
    /// `progress` receives the images done and their total, from several threads; it stops the
    /// rendering by returning false.
    ///
    /// # Errors
    /// As [`SyntheticConfig::generate`].
    pub fn generate(
        &self,
        out: &Path,
        progress: &(dyn Fn(usize, usize) -> bool + Sync),
    ) -> Result<()> {
        SyntheticConfig::check_sizes([self.train, self.validation])?;
        let mark = json!({
            "renderer": RENDERER,
            "labels": self.form,
            "train": self.train,
            "validation": self.validation,
            "seed": self.seed,
        });
        if claim(out, &mark, &[LABELS])? {
            return Ok(());
        }
        let sizes = [self.train, self.validation];
        let parts = video::plan(sizes, self.seed, Repeats::None, Pace::Stills);
        let total = parts.iter().flatten().map(Video::len).sum();
        let done = AtomicUsize::new(0);
        let each = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        let (mut rows, mut names) = (Vec::new(), Vec::new());
        for (videos, name) in parts
            .iter()
            .zip([SplitName::Training, SplitName::Validation])
        {
            let rendered: Vec<Vec<Row>> = videos
                .par_iter()
                .map(|video| self.render(video, out, &each))
                .collect::<Result<_>>()?;
            let rendered = rendered.concat();
            names.extend(std::iter::repeat_n(name, rendered.len()));
            rows.extend(rendered);
        }
        let mut subjects = NamesBuilder::default();
        for row in &rows {
            subjects.push(row.image.split('/').nth(1));
        }
        let none = NamesBuilder::default().build();
        let table = Table {
            vocabulary: self.form.vocabulary(),
            rows,
            marks: Marks::new(none, subjects.build(), Vec::new(), Vec::new()),
            parts: names,
            separator: Separator::Comma,
            ignored: Vec::new(),
        };
        table::write(&out.join(LABELS), &table)
    }

    /// Renders somebody's images.
    fn render(&self, video: &Video, out: &Path, each: &dyn Fn() -> bool) -> Result<Vec<Row>> {
        let subject = format!("{IMAGES}/{}", video.name);
        video.shoot(self.seed, out, &subject, each, |studio, _, rng| {
            let (movement, labels) = self.form.draw(rng);
            let scene = studio.place.moment(rng);
            let (image, ending) = self.form.encoded(studio.picture(&movement, &scene, rng));
            Shot {
                image,
                ending,
                labels: vec![labels],
            }
        })
    }
}

impl Form {
    fn vocabulary(self) -> Vocabulary {
        match self {
            Self::Intensities => Vocabulary {
                action_units: ActionUnit::AFF_WILD2
                    .into_iter()
                    .map(CodedUnit::intensity)
                    .collect(),
                ..Vocabulary::default()
            },
            Self::Votes => Vocabulary {
                expressions: Expression::FER_PLUS.to_vec().into(),
                ..Vocabulary::default()
            },
        }
    }

    fn draw(self, rng: &mut ChaCha8Rng) -> (Movement, Labels) {
        match self {
            Self::Intensities => degree::draw(rng),
            Self::Votes => {
                let class = vote::class(rng);
                let behaviour = Behaviour::of(vote::BEHAVIOURS[class], rng);
                let labels = vote::cast(class, behaviour.strength, rng);
                (behaviour.movement, labels)
            }
        }
    }

    fn encoded(self, picture: RgbImage) -> (Vec<u8>, &'static str) {
        let mut bytes = Cursor::new(Vec::new());
        let written = match self {
            Self::Intensities => {
                return (video::jpeg(&picture), "jpg");
            }
            Self::Votes => {
                let grey = DynamicImage::from(picture).into_luma8();
                let small = imageops::resize(&grey, SMALL, SMALL, FilterType::Triangle);
                small.write_to(&mut bytes, ImageFormat::Png)
            }
        };
        written.expect("memory takes every picture");
        (bytes.into_inner(), "png")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::LabelConfig;

    fn table(form: Form) -> (tempfile::TempDir, Table) {
        let folder = tempfile::tempdir().unwrap();
        let config = SyntheticTableConfig::new(form)
            .with_train(90)
            .with_validation(40)
            .with_seed(3);
        config.generate(folder.path(), &|_, _| true).unwrap();
        let path = folder.path().join(LABELS);
        let table = table::read(&path, &LabelConfig::new()).unwrap();
        // A complete folder is left as it is.
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        config.generate(folder.path(), &|_, _| false).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().modified().unwrap(),
            before
        );
        (folder, table)
    }

    #[test]
    fn a_table_of_intensities_has_every_degree_and_nobody_in_both_parts() {
        let (folder, table) = table(Form::Intensities);
        assert_eq!(table.rows.len(), 130);
        assert_eq!(table.vocabulary, Form::Intensities.vocabulary());
        let degrees: std::collections::BTreeSet<u32> = table
            .rows
            .iter()
            .flat_map(|row| &row.labels.action_units)
            .map(|label| label.unwrap() as u32)
            .collect();
        assert_eq!(degrees.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        let subjects = |part| -> std::collections::BTreeSet<String> {
            let rows = (0..130).filter(|&row| table.parts[row] == part);
            rows.map(|row| table.marks.subjects.get(row).unwrap().to_string())
                .collect()
        };
        let [training, validation] = [SplitName::Training, SplitName::Validation].map(subjects);
        assert!(training.is_disjoint(&validation) && validation.len() > 1);
        let size = image::image_dimensions(folder.path().join(&table.rows[129].image)).unwrap();
        assert_eq!(size, (112, 112));
    }

    #[test]
    fn votes_are_shares_of_ten_and_images_small_and_grey() {
        let (folder, table) = table(Form::Votes);
        assert_eq!(table.vocabulary.expressions.len(), 8);
        for row in &table.rows {
            let votes: Vec<f32> = row.labels.shares.iter().map(|share| 10.0 * share).collect();
            assert!((votes.iter().sum::<f32>() - 10.0).abs() < 1e-4);
            assert!(
                votes.iter().all(|vote| (vote - vote.round()).abs() < 1e-4),
                "{votes:?}"
            );
        }
        let image = image::open(folder.path().join(&table.rows[0].image)).unwrap();
        assert_eq!((image.width(), image.color()), (48, image::ColorType::L8));
    }

    #[test]
    fn a_folder_of_another_form_is_refused() {
        let (folder, _) = table(Form::Votes);
        let other = SyntheticTableConfig::new(Form::Intensities).with_train(90);
        let error = other
            .generate(folder.path(), &|_, _| true)
            .unwrap_err()
            .to_string();
        assert!(error.contains("choose another folder"), "{error}");
    }
}
