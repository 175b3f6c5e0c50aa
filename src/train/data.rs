//! The data of a run: opened, and compared with the data that the run began with.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config::TrainConfig;
use super::mass::Mass;
use super::supervision::Supervision;
use crate::data::annotation::AnnotationConfig;
use crate::data::file::write_whole;
use crate::data::set::{DataConfig, DataSet, Summary, digest, unmatched};
use crate::data::split::{Split, SplitName};
use crate::network::Tasks;
use crate::{Error, Result};

/// What the run began with, in its folder.
pub(super) const RECORD: &str = "data.json";

/// The two parts of the data set that a run needs.
pub(super) struct Data {
    pub(super) training: Split,
    pub(super) validation: Split,
    /// Not used but to say which images there are to be.
    test: Option<Split>,
    summary: Summary,
    /// Whether it is images that are learnt from, and not what others made of them.
    reads_images: bool,
}

/// The digests of a data set, by which a run recognises it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    training: SplitDigest,
    validation: SplitDigest,
}

/// The number of a split's rows and their digest.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitDigest {
    rows: usize,
    sha256: String,
}

impl SplitDigest {
    fn of(split: &Split) -> Self {
        Self {
            rows: split.rows.len(),
            sha256: digest(split),
        }
    }
}

impl fmt::Display for SplitDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows with SHA-256 {:.12}...", self.rows, self.sha256)
    }
}

impl Data {
    /// Reads the labels of the data set that `path` leads to; images are not looked at.
    pub fn open(path: &Path, config: &TrainConfig) -> Result<Self> {
        let reads_images = config.features.is_none();
        let needs_videos = config.temporal.is_some();
        let config = data_config(config);
        let mut set = DataSet::open(path, &config)?;
        let training = set.take(SplitName::Training)?;
        training.check_labelled(&config.annotations)?;
        let data = Self {
            training,
            validation: set.take(SplitName::Validation)?,
            test: set.test,
            summary: set.summary,
            reads_images,
        };
        if data.supervision().tasks() == Tasks::NONE {
            return Err(Error::file(
                &data.training.source,
                "labels of action units, of expressions, or of both valence and arousal",
                "one of valence and arousal alone, and the network reads both or neither",
            ));
        }
        if needs_videos {
            data.check_videos()?;
        }
        Ok(data)
    }

    /// Refuses rows of which none is known to be a frame of a video.
    fn check_videos(&self) -> Result<()> {
        for split in [&self.training, &self.validation] {
            let marks = &split.marks;
            let is_frame = |row| marks.videos.get(row).is_some() && marks.frame(row).is_some();
            if !(0..split.rows.len()).any(is_frame) {
                let expected = "rows that name their video and the number of their frame, as <video>/<frame>.jpg \
                                or in columns `video` and `frame`: a temporal head is asked for";
                return Err(Error::file(&split.source, expected, "none"));
            }
        }
        Ok(())
    }

    /// What was read, with the images that are not there and those that no row names, where there are to
    /// be any.
    pub fn summary(&self) -> Summary {
        let parts = [&self.training, &self.validation].into_iter();
        let parts = parts.chain(&self.test);
        Summary {
            unmatched: self
                .reads_images
                .then(|| unmatched(&parts.collect::<Vec<_>>())),
            ..self.summary.clone()
        }
    }

    /// What the labels allow.
    pub fn supervision(&self) -> Supervision {
        Supervision {
            vocabulary: self.training.vocabulary.clone(),
            training: self.training.statistics(),
            validation: self.validation.statistics(),
            mass: Mass::of_split(&self.training),
        }
    }

    /// Refuses other rows than those of the `record` that a run keeps of what it began with. A run that
    /// has none, as it begins here or was made before there were any, gets the record of these.
    ///
    /// # Errors
    /// [`Error::File`] that names the split; [`Error::Io`] if the record cannot be read or written.
    pub fn recognise(&self, record: &Path) -> Result<()> {
        let found = Record {
            training: SplitDigest::of(&self.training),
            validation: SplitDigest::of(&self.validation),
        };
        let text = match std::fs::read(record) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return write_whole(record, |file| {
                    serde_json::to_writer_pretty(&mut *file, &found)?;
                    writeln!(file)
                });
            }
            Err(error) => return Err(Error::io("read", record)(error)),
        };
        let expected: Record = serde_json::from_slice(&text).map_err(|error| {
            Error::file(record, "the record of a run's data", error.to_string())
        })?;
        for (split, expected, found) in [
            (&self.training, expected.training, found.training),
            (&self.validation, expected.validation, found.validation),
        ] {
            if found != expected {
                return Err(Error::file(
                    &split.source,
                    format!(
                        "the {expected} that the run began with ({})",
                        record.display()
                    ),
                    format!("{found}; put the old file back, or train in another folder"),
                ));
            }
        }
        Ok(())
    }
}

/// How a run's data is read.
fn data_config(config: &TrainConfig) -> DataConfig {
    let annotations = AnnotationConfig::new()
        .with_keep_partial_action_units(config.keep_partial_action_units)
        .with_strict(config.strict);
    DataConfig::new()
        .with_annotations(annotations)
        .with_labels(config.labels.clone())
        .with_division(config.division.clone())
}

