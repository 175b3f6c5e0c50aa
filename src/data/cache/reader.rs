//! Reading a feature file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fingerprint::Fingerprint;
use super::header::{self, Header};
use super::map::{self, Floats};
use super::row::first_fault;
use super::{FINGERPRINT_KEY, ORIGIN_KEY, ROWS_KEY};
use crate::{Error, Result};

/// A feature file, mapped into memory: rows are read from the disk when they are looked at.
///
/// Each row is finite, or NaN throughout where the image could not be read.
///
/// The file must not be rewritten in place or shortened while it is open; replacing it by a rename,
/// as [`CacheWriter`](super::CacheWriter) does, is safe.
#[derive(Debug)]
pub struct FeatureCache {
    path: PathBuf,
    floats: Floats,
    rows: usize,
    width: usize,
    names: Option<Vec<String>>,
    metadata: BTreeMap<String, String>,
}

/// What stands where a cache may be.
#[derive(Debug)]
pub enum Lookup {
    /// Nothing: make it.
    Absent,
    /// A cache made from something else: make it again. Says how it differs.
    Stale(String),
    /// The cache that was asked for.
    Fresh(FeatureCache),
}

impl FeatureCache {
    /// Opens any feature file; row names and fingerprint may be absent. All of it is read once, to
    /// see that every row is finite or the mark of an unreadable image.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be opened; [`Error::File`] if it is not a complete feature
    /// file, names another number of rows than it has, or holds a number that is not finite in a row
    /// that is not NaN throughout, with its row and column.
    pub fn open(path: &Path) -> Result<Self> {
        let cache = Self::open_checked(path)?;
        match first_fault(cache.as_slice(), cache.width) {
            None => Ok(cache),
            Some((row, column)) => Err(Error::file(
                path,
                "finite features, or NaN throughout in the row of an unreadable image",
                format!(
                    "{} in {}, column {column}, counted from 0",
                    cache.row(row)[column],
                    cache.describe(row)
                ),
            )),
        }
    }

    /// Opens a file whose rows are known to be what [`FeatureCache::open`] looks for.
    ///
    /// # Errors
    /// As [`FeatureCache::open`].
    pub(super) fn open_checked(path: &Path) -> Result<Self> {
        let map = map::map(path)?;
        let Header {
            rows,
            width,
            data,
            metadata,
        } = header::decode(path, &map)?;
        let names = metadata
            .get(ROWS_KEY)
            .map(|text| decode_names(path, text, rows))
            .transpose()?;
        Ok(Self {
            path: path.to_path_buf(),
            floats: Floats::new(map, data),
            rows,
            width,
            names,
            metadata,
        })
    }

    /// Opens the cache of exactly `fingerprint`.
    ///
    /// # Errors
    /// As [`FeatureCache::open`]; [`Error::File`] if the cache was made from something else, saying
    /// from what.
    pub fn open_matching(path: &Path, fingerprint: &Fingerprint) -> Result<Self> {
        let cache = Self::open(path)?;
        match fingerprint.difference(&cache.metadata) {
            None => Ok(cache),
            Some(found) => {
                let expected = "features of these weights, this preprocessing and this list";
                Err(Error::file(path, expected, found))
            }
        }
    }

