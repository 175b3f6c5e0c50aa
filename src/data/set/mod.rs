//! A data set of any kind: what its labels are about, its parts, and what was read.
//!
//! | given | read |
//! |---|---|
//! | a folder with s-Aff-Wild2's annotation files | those, as the challenge has them |
//! | a file, or a folder with a `labels.csv` | a [table] |
//! | any other folder | a folder for each class, or for each part (`train`, `validation`, `test`, as they are usually spelled) and in it one for each class |
//!
//! Parts are taken from the data. Where it names no validation part, one is drawn from the training
//! rows, so that no subject, or else no video, or else no image, is in both; with folds, whatever is not
//! the test part is divided anew. See [`DivisionConfig`](crate::data::division::DivisionConfig).
//!
//! # Example
//! ```
//! # let root = tempfile::tempdir().unwrap();
//! # let path = root.path().join("labels.csv");
//! use countenance::data::set::{DataConfig, DataSet};
//!
//! let rows = (0..10).map(|row| {
//!     let expression = ["happy", "sad"][row % 2];
//!     format!("{row}.jpg,{expression},person {}\n", row / 2)
//! });
//! std::fs::write(&path, format!("image,expression,subject\n{}", rows.collect::<String>())).unwrap();
//!
//! let set = DataSet::open(root.path(), &DataConfig::new())?;
//! assert_eq!(set.vocabulary.expressions.len(), 2);
//! let (training, validation) = (set.training.unwrap(), set.validation.unwrap());
//! assert_eq!((training.rows.len(), validation.rows.len()), (8, 2));
//! // Both rows of somebody, and of nobody else.
//! assert_eq!(validation.marks.subjects.get(0), validation.marks.subjects.get(1));
//! println!("{}", set.summary);
//! # Ok::<(), countenance::Error>(())
//! ```

mod class_folder;
mod config;
mod digest;
mod held_out;
mod kind;
mod part;
mod summary;
#[cfg(test)]
mod tests;
mod unmatched;

use std::path::{Path, PathBuf};

use self::class_folder::ClassFolder;
use self::kind::Kind;
use self::part::{Parts, Rows};
use crate::data::split::{Layout, Split, SplitName};
use crate::data::table::{self, LabelConfig};
use crate::label::Vocabulary;
use crate::{Error, Result};

pub use self::config::DataConfig;
pub use self::digest::digest;
pub use self::held_out::HeldOut;
pub use self::part::Division;
pub use self::summary::{Shared, Summary};
pub use self::unmatched::{Unmatched, unmatched};

/// A data set.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// How it keeps its labels.
    pub layout: Layout,
    /// Where they are: a folder, or the file of a table.
    pub source: PathBuf,
    /// What they are about.
    pub vocabulary: Vocabulary,
    /// What is learnt from.
    pub training: Option<Split>,
    /// What is judged on while learning.
    pub validation: Option<Split>,
    /// What is judged on at last.
    pub test: Option<Split>,
    /// What was read, for people.
    pub summary: Summary,
}

impl DataSet {
    /// Reads the labels of the data set that `path` leads to; images are not looked at.
    ///
    /// # Errors
    /// [`Error::Argument`] if `config` is out of range; whatever keeps
    /// [annotations](crate::data::annotation::read), a [table](table::read) or a folder from being read;
    /// [`Error::File`] if `path` leads to no data set, or its rows cannot be divided.
    pub fn open(path: &Path, config: &DataConfig) -> Result<Self> {
        config.check()?;
        let Kind { layout, path } = kind::told(path, config.annotations.strict)?;
        if layout == Layout::AffWild2 {
            check_meaning(&path, config)?;
            return Self::aff_wild2(path, config);
        }
        let mut read = Read::of(layout, &path, config)?;
        read.summary.division = read.rows.draw(&config.division)?;
        read.summary.shared = Shared::of(&read.rows);
        let vocabulary = read.rows.vocabulary.clone();
        let parts = read.rows.into_parts();
        Ok(Self::new(layout, path, vocabulary, parts, read.summary))
    }

