//! The parts of a data set, those of s-Aff-Wild2 in their folder, and what their labels count.
//!
//! # Example
//! ```
//! # let root = tempfile::tempdir().unwrap();
//! # let root = root.path();
//! use countenance::data::annotation::{self, AnnotationConfig, Row};
//! use countenance::data::split::{Split, SplitName};
//! use countenance::Labels;
//!
//! let labels = |expression| Labels { expression, ..Labels::default() };
//! let row = |number: usize, expression| Row {
//!     image: format!("video/{number:05}.jpg"),
//!     labels: labels(expression),
//!     line: 0,
//! };
//! let rows = [row(1, Some(4)), row(2, Some(4)), row(3, None)];
//! annotation::write(&root.join(SplitName::Training.file_name()), &rows)?;
//!
//! let split = Split::open(root, SplitName::Training, &AnnotationConfig::new())?;
//! assert_eq!(split.image_path(&split.rows[0]), root.join("cropped_aligned/video/00001.jpg"));
//! let statistics = split.statistics();
//! assert_eq!((statistics.rows, statistics.expression_rows()), (3, 2));
//! # Ok::<(), countenance::Error>(())
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::data::annotation::{self, AnnotationConfig, Row};
use crate::data::mark::Marks;
use crate::label::Vocabulary;
use crate::{Error, Labels, Result};

/// The folder of images, below the data set's root.
pub const IMAGE_FOLDER: &str = "cropped_aligned";

/// An annotated part of the data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitName {
    /// What the network learns from.
    Training,
    /// What it is judged on while it learns.
    Validation,
    /// What it is judged on at last.
    Test,
}

impl SplitName {
    /// All parts, in the order in which they are used.
    pub const ALL: [Self; 3] = [Self::Training, Self::Validation, Self::Test];

    /// The name of s-Aff-Wild2's annotation file, below the data set's root. The challenge gives out none
    /// for the test part.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Training => "training_set_annotations.txt",
            Self::Validation => "validation_set_annotations.txt",
            Self::Test => "test_set_annotations.txt",
        }
    }

    /// The part that data sets call so, in any letter case: `train`, `val`, `dev`, `test`, FER's
    /// `PublicTest` and `PrivateTest`.
    pub fn spelled(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "train" | "training" | "trn" => Some(Self::Training),
            "validation" | "valid" | "val" | "dev" | "development" | "publictest" => {
                Some(Self::Validation)
            }
            "test" | "testing" | "tst" | "privatetest" => Some(Self::Test),
            _ => None,
        }
    }
}

impl fmt::Display for SplitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Training => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

impl FromStr for SplitName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|name| name.to_string() == text)
            .ok_or_else(|| {
                let expected = "`training`, `validation` or `test`";
                Error::argument("split", expected, format!("{text:?}"))
            })
    }
}

/// How a data set keeps its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In s-Aff-Wild2's annotation files.
    AffWild2,
    /// In a [table](crate::data::table).
    Table,
    /// In the names of folders, one for each class.
    Folders,
}

/// One annotated part of the data set, in file order.
#[derive(Clone, Debug)]
pub struct Split {
    /// How the data set keeps its labels.
    pub layout: Layout,
    /// What its rows were read from: a file, or a folder of folders.
    pub source: PathBuf,
    /// The folder that the images' names begin in.
    pub images: PathBuf,
    /// What its labels are about.
    pub vocabulary: Vocabulary,
    /// Its rows, repeated ones included; never empty.
    pub rows: Vec<Row>,
    /// What each row says beside its image and labels.
    pub marks: Marks,
}

impl Split {
    /// Reads s-Aff-Wild2's annotations of `name` below `root`; images are not looked at. The folder of an
    /// image is its video.
    ///
    /// # Errors
    /// As [`annotation::read`]; [`Error::File`] if there is not a single row.
    pub fn open(root: &Path, name: SplitName, config: &AnnotationConfig) -> Result<Self> {
        let path = root.join(name.file_name());
        let rows = annotation::read(&path, config)?;
        if rows.is_empty() {
            return Err(Error::file(
                path,
                "at least one annotated image",
                "the header alone",
            ));
        }
        Ok(Self {
            layout: Layout::AffWild2,
            source: path,
            images: root.join(IMAGE_FOLDER),
            vocabulary: Vocabulary::aff_wild2(),
            marks: Marks::of_frames(&rows),
            rows,
        })
    }

