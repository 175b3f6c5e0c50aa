//! The feature files that are given for one set of rows.

use std::fs::File;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::file::FeatureFile;
use super::join::Join;
use crate::data::cache::{FeatureCache, Fingerprint, FingerprintBuilder};
use crate::{Error, Result};

/// Feature files whose rows are put one beside the other, in the order of the files.
///
/// Rows are joined by their names: exactly as they are written; or else with `\` for `/` and a
/// leading `./` left away; or else without the ending of the file's kind (`1/00001.jpg` is
/// `1\00001`). Where that leaves several, it is an error. A row that not every file has is left out,
/// and [`Join::notes`] says so. A file without names is joined by the number of its rows, which must
/// be the same, and that is said too.
///
/// # Example
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let write = |name: &str, rows: &[&str], values: &[f32]| {
/// #     use countenance::data::cache::{CacheWriter, Fingerprint};
/// #     let path = folder.path().join(name);
/// #     let rows: Vec<String> = rows.iter().map(|row| row.to_string()).collect();
/// #     let fingerprint = Fingerprint::builder().build();
/// #     let width = values.len() / rows.len();
/// #     let mut writer = CacheWriter::open(&path, &rows, width, &fingerprint).unwrap();
/// #     writer.push(values).unwrap();
/// #     writer.finish().unwrap();
/// #     path
/// # };
/// use countenance::data::feature::FeatureFiles;
///
/// let mae = write("mae.safetensors", &["a.jpg", "b.jpg"], &[0.1, 0.2]);
/// let dino = write("dino.safetensors", &["b", "c"], &[0.3, 0.4, 0.5, 0.6]);
/// let files = FeatureFiles::open(&[mae, dino], None)?;
/// let join = files.join()?;
/// assert_eq!((join.names(), join.width()), (Some(&["b.jpg".to_string()][..]), 3));
/// let mut row = [0.0; 3];
/// join.copy_row(0, &mut row);
/// assert_eq!(row, [0.2, 0.3, 0.4]);
/// assert!(join.notes()[0].contains("without 1 of the 2 rows"));
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug)]
pub struct FeatureFiles {
    files: Vec<FeatureFile>,
}

/// A file and what it holds, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes, as hexadecimal digits.
    pub sha256: String,
}

impl FileDigest {
    fn of(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let mut digest = Sha256::new();
        std::io::copy(&mut file, &mut digest).map_err(Error::io("read", path))?;
        Ok(Self {
            path: path.to_path_buf(),
            sha256: format!("{:x}", digest.finalize()),
        })
    }
}

impl FeatureFiles {
    /// Opens the files at `paths`; those that hold no names have the ones of the list `names`, or else
    /// of the list beside them.
    ///
    /// # Errors
    /// As [`FeatureFile::open_named`]; [`Error::Argument`] if there is no file, or there are names and
    /// every file has its own.
    pub fn open<P: AsRef<Path>>(paths: &[P], names: Option<&Path>) -> Result<Self> {
        let open = |path: &P| FeatureFile::open_named(path.as_ref(), names);
        let files = paths.iter().map(open).collect::<Result<Vec<_>>>()?;
        if files.is_empty() {
            return Err(Error::argument("the feature files", "at least one", "none"));
        }
        if let Some(names) = names
            && files.iter().all(|file| file.list() != Some(names))
        {
            return Err(Error::argument(
                format!("the list of names {}", names.display()),
                "a feature file without names in it",
                "names in every one",
            ));
        }
        Ok(Self { files })
    }

    /// The files, in their order.
    pub fn files(&self) -> &[FeatureFile] {
        &self.files
    }

    /// The number of features in a row: of all files together.
    pub fn width(&self) -> usize {
        self.files.iter().map(FeatureFile::width).sum()
    }

    /// The one file, if it is a cache of this crate.
    pub fn cache(&self) -> Option<&FeatureCache> {
        match &self.files[..] {
            [only] => only.cache(),
            _ => None,
        }
    }

    /// The rows that every file has, by the names in the first file that names any, in its order.
    ///
    /// # Errors
    /// [`Error::File`] if a name may mean several rows, two rows of one name differ, no row is in both
    /// of two files, or a file without names has another number of rows.
    pub fn join(&self) -> Result<Join<'_>> {
        Join::of_files(&self.files)
    }

    /// A row for each of `names`, the rows of `of` as errors call it.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn join_to(&self, names: &[String], of: &str) -> Result<Join<'_>> {
        Join::of_names(&self.files, names, of)
    }

    /// Refuses features of another width than `width`, all files together.
    ///
    /// # Errors
    /// [`Error::File`] that names both widths, or [`Error::Argument`] that names those of all files.
    pub fn check_width(&self, width: usize) -> Result<()> {
        if self.width() == width {
            return Ok(());
        }
        let expected = format!("features of width {width}");
        if let [only] = &self.files[..] {
            return Err(Error::file(
                only.path(),
                expected,
                format!("width {}", only.width()),
            ));
        }
        let each = |file: &FeatureFile| format!("{} of {}", file.width(), file.path().display());
        let each: Vec<String> = self.files.iter().map(each).collect();
        let found = format!("width {}: {}", self.width(), each.join(", "));
        Err(Error::argument("the feature files", expected, found))
    }

    /// The digests of the files, and of the lists that their names are from, in their order.
    ///
    /// # Errors
    /// [`Error::Io`] if a file cannot be read.
    pub fn digests(&self) -> Result<Vec<FileDigest>> {
        let files = self.files.iter();
        let paths = files.flat_map(|file| [Some(file.path()), file.list()]);
        paths.flatten().map(FileDigest::of).collect()
    }

    /// Begins the fingerprint of what is made of these files, whose digests these are. It says what
    /// made the features where the one file says so.
    pub fn fingerprint(&self, digests: &[FileDigest]) -> FingerprintBuilder {
        let start = Fingerprint::builder();
        let builder = digests.iter().fold(start, |builder, digest| {
            builder.weights(digest.sha256.as_bytes())
        });
        match self.cache().and_then(FeatureCache::origin) {
            Some(origin) => builder.origin(origin),
            None => builder,
        }
    }
}