/// Copies the record of the run in `from` into `folder`, whose run takes over what was trained on
/// those rows.
pub(super) fn take_over(from: &Path, folder: &Path) -> Result<()> {
    let source = from.join(RECORD);
    match std::fs::copy(&source, folder.join(RECORD)) {
        Ok(_) => Ok(()),
        // A run made before there were records.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("copy", &source)(error)),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::super::run::Run;
    use super::*;
    use crate::attention::Attention;
    use crate::data::split::IMAGE_FOLDER;

    const ROWS: &str = "image,valence,arousal,expression,aus\n\
        a/00001.jpg,0.5,0.5,4,1,0,0,0,0,0,0,0,0,0,0,1\n\
        a/00002.jpg,0.1,0.2,-1,1,0,0,0,0,0,0,0,0,0,0,0\n";

    /// A set of two rows a split, whose images are empty: none is looked at here.
    fn set(root: &Path) -> TrainConfig {
        let images = root.join(IMAGE_FOLDER).join("a");
        std::fs::create_dir_all(&images).unwrap();
        for name in ["00001.jpg", "00002.jpg"] {
            std::fs::write(images.join(name), b"").unwrap();
        }
        for name in [SplitName::Training, SplitName::Validation] {
            std::fs::write(root.join(name.file_name()), ROWS).unwrap();
        }
        TrainConfig::new().with_data(Some(root.to_string_lossy().into_owned()))
    }

    fn resumed(folder: &Path) -> Result<()> {
        Run::resume(folder, &Device::default())?.data().map(drop)
    }

    #[test]
    fn a_run_goes_on_with_the_rows_that_it_began_with_and_with_no_others() {
        let root = tempfile::tempdir().unwrap();
        let config = set(root.path());
        let folder = root.path().join("run");
        let run = Run::create(&folder, config, &Device::default()).unwrap();
        run.data().unwrap();
        drop(run);
        let record = std::fs::read(folder.join(RECORD)).unwrap();
        for name in [SplitName::Training, SplitName::Validation] {
            let path = root.path().join(name.file_name());
            for (from, to, found) in [
                ("0.5,4", "0.5,3", "found 2 rows"),
                ("a/00002", "a/00003", "found 2 rows"),
                (
                    "\na/00001",
                    "\na/00002.jpg,0,0,1,1,1,1,1,1,1,1,1,1,1,1,1\na/00001",
                    "found 3 rows",
                ),
            ] {
                let other = ROWS.replace(from, to);
                assert_ne!(other, ROWS);
                std::fs::write(&path, other).unwrap();
                let error = resumed(&folder).unwrap_err().to_string();
                let expected = format!("{}: expected the 2 rows with SHA-256", path.display());
                assert!(error.starts_with(&expected), "{error}");
                let began = format!(
                    "that the run began with ({})",
                    folder.join(RECORD).display()
                );
                assert!(error.contains(&began) && error.contains(found), "{error}");
                assert!(error.contains("put the old file back"), "{error}");
            }
            // Other bytes, but the same rows.
            std::fs::write(&path, ROWS.replace('\n', "\r\n")).unwrap();
            resumed(&folder).unwrap();
        }
        assert_eq!(std::fs::read(folder.join(RECORD)).unwrap(), record);
    }

    #[test]
    fn a_run_without_a_record_gets_one_and_a_damaged_one_is_named() {
        let root = tempfile::tempdir().unwrap();
        let config = set(root.path());
        let folder = root.path().join("run");
        drop(Run::create(&folder, config, &Device::default()).unwrap());
        let path = folder.join(RECORD);
        assert!(!path.exists());
        resumed(&folder).unwrap();
        let record = std::fs::read(&path).unwrap();
        for damage in [&record[..record.len() / 2], b"{}", b"\xff"] {
            std::fs::write(&path, damage).unwrap();
            let error = resumed(&folder).unwrap_err().to_string();
            assert!(error.contains("data.json: expected the record"), "{error}");
        }
        std::fs::remove_file(&path).unwrap();
        resumed(&folder).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), record);
    }

    #[test]
    fn a_branch_takes_the_record_over_with_what_was_trained() {
        let root = tempfile::tempdir().unwrap();
        let config = set(root.path());
        let [from, folder] = ["from", "branch"].map(|name| root.path().join(name));
        let device = Device::default();
        let run = Run::create(&from, config.clone(), &device).unwrap();
        run.data().unwrap();
        drop(run);
        let path = root.path().join(SplitName::Training.file_name());
        std::fs::write(&path, ROWS.replace("0.5,4", "0.5,3")).unwrap();
        let config = config.with_attention(Attention::None);
        let branch = Run::branch(&from, &folder, config, &device).unwrap();
        let error = branch.data().map(drop).unwrap_err().to_string();
        assert!(error.contains("put the old file back"), "{error}");
        std::fs::write(&path, ROWS).unwrap();
        branch.data().unwrap();
    }
}