    /// Where the image of `row` lies; of s-Aff-Wild2 `<root>/cropped_aligned/<video>/<frame>.jpg`.
    pub fn image_path(&self, row: &Row) -> PathBuf {
        self.images.join(&row.image)
    }

    /// Checks that any row has a label.
    ///
    /// # Errors
    /// [`Error::File`] if none has.
    pub fn check_labelled(&self, config: &AnnotationConfig) -> Result<()> {
        if self.rows.iter().any(|row| !row.labels.is_empty()) {
            return Ok(());
        }
        let keeps = config.keep_partial_action_units || self.layout != Layout::AffWild2;
        let found = match keeps {
            true => "missing ones alone",
            false => {
                "missing ones alone; a row that lacks an action unit counts as one without any, but with \
                 keep_partial_action_units"
            }
        };
        Err(Error::file(&self.source, "at least one label", found))
    }

    /// What the labels of this part count.
    pub fn statistics(&self) -> Statistics {
        Statistics::of(&self.vocabulary, self.rows.iter().map(|row| &row.labels))
    }
}

/// How often one action unit is labelled, and how often present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occurrence {
    /// Rows in which it is present; of an intensity, those in which it is above 0.
    pub present: usize,
    /// Rows in which it is labelled, present or absent.
    pub labelled: usize,
}

/// What a set of labels counts: the source of the losses' class weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// All rows, labelled or not.
    pub rows: usize,
    /// Rows with valence or arousal labelled.
    pub valence_arousal_rows: usize,
    /// Rows with valence, and rows with arousal.
    pub valence_arousal: [usize; 2],
    /// Rows of each of the vocabulary's expressions.
    pub expression: Vec<usize>,
    /// Rows with at least one action unit labelled.
    pub action_unit_rows: usize,
    /// Each of the vocabulary's action units.
    pub action_units: Vec<Occurrence>,
}

