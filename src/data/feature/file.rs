//! One feature file of any kind.

use std::path::{Path, PathBuf};

use super::bytes::Bytes;
use super::list;
use super::matrix::{Fault, Matrix};
use super::npy::{self, Array};
use super::place::Place;
use super::{npz, safetensors};
use crate::data::cache::FeatureCache;
use crate::{Error, Result};

/// Rows of features in a file of any kind that is read, and their names.
///
/// What the file is is told by its content. The numbers stay where they lie, and are rounded to
/// float32 as rows are read; those of a deflated archive are unpacked into memory. Each row is
/// finite, or NaN throughout: the mark of an image that has no feature.
///
/// The file must not be rewritten in place or shortened while it is open.
#[derive(Debug)]
pub struct FeatureFile {
    path: PathBuf,
    rows: Rows,
    names: Option<Vec<String>>,
    /// The list that the names are from, where they are not in the file.
    list: Option<PathBuf>,
}

#[derive(Debug)]
enum Rows {
    /// Of this crate, or written like it.
    Cache(FeatureCache),
    Matrix(Matrix),
}

impl FeatureFile {
    /// Opens a feature file; names that it does not hold are read from the list beside it. All of it
    /// is read once, to see that every row is finite or NaN throughout.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be opened; [`Error::File`] if it is not a whole feature file,
    /// what of it are the features cannot be told, it holds another number of names than rows, or a
    /// number that is not finite in a row that is not NaN throughout, with its row and column;
    /// [`Error::Line`] for a line of the list without a name.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_named(path, None)
    }

    /// As [`open`](Self::open), but a file that holds no names has those of the file `names`: text
    /// with a name a line, a CSV table (`.csv`) whose first column they are, or a JSON array
    /// (`.json`).
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_named(path: &Path, names: Option<&Path>) -> Result<Self> {
        let bytes = Bytes::of_file(path)?;
        let place = Place::of(path);
        let (rows, found) = if bytes.starts_with(npy::MAGIC) {
            let matrix = Array::read(place, &bytes)?.features(place)?;
            (Rows::Matrix(matrix), None)
        } else if bytes.starts_with(npz::MAGIC) {
            let (matrix, names) = npz::read(place, &bytes)?;
            (Rows::Matrix(matrix), names)
        } else if !safetensors::may_be(&bytes) {
            let found = match bytes.len() {
                0..=8 => format!("{} bytes", bytes.len()),
                _ if bytes.starts_with(b"\x80") => {
                    "a Python pickle, which is not read: it may run any program".into()
                }
                _ => "a file of another kind".into(),
            };
            return Err(place.refuse("features as safetensors, .npy or .npz", found));
        } else if safetensors::is_cache(place, &bytes)? {
            let cache = FeatureCache::open(path)?;
            let names = cache.names().map(<[String]>::to_vec);
            (Rows::Cache(cache), names)
        } else {
            let (matrix, names) = safetensors::read(place, &bytes)?;
            (Rows::Matrix(matrix), names)
        };
        let mut file = Self {
            path: path.to_path_buf(),
            rows,
            names: found,
            list: None,
        };
        if file.names.is_none() {
            file.list = match names {
                Some(list) => Some(list.to_path_buf()),
                None => list::beside(path)?,
            };
            let names = file.list.as_ref().map(|list| list::read(list, file.rows()));
            file.names = names.transpose()?;
        }
        file.check_named()?;
        file.check_finite()?;
        Ok(file)
    }

    fn check_named(&self) -> Result<()> {
        match &self.names {
            Some(names) if names.len() != self.rows() => Err(Error::file(
                &self.path,
                format!("{} row names, as it has rows", self.rows()),
                names.len().to_string(),
            )),
            _ => Ok(()),
        }
    }

    fn check_finite(&self) -> Result<()> {
        let fault = match &self.rows {
            // It has been looked at.
            Rows::Cache(_) => None,
            Rows::Matrix(matrix) => matrix.first_fault(),
        };
        match fault {
            None => Ok(()),
            Some(Fault { row, column, value }) => Err(Error::file(
                &self.path,
                "features that are finite float32 numbers, or NaN throughout in the row of an image \
                 without any",
                format!(
                    "{value} in {}, column {column}, counted from 0",
                    self.describe(row)
                ),
            )),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The list that the names are from, where they are not in the file itself.
    pub fn list(&self) -> Option<&Path> {
        self.list.as_deref()
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        match &self.rows {
            Rows::Cache(cache) => cache.rows(),
            Rows::Matrix(matrix) => matrix.rows(),
        }
    }

    /// The number of features in a row.
    pub fn width(&self) -> usize {
        match &self.rows {
            Rows::Cache(cache) => cache.width(),
            Rows::Matrix(matrix) => matrix.width(),
        }
    }

    /// The rows' names, one for each row, if there are any.
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

    /// Writes the features of row `index` to `out`.
    ///
    /// # Panics
    /// If there is no such row, or `out` is not as long as one.
    pub fn copy_row(&self, index: usize, out: &mut [f32]) {
        match &self.rows {
            Rows::Cache(cache) => out.copy_from_slice(cache.row(index)),
            Rows::Matrix(matrix) => matrix.copy_row(index, out),
        }
    }

    /// The file as a cache, if it is one: its metadata may say what made the features.
    pub fn cache(&self) -> Option<&FeatureCache> {
        match &self.rows {
            Rows::Cache(cache) => Some(cache),
            Rows::Matrix(_) => None,
        }
    }
}