    /// Looks for the cache of `fingerprint`, for a caller that makes it where it is absent or
    /// stale.
    ///
    /// # Errors
    /// As [`FeatureCache::open`], except that a file need not exist. A file that is no feature file
    /// is an error, not stale: it may be somebody's and is not for overwriting.
    pub fn find(path: &Path, fingerprint: &Fingerprint) -> Result<Lookup> {
        let exists = path.try_exists().map_err(Error::io("look for", path))?;
        if !exists {
            return Ok(Lookup::Absent);
        }
        let cache = Self::open(path)?;
        Ok(match fingerprint.difference(&cache.metadata) {
            None => Lookup::Fresh(cache),
            Some(difference) => Lookup::Stale(difference),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of features in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The features of row `index`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, index: usize) -> &[f32] {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        &self.floats.as_slice()[index * self.width..][..self.width]
    }

    /// All features, row after row.
    pub fn as_slice(&self) -> &[f32] {
        self.floats.as_slice()
    }

    /// The rows' names, if the file has them: one for each row.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The row `index` as errors name it: by its number, counted from 0, and its name.
    pub fn describe(&self, index: usize) -> String {
        match self.names.as_ref().and_then(|names| names.get(index)) {
            Some(name) => format!("row {index} ({name:?})"),
            None => format!("row {index}"),
        }
    }

    /// Refuses features of another width than `width`.
    ///
    /// # Errors
    /// [`Error::File`] that names both.
    pub fn check_width(&self, width: usize) -> Result<()> {
        match self.width == width {
            true => Ok(()),
            false => Err(Error::file(
                &self.path,
                format!("features of width {width}"),
                format!("width {}", self.width),
            )),
        }
    }

    /// The fingerprint in hexadecimal, if the file has one.
    pub fn fingerprint(&self) -> Option<&str> {
        self.metadata(FINGERPRINT_KEY)
    }

    /// What made the features, if the file says so: see [`Origin`](crate::extract::Origin).
    pub fn origin(&self) -> Option<&str> {
        self.metadata(ORIGIN_KEY)
    }

    /// Whether the features were made with the weights of `fingerprint`, whatever the images.
    pub fn is_of_weights(&self, fingerprint: &Fingerprint) -> bool {
        fingerprint.has_weights_of(&self.metadata)
    }

    /// All metadata of the file.
    pub(super) fn all_metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Any metadata of the file.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }
}

/// The names in a file's metadata.
pub(in crate::data) fn decode_names(path: &Path, text: &str, rows: usize) -> Result<Vec<String>> {
    let expected = || format!("{rows} row names as a JSON array of texts");
    let names: Vec<String> = serde_json::from_str(text)
        .map_err(|error| Error::file(path, expected(), error.to_string()))?;
    if names.len() != rows {
        return Err(Error::file(path, expected(), names.len().to_string()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, metadata: &[(&str, &str)]) -> std::path::PathBuf {
        let path = folder.join("features.safetensors");
        let metadata = metadata
            .iter()
            .map(|&(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let mut bytes = header::encode(&path, 2, 3, &metadata).unwrap();
        bytes.extend((0..6u8).flat_map(|value| f32::from(value).to_le_bytes()));
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn a_file_without_names_and_fingerprint_is_readable() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FeatureCache::open(&write(folder.path(), &[("made_by", "somebody")])).unwrap();
        assert_eq!((cache.rows(), cache.width()), (2, 3));
        assert_eq!(
            (cache.row(0), cache.row(1)),
            (&[0.0, 1.0, 2.0][..], &[3.0, 4.0, 5.0][..])
        );
        assert_eq!((cache.names(), cache.fingerprint()), (None, None));
        assert_eq!(cache.metadata("made_by"), Some("somebody"));
    }

    #[test]
    fn a_file_that_the_library_wrote_is_readable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.safetensors");
        let bytes: Vec<u8> = [1.0f32, 2.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1, 2], &bytes);
        let file = safetensors::serialize([("features", view.unwrap())], None).unwrap();
        std::fs::write(&path, file).unwrap();
        assert_eq!(FeatureCache::open(&path).unwrap().as_slice(), [1.0, 2.0]);
    }

    #[test]
    fn names_are_one_for_each_row_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FeatureCache::open(&write(folder.path(), &[("rows", r#"["a","a"]"#)])).unwrap();
        assert_eq!(cache.names().unwrap(), ["a", "a"]);
        for text in [r#"["a"]"#, "a,b", "[1,2]", ""] {
            let error = FeatureCache::open(&write(folder.path(), &[("rows", text)])).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("features.safetensors: expected 2 row names"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_cache_of_something_else_is_refused_or_stale_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let fingerprint = Fingerprint::builder().weights(b"these").build();
        let missing = folder.path().join("missing.safetensors");
        assert!(matches!(
            FeatureCache::find(&missing, &fingerprint),
            Ok(Lookup::Absent)
        ));
        assert!(FeatureCache::open_matching(&missing, &fingerprint).is_err());

        let metadata: Vec<_> = fingerprint.metadata().collect();
        let metadata: Vec<_> = metadata
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        let path = write(folder.path(), &metadata);
        assert!(FeatureCache::open_matching(&path, &fingerprint).is_ok());
        assert!(matches!(
            FeatureCache::find(&path, &fingerprint),
            Ok(Lookup::Fresh(_))
        ));

        let other = Fingerprint::builder().weights(b"those").build();
        let error = FeatureCache::open_matching(&path, &other)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("features.safetensors: expected features of these"),
            "{error}"
        );
        assert!(
            error.ends_with("a cache made with another set of weights or kind of feature"),
            "{error}"
        );
        let Ok(Lookup::Stale(reason)) = FeatureCache::find(&path, &other) else {
            panic!("a cache of other weights is stale");
        };
        assert!(reason.contains("weights"));

        std::fs::write(&path, "a letter to my mother").unwrap();
        assert!(FeatureCache::find(&path, &other).is_err());
        let error = FeatureCache::find(folder.path(), &other).unwrap_err();
        assert!(error.to_string().ends_with("found a folder"), "{error}");
    }

    #[test]
    fn empty_and_cut_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &[]);
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(FeatureCache::open(&path).is_err(), "{length} bytes");
        }
        assert!(FeatureCache::open(folder.path()).is_err());
    }

    #[test]
    fn a_file_without_rows_has_no_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.safetensors");
        std::fs::write(
            &path,
            header::encode(&path, 0, 3, &BTreeMap::new()).unwrap(),
        )
        .unwrap();
        let cache = FeatureCache::open(&path).unwrap();
        assert_eq!((cache.rows(), cache.as_slice().len()), (0, 0));
    }

    /// A file of two rows of three, with `values` in place of some numbers.
    fn write_values(folder: &Path, values: &[(usize, f32)], metadata: &[(&str, &str)]) -> PathBuf {
        let path = write(folder, metadata);
        let mut bytes = std::fs::read(&path).unwrap();
        let start = bytes.len() - 6 * size_of::<f32>();
        for &(place, value) in values {
            let at = start + place * size_of::<f32>();
            bytes[at..at + size_of::<f32>()].copy_from_slice(&value.to_le_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused_with_its_row_name_and_column() {
        let folder = tempfile::tempdir().unwrap();
        let nan = f32::NAN;
        for (values, found) in [
            (vec![(4, nan)], "NaN in row 1, column 1"),
            (vec![(2, f32::INFINITY)], "inf in row 0, column 2"),
            (
                vec![(3, f32::NEG_INFINITY), (5, nan)],
                "-inf in row 1, column 0",
            ),
            (vec![(0, nan), (1, nan), (5, nan)], "NaN in row 0, column 0"),
        ] {
            let path = write_values(folder.path(), &values, &[]);
            let error = FeatureCache::open(&path).unwrap_err().to_string();
            assert!(error.starts_with(&*path.to_string_lossy()), "{error}");
            assert!(error.contains(found), "{error}");
            let fingerprint = Fingerprint::builder().build();
            assert!(FeatureCache::find(&path, &fingerprint).is_err());
        }
        let names = [("rows", r#"["a/1.jpg","b/2.jpg"]"#)];
        let path = write_values(folder.path(), &[(5, nan)], &names);
        let error = FeatureCache::open(&path).unwrap_err().to_string();
        assert!(
            error.contains(r#"NaN in row 1 ("b/2.jpg"), column 2"#),
            "{error}"
        );
    }

    #[test]
    fn a_row_that_is_nan_throughout_is_read_as_the_mark_that_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let nan = f32::NAN;
        let path = write_values(folder.path(), &[(3, nan), (4, -nan), (5, nan)], &[]);
        let cache = FeatureCache::open(&path).unwrap();
        let absent = [0, 1].map(|row| super::super::is_absent(cache.row(row)));
        assert_eq!(absent, [false, true]);
    }

    #[test]
    #[should_panic(expected = "row 2 of 2")]
    fn a_row_that_is_not_there_panics() {
        let folder = tempfile::tempdir().unwrap();
        FeatureCache::open(&write(folder.path(), &[]))
            .unwrap()
            .row(2);
    }
}