impl Statistics {
    /// Counts `labels`, which are in the order of `vocabulary`.
    ///
    /// # Panics
    /// If a label is of an expression that the vocabulary has not.
    pub fn of<'a>(vocabulary: &Vocabulary, labels: impl IntoIterator<Item = &'a Labels>) -> Self {
        let mut counts = Self {
            expression: vec![0; vocabulary.expressions.len()],
            action_units: vec![Occurrence::default(); vocabulary.action_units.len()],
            ..Self::default()
        };
        for labels in labels {
            counts.rows += 1;
            counts.valence_arousal_rows += usize::from(labels.has_valence_arousal());
            for (count, value) in counts
                .valence_arousal
                .iter_mut()
                .zip(labels.valence_arousal)
            {
                *count += usize::from(value.is_some());
            }
            if let Some(class) = labels.expression {
                counts.expression[class] += 1;
            }
            counts.action_unit_rows += usize::from(labels.has_action_units());
            for (count, unit) in counts.action_units.iter_mut().zip(&labels.action_units) {
                count.labelled += usize::from(unit.is_some());
                count.present += usize::from(unit.is_some_and(|value| value > 0.0));
            }
        }
        counts
    }

    /// Rows with an expression.
    pub fn expression_rows(&self) -> usize {
        self.expression.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "image,valence,arousal,expression,aus\n\
        a/00001.jpg,0.5,0.5,4,1,0,0,0,0,0,0,0,0,0,0,1\n\
        a/00002.jpg,-5,-5,4,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1\n\
        a/00001.jpg,0.1,0.2,-1,1,-1,0,0,0,0,0,0,0,0,0,0\n";

    fn open(text: &str, config: &AnnotationConfig) -> Result<Split> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("validation_set_annotations.txt"), text).unwrap();
        Split::open(folder.path(), SplitName::Validation, config)
    }

    #[test]
    fn a_split_knows_its_rows_and_where_their_images_lie() {
        let split = open(ROWS, &AnnotationConfig::new()).unwrap();
        assert_eq!(split.rows.len(), 3);
        let path = split.image_path(&split.rows[1]);
        assert_eq!(
            path.strip_prefix(split.source.parent().unwrap()).unwrap(),
            Path::new("cropped_aligned/a/00002.jpg")
        );
    }

    #[test]
    fn statistics_count_labels_that_are_present() {
        let counts = open(ROWS, &AnnotationConfig::new()).unwrap().statistics();
        assert_eq!(
            (
                counts.rows,
                counts.valence_arousal_rows,
                counts.action_unit_rows
            ),
            (3, 2, 1)
        );
        assert_eq!(counts.valence_arousal, [2, 2]);
        assert_eq!(counts.expression, [0, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(counts.expression_rows(), 2);
        assert_eq!(
            counts.action_units[0],
            Occurrence {
                present: 1,
                labelled: 1
            }
        );
        assert_eq!(
            counts.action_units[1],
            Occurrence {
                present: 0,
                labelled: 1
            }
        );
    }

    #[test]
    fn valence_and_arousal_count_each_for_itself() {
        let text = ROWS.replace("0.1,0.2", "0.1,-5");
        let counts = open(&text, &AnnotationConfig::new()).unwrap().statistics();
        assert_eq!(counts.valence_arousal_rows, 2);
        assert_eq!(counts.valence_arousal, [2, 1]);
    }

    #[test]
    fn rows_without_a_label_are_refused_and_what_keeps_some_is_named() {
        let row =
            |units| format!("image,valence,arousal,expression,aus\n1/1.jpg,-5,-5,-1,{units}\n");
        let check = |units, keep| {
            let config = AnnotationConfig::new().with_keep_partial_action_units(keep);
            open(&row(units), &config)
                .unwrap()
                .check_labelled(&config)
                .map_err(|error| error.to_string())
        };
        let (partial, none) = (
            "1,-1,0,0,0,0,0,0,0,0,0,0",
            "-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1",
        );
        let error = check(partial, false).unwrap_err();
        assert!(error.contains("keep_partial_action_units"), "{error}");
        assert!(error.contains("validation_set_annotations.txt"), "{error}");
        check(partial, true).unwrap();
        let error = check(none, true).unwrap_err();
        assert!(error.ends_with("missing ones alone"), "{error}");
    }

    #[test]
    fn kept_partial_action_units_count_each_for_itself() {
        let keep = AnnotationConfig::new().with_keep_partial_action_units(true);
        let counts = open(ROWS, &keep).unwrap().statistics();
        assert_eq!(counts.action_unit_rows, 2);
        assert_eq!(
            counts.action_units[0],
            Occurrence {
                present: 2,
                labelled: 2
            }
        );
        assert_eq!(
            counts.action_units[1],
            Occurrence {
                present: 0,
                labelled: 1
            }
        );
    }

    #[test]
    fn an_empty_split_and_a_missing_one_are_named() {
        let config = AnnotationConfig::new();
        let error = open("image,valence,arousal,expression,aus\n", &config)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("validation_set_annotations.txt: expected at least one"),
            "{error}"
        );
        let error = Split::open(Path::new("nowhere"), SplitName::Training, &config).unwrap_err();
        assert!(
            error.to_string().contains("training_set_annotations.txt"),
            "{error}"
        );
    }

    #[test]
    fn split_names_parse_as_they_print() {
        for name in SplitName::ALL {
            assert_eq!(SplitName::spelled(&name.to_string()), Some(name));
            assert_eq!(name.to_string().parse::<SplitName>().unwrap(), name);
        }
        assert!(
            "tests"
                .parse::<SplitName>()
                .unwrap_err()
                .to_string()
                .contains("\"tests\"")
        );
    }
}