    /// Reads one part of the data set that `path` leads to, or without a name all rows of a table or of
    /// folders, however they are divided.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::File`] if there is no such part.
    pub fn open_part(
        path: &Path,
        name: Option<SplitName>,
        config: &DataConfig,
    ) -> Result<(Split, Summary)> {
        config.check()?;
        let Kind {
            layout,
            path: place,
        } = kind::told(path, config.annotations.strict)?;
        match (layout, name) {
            (Layout::AffWild2, Some(name)) => {
                check_meaning(&place, config)?;
                let split = Split::open(&place, name, &config.annotations)?;
                let summary = Summary::new(layout, &place).with_part(name, &split);
                Ok((split, summary))
            }
            (Layout::AffWild2, None) => {
                let found = "an s-Aff-Wild2 data set, whose parts are in files of their own";
                Err(Error::file(place, "the name of a part", found))
            }
            (_, Some(name)) => {
                let mut set = Self::open(path, config)?;
                Ok((set.take(name)?, set.summary))
            }
            (_, None) => {
                let Read { rows, summary } = Read::of(layout, &place, config)?;
                let split = rows.whole();
                let summary = summary.with_whole(&split);
                Ok((split, summary))
            }
        }
    }

    /// Takes the part of this name out of the set.
    ///
    /// # Errors
    /// [`Error::File`] if there is none; of s-Aff-Wild2, why its file cannot be read.
    pub fn take(&mut self, name: SplitName) -> Result<Split> {
        let part = match name {
            SplitName::Training => &mut self.training,
            SplitName::Validation => &mut self.validation,
            SplitName::Test => &mut self.test,
        };
        part.take().ok_or_else(|| match self.layout {
            Layout::AffWild2 => {
                let path = self.source.join(name.file_name());
                Error::io("open", path)(std::io::ErrorKind::NotFound.into())
            }
            _ => Error::file(&self.source, format!("rows of the {name} part"), "none"),
        })
    }

    fn aff_wild2(root: PathBuf, config: &DataConfig) -> Result<Self> {
        if config.division.folds.is_some() {
            return Err(Error::file(
                root,
                "a table or folders of classes, to divide into folds",
                "an s-Aff-Wild2 data set, whose parts are given",
            ));
        }
        let summary = Summary::new(Layout::AffWild2, &root);
        let mut parts = Parts::default();
        for (name, part) in SplitName::ALL.into_iter().zip(&mut parts) {
            if name == SplitName::Training || root.join(name.file_name()).exists() {
                let split = Split::open(&root, name, &config.annotations)?;
                if name == SplitName::Training {
                    split.check_labelled(&config.annotations)?;
                }
                *part = Some(split);
            }
        }
        let vocabulary = Vocabulary::aff_wild2();
        Ok(Self::new(
            Layout::AffWild2,
            root,
            vocabulary,
            parts,
            summary,
        ))
    }

    fn new(
        layout: Layout,
        source: PathBuf,
        vocabulary: Vocabulary,
        parts: Parts,
        mut summary: Summary,
    ) -> Self {
        for (name, part) in SplitName::ALL.into_iter().zip(&parts) {
            if let Some(split) = part {
                summary = summary.with_part(name, split);
            }
        }
        let [training, validation, test] = parts;
        Self {
            layout,
            source,
            vocabulary,
            training,
            validation,
            test,
            summary,
        }
    }
}

/// The rows of a table or of folders, and what is said of them.
struct Read {
    rows: Rows,
    summary: Summary,
}

impl Read {
    fn of(layout: Layout, path: &Path, config: &DataConfig) -> Result<Self> {
        let summary = Summary::new(layout, path);
        if layout == Layout::Folders {
            let ClassFolder {
                rows,
                outside,
                passed_over,
            } = class_folder::read(path, &config.labels)?;
            return Ok(Self {
                rows,
                summary: Summary {
                    outside,
                    passed_over,
                    ..summary
                },
            });
        }
        let table = table::read(path, &config.labels)?;
        Ok(Self {
            summary: Summary {
                separator: Some(table.separator),
                ignored: table.ignored,
                ..summary
            },
            rows: Rows {
                layout,
                source: path.to_path_buf(),
                images: path.parent().map(Path::to_path_buf).unwrap_or_default(),
                vocabulary: table.vocabulary,
                rows: table.rows,
                marks: table.marks,
                parts: table.parts,
            },
        })
    }
}

/// Refuses to be told what labels mean that say it themselves.
fn check_meaning(root: &Path, config: &DataConfig) -> Result<()> {
    match config.labels == LabelConfig::new() {
        true => Ok(()),
        false => Err(Error::file(
            root,
            "a table or folders of classes, of which it can be told what labels mean",
            "an s-Aff-Wild2 data set, whose labels are given",
        )),
    }
}
